"""Board: the one value that a build knows a board by, whether a platform describes it or a file."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = [
    "Board",
    "Clock",
    "Constant",
    "Family",
    "Flash",
    "Leds",
    "Limits",
    "Uart",
    "hertz",
]

FOLDER = Path(__file__).parent
"""Where the files of our own boards are, one each, and the estimator's coefficients."""

Family = Literal["ice40", "ecp5", "gowin"]
Megahertz = Annotated[float, Field(gt=0, le=400)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=100)]

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""Names of ports that Amaranth, Verilog and constraint files all take as they are."""

PORTS = ("clk", "uart_rx", "uart_tx", "led_busy", "led_locked")
"""Of every top, but for the LEDs that a board lacks."""

FLASH_CORE_MHZ_MAX = 50
"""The flash's clock has half the chip's frequency. READ works to 50 MHz on a W25Q128JV (data sheet, fR), to
about half of that on some others."""


def _pin(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{0,2}[0-9]{1,3}", value):
        raise ValueError('a pin must be text in quotes such as "35" or "B10"')
    return value


Pin = Annotated[str, BeforeValidator(_pin)]


class _Table(BaseModel):
    """Only the keys that are declared, and no value turned into another type: "6" is no 6, true is no 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Clock(_Table):
    """The oscillator, the PLL behind it, and what the PLL makes of it.

    Parameters
    ----------
    pin
        Where the oscillator comes in.
    mhz
        Its frequency in MHz.
    core_mhz
        Clock of the chip in MHz.
    pll
        Primitive, one of the family's. Left out where the chip runs at the oscillator's own frequency, to the
        hertz, and there only: two ways to say one clock could contradict each other.
    """

    pin: Pin
    mhz: Megahertz
    core_mhz: Megahertz
    pll: str | None = None

    @model_validator(mode="after")
    def _pll_where_needed(self) -> "Clock":
        if self.pll is not None and hertz(self.core_mhz) == hertz(self.mhz):
            raise ValueError(f"core_mhz is the oscillator's own {self.mhz:g} and needs no PLL; leave pll out")
        if self.pll is None and hertz(self.core_mhz) != hertz(self.mhz):
            raise ValueError(f"core_mhz must be the oscillator's {self.mhz:g} without a PLL; name one in pll")
        return self


class Uart(_Table):
    """UART pins as the FPGA sees them: rx comes in, tx goes out."""

    rx: Pin
    tx: Pin


class Flash(_Table):
    """Pins of the SPI flash that configures the FPGA, free for the design afterwards.

    Controller out, peripheral in is the pin that Lattice calls SPI_SO on iCE40; the other way is SPI_SI.
    """

    cs_n: Pin
    sck: Pin
    copi: Pin
    cipo: Pin


class Leds(_Table):
    """One LED while a request is being served or the chip is not ready, one while the PLL is locked.

    The second is left out where the board has only one.
    """

    busy: Pin
    locked: Pin | None = None
    active_low: bool


class Constant(_Table):
    """A pin that must be driven high (1) or low (0) all the time."""

    pin: Pin
    level: Literal[0, 1]


class Limits(_Table):
    """Resources of the part.

    Parameters
    ----------
    luts, ffs
        4-input look-up tables (logic cells on iCE40) and flip-flops.
    block_rams, block_ram_kbit
        Number of block RAMs and size of one in kbit.
    sprams, dsps
        Single-port RAMs of 256 kbit and multipliers.
    """

    luts: Count
    ffs: Count
    block_rams: Count
    block_ram_kbit: Count
    sprams: Count
    dsps: Count


class Board(_Table):
    """Everything a build needs to know about a board.

    Parameters
    ----------
    name
        What a person calls it, which is also a part of the names of files.
    title
        What the maker calls it.
    family, device, package, speed
        The part; `speed` is its speed grade, absent where the family has none.
    die
        The part as nextpnr's option calls it, such as ``up5k``.
    platform
        Class of amaranth-boards, or of the user's own, that describes it; None where a file does alone.
    clock, uart, leds
        See :class:`Clock`, :class:`Uart` and :class:`Leds`; no `leds` where the board has none to spare.
    flash
        Where conductance codes for single-port RAM come from; may be left out where the part has none.
    io_type
        I/O standard of the pins in the constraint file; absent where the family's default serves.
    io_types
        I/O standards of those ports that have another one.
    constants
        Pins with a constant level, by port name.
    limits
        See :class:`Limits`.
    """

    name: str
    title: Text
    platform: str | None = None
    family: Family
    device: Text
    die: str
    package: str
    speed: int | str | None = None
    clock: Clock
    uart: Uart
    leds: Leds | None = None
    flash: Flash | None = None
    io_type: str | None = None
    io_types: dict[str, str] = {}
    constants: dict[str, Constant] = {}
    limits: Limits

    @model_validator(mode="after")
    def _consistent(self) -> "Board":
        for name in self.constants:
            if not IDENTIFIER.fullmatch(name):
                raise ValueError(
                    f"a name in constants must be letters, digits and _, a letter first, got {name!r}"
                )
            if name in PORTS or name.partition("__")[0] == "flash":
                raise ValueError(f"constants.{name}: the design has a port of that name; choose another name")
        if self.flash and self.clock.core_mhz > FLASH_CORE_MHZ_MAX:
            raise ValueError(f"clock.core_mhz must be at most {FLASH_CORE_MHZ_MAX} with flash")
        users: dict[str, str] = {}
        for port, pin in {**self.pins, **self.flash_pins}.items():
            if pin in users:
                raise ValueError(
                    f"pins must differ, {pin} is used twice, for {users[pin]} and {port}; give one of them "
                    "another pin"
                )
            users[pin] = port
        for port in self.io_types:
            if port not in {**self.pins, **self.flash_pins}:
                raise ValueError(f"io_types.{port}: the board has no port of that name")
        return self

    @property
    def _ports(self) -> dict[str, str]:
        leds = {"led_busy": self.leds.busy, "led_locked": self.leds.locked} if self.leds else {}
        return {
            "clk": self.clock.pin,
            "uart_rx": self.uart.rx,
            "uart_tx": self.uart.tx,
            **{port: pin for port, pin in leds.items() if pin is not None},
        }

    @property
    def pins(self) -> dict[str, str]:
        """Pin by port name of :class:`hw.fpga.top.Top`."""
        return {**self._ports, **{name: constant.pin for name, constant in self.constants.items()}}

    @property
    def flash_pins(self) -> dict[str, str]:
        """Pin by port name of the ports that only a chip with codes in single-port RAM has."""
        return {f"flash__{port}": pin for port, pin in self.flash.model_dump().items()} if self.flash else {}

    def io_type_of(self, port: str) -> str | None:
        """I/O standard of a port; None where the family's default serves."""
        return self.io_types.get(port, self.io_type)


def hertz(megahertz: float) -> int:
    """A frequency to the hertz: floats could not tell whether one is a whole multiple of another."""
    return round(megahertz * 1_000_000)
