"""Pins: what a platform of Amaranth says about a board, as the values of a :class:`constraints.boards.Board`.

Amaranth itself resolves connectors and watches that no pin is asked for twice.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from amaranth.build import DiffPairs, Pins, Resource, Subsignal, TemplatedPlatform
from amaranth.build.res import ResourceError
from amaranth.lib.io import DifferentialPort, PortLike

from constraints.parts import PARTS
from hw.boards.platforms import PlatformClass, family_of, made
from hw.families.known import FAMILIES, known
from sw.errors import EngramError

__all__ = ["platform_values", "uart_for", "uart_port"]

UART, FLASH = "uart", "spi_flash_1x"
OWN_UART = "engram_uart"
"""No resource of a platform has this name."""
OCCUPIED = ("clk", "spi_flash", "led", "rgb_led", "usb")
"""Beginnings of names of resources whose pins are no good for a UART where a board has no connector."""
SHOWN = 6
"""Connectors in a message."""


class _Line(NamedTuple):
    """One pin of the part."""

    pin: str
    io_type: str | None
    inverted: bool


def platform_values(platform: PlatformClass, uart: str | None) -> dict[str, Any]:
    """Values of a board without its name.

    Parameters
    ----------
    platform
        One of amaranth-boards, or the user's.
    uart
        Other pins for the host link: ``CONNECTOR:NUMBER:RX,TX`` or two pins of the part, the FPGA's input
        first. None takes the platform's own UART.

    Raises
    ------
    EngramError
        If the part is of no known family, if there is no oscillator outside it, if there is no UART, or if
        pins are taken twice.
    """
    described, name = made(platform), platform.__name__
    vendor = family_of(platform)
    names = known(vendor).named(described) if vendor else {}
    part = PARTS.get(names.get("device", ""))
    if part is None:
        device = names.get("device") or getattr(described, "device", None) or getattr(described, "part", "?")
        raise EngramError(f"{name}: bitstreams can be made for parts of {', '.join(FAMILIES)}, got {device}")
    lines = _clock(described, name)
    if part.limits.sprams:  # which are filled from the flash
        lines |= _flash(described)
    lines |= _uart(described, name, uart)
    lines |= _leds(described)
    title = name.removesuffix("Platform").strip("_")
    io_type = "LVCMOS33" if known(part.family).io_types else None
    return names | {"title": title, "platform": name} | _values(described, lines, io_type)


def _values(platform: TemplatedPlatform, lines: dict[str, _Line], io_type: str | None) -> dict[str, Any]:
    clock = platform.lookup(_clock_name(platform)).clock
    values: dict[str, Any] = {
        "clock": {"pin": lines["clk"].pin, "mhz": clock.frequency / 1e6},
        "uart": {"rx": lines["uart_rx"].pin, "tx": lines["uart_tx"].pin},
        "io_type": io_type,
    }
    if io_type is not None:
        values["io_types"] = {
            port: line.io_type for port, line in lines.items() if line.io_type not in (None, io_type)
        }
    if "flash__sck" in lines:
        ports = ("cs_n", "sck", "copi", "cipo")
        values["flash"] = {port: lines[f"flash__{port}"].pin for port in ports}
    if "led_busy" in lines:
        values["leds"] = {
            "busy": lines["led_busy"].pin,
            "active_low": lines["led_busy"].inverted,
            **({"locked": lines["led_locked"].pin} if "led_locked" in lines else {}),
        }
    return values


def _line(port: PortLike) -> _Line:
    """The first pin of a port; of a differential pair the one that constraints name."""
    half = port.p if isinstance(port, DifferentialPort) else port.io
    said = half.metadata[0]
    io_type = said.attrs.get("IO_TYPE")
    return _Line(said.name, None if io_type is None else str(io_type), port.invert[0])


def _clock_name(platform: TemplatedPlatform) -> str | None:
    """The oscillator: the platform's default, or where that is inside the part the only other one.

    Those inside are too inexact for a UART: 10 % off on iCE40, 5 % on Gowin.
    """
    clocks = [name for (name, number), each in platform.resources.items() if each.clock and not number]
    return platform.default_clk if platform.default_clk in clocks else next(iter(clocks), None)


def _clock(platform: TemplatedPlatform, name: str) -> dict[str, _Line]:
    clock = _clock_name(platform)
    if clock is None:
        raise EngramError(
            f"{name}: there is no oscillator outside the part, and one inside is too inexact for a UART"
        )
    return {"clk": _line(platform.request(clock, 0, dir="-"))}


def _uart(platform: TemplatedPlatform, name: str, chosen: str | None) -> dict[str, _Line]:
    port = uart_port(platform, name, chosen)
    return {"uart_rx": _line(port.rx), "uart_tx": _line(port.tx)}


def uart_port(platform: TemplatedPlatform, name: str, chosen: str | None) -> Any:
    """The pins of a platform for the host link, without buffers: ``rx`` and ``tx``; raises as above."""
    if chosen is not None:
        rx, tx, connector = _choice(platform, name, chosen)
        pins = {"rx": Pins(rx, dir="i", conn=connector), "tx": Pins(tx, dir="o", conn=connector)}
        platform.add_resources([Resource(OWN_UART, 0, *(Subsignal(*each) for each in pins.items()))])
    elif (UART, 0) not in platform.resources:
        raise EngramError(f"{name}: the platform has no UART; {_advice(platform)}")
    try:
        return platform.request(UART if chosen is None else OWN_UART, 0, dir="-")
    except ResourceError as error:
        said = str(error).removesuffix(" that was requested earlier")
        raise EngramError(f"{name}: pins must differ: {said}; {_advice(platform)}") from None


def _choice(
    platform: TemplatedPlatform, name: str, chosen: str
) -> tuple[str, str, tuple[str, int | str] | None]:
    """Pins for rx and tx, and the connector that they are on."""
    where, _, pins = chosen.rpartition(":")
    rx, comma, tx = (part.strip() for part in pins.partition(","))
    if not (rx and comma and tx) or "," in tx:
        raise EngramError(
            f"--uart must read CONNECTOR:NUMBER:RX,TX or RX,TX with pins of the part, got {chosen!r}"
        )
    if not where:
        return rx, tx, None
    for connector, number in platform.connectors:
        if where.casefold() == f"{connector}:{number}".casefold():
            known_pins = list(platform.connectors[connector, number].mapping)
            for pin in (rx, tx):
                if pin not in known_pins:
                    raise EngramError(
                        f"{name}: connector {where} has no pin {pin}; it has {', '.join(known_pins)}"
                    )
            return rx, tx, (connector, number)
    raise EngramError(f"{name}: there is no connector {where}; {_advice(platform)}")


def _advice(platform: TemplatedPlatform) -> str:
    """Which pins a person could choose, with the first that nothing else on the board uses as an example."""
    example = _suggested_uart(platform)
    names = [f"{name}:{number}" for name, number in platform.connectors]
    there = f"; its connectors: {', '.join(names[:SHOWN])}{', ...' if names[SHOWN:] else ''}" if names else ""
    such = f", such as --uart {example}" if example else " RX,TX"
    return f"choose two pins for it with --uart, the FPGA's input first{such}{there}"


def uart_for(platform: PlatformClass) -> str | None:
    """A value for ``--uart``, as an example; None for one with a UART or no free pins."""
    described = made(platform)
    return None if (UART, 0) in described.resources else _suggested_uart(described)


def _suggested_uart(platform: TemplatedPlatform) -> str | None:
    """Two pins of one connector that no resource uses, or pins of the part; None where there are none."""
    used = {pin for each in platform.resources.values() for pin in _pins_of(each)}
    loose: list[str] = []
    for (name, number), connector in platform.connectors.items():
        free = {pin: part for pin, part in connector.mapping.items() if part not in used and ":" not in part}
        if len(free) > 1:
            return f"{name}:{number}:{','.join(list(free)[:2])}"
        loose += free.values()
    for (name, _), resource in platform.resources.items():
        if not name.startswith(OCCUPIED):
            loose += _pins_of(resource)
    return ",".join(loose[:2]) if len(loose) > 1 else None


def _pins_of(resource: Subsignal) -> Iterator[str]:
    """Pins of the part that a resource names; those by way of a connector are in the connector already."""
    for each in resource.ios:
        if isinstance(each, Subsignal):
            yield from _pins_of(each)
        else:
            pairs = (each.p, each.n) if isinstance(each, DiffPairs) else (each,)
            yield from (pin for pins in pairs for pin in pins.names if ":" not in pin)


def _flash(platform: TemplatedPlatform) -> dict[str, _Line]:
    if (FLASH, 0) not in platform.resources:
        return {}
    try:
        port = platform.request(FLASH, 0, dir="-")
    except ResourceError:  # the oscillator is at a pin of it, on UPduino 3
        return {}
    ports = {"cs_n": port.cs, "sck": port.clk, "copi": port.copi, "cipo": port.cipo}
    return {f"flash__{name}": _line(each) for name, each in ports.items()}


def _leds(platform: TemplatedPlatform) -> dict[str, _Line]:
    """Up to two LEDs that are on at the same level, of those whose pins are free."""
    found: list[_Line] = []
    for name, number in platform.resources:
        if name not in ("led", "rgb_led"):
            continue
        try:
            port = platform.request(name, number, dir="-")
        except ResourceError:
            continue
        ports = [port] if name == "led" else [port.r, port.g, port.b]
        found += [line for line in map(_line, ports) if not found or line.inverted == found[0].inverted]
    return dict(zip(("led_busy", "led_locked"), found, strict=False))
