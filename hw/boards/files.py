"""Files of boards: TOML, of all that a board is or of what its platform and its part do not say."""

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from constraints.boards import Board, hertz
from constraints.parts import PARTS
from hw.boards.pins import platform_values
from hw.boards.platforms import PlatformClass, find_class, import_class
from hw.families.check import check
from hw.families.known import FAMILIES, known
from sw.errors import EngramError
from sw.validation import validated

__all__ = ["board_of", "parse", "platform_named"]


def parse(contents: bytes, name: str, uart: str | None = None) -> Board:
    """Board from the contents of its file, which may name a `platform` whose values stand where it has none.

    Raises
    ------
    EngramError
        If the file is no TOML, has a mistake, or describes a board that its family has not.
    """
    file = f"board file {name}.toml"
    try:
        text = contents.decode("utf-8")
    except UnicodeDecodeError:
        raise EngramError(f"{file} must be text in UTF-8; save it with that encoding") from None
    if text.startswith("\ufeff"):
        raise EngramError(f"{file} must be UTF-8 without a byte-order mark; save it without one")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EngramError(f"{file} must be TOML: {error}") from None
    if "name" in values:
        raise EngramError(f"{file}: name is that of the file; leave it out, title is what the maker calls it")
    platform = None
    if "platform" in values:
        platform = platform_named(values.pop("platform"), file)
    return board_of(values, platform, name, file, uart)


def platform_named(name: object, file: str) -> PlatformClass:
    """The platform that a file names. Raises EngramError where there is none."""
    found = None
    if isinstance(name, str):
        found = import_class(name) if ":" in name else find_class(name)
    if found is None:
        raise EngramError(
            f"{file}: platform must be a module or class of amaranth-boards, or package.module:Class, "
            f"got {name!r}"
        )
    return found


def board_of(
    values: Mapping[str, Any], platform: PlatformClass | None, name: str, source: str, uart: str | None
) -> Board:
    """The board of a platform, of a file's values, or of both, of which the file's go first.

    Parameters
    ----------
    values
        Of the file; none for a platform alone.
    platform
        None where the file says everything.
    name
        Of the board.
    source
        What the person named, for messages.
    uart
        As for :func:`hw.boards.pins.platform_values`; goes before the file's.

    Raises
    ------
    EngramError
        If something is missing, wrong or there twice.
    """
    given = dict(values)
    if uart is None and isinstance(given.get("uart"), str):
        uart = given.pop("uart")
    if uart is not None and platform is None:
        given["uart"] = _plain_uart(uart)
    elif uart is not None:
        given.pop("uart", None)
    base = {} if platform is None else platform_values(platform, uart)
    part = PARTS.get(str({**base, **given}.get("device")))
    if part is not None:
        facts = {"family": part.family, "die": part.die, "limits": part.limits.model_dump()}
        base = {**facts, **base}
    elif "device" in given and "limits" not in given:
        raise EngramError(
            f"{source}: device must be one of {', '.join(PARTS)}, got {given['device']!r}; "
            "of another one say family, die and limits too"
        )
    merged = _merged(base, given)
    board = validated(Board, {**_with_clock(merged, part.core_mhz if part else None), "name": name}, source)
    check(board, source)
    return board


def _plain_uart(text: str) -> dict[str, str]:
    rx, comma, tx = (part.strip() for part in text.partition(","))
    if not comma or ":" in text:
        raise EngramError(
            f"--uart must be two pins of the part, such as B10,B12, without a platform; got {text!r}"
        )
    return {"rx": rx, "tx": tx}


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values of both, tables key by key; where both have one, that of `over`."""
    found = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = _merged(found[key], value) if both else value
    return found


def _with_clock(values: dict[str, Any], core_mhz: int | None) -> dict[str, Any]:
    """With the clock of the chip and the PLL for it, where these are left out and the rest is there.

    What is wrong or missing stays so, for the check that follows.
    """
    clock, family = values.get("clock"), values.get("family")
    if not isinstance(clock, dict) or family not in FAMILIES:
        return values
    clock, own = dict(clock), clock.get("mhz")
    if not isinstance(own, int | float) or not 0 < own <= 400:
        return values
    maker = known(family)
    pll = maker.pll_kind(str(values.get("die")), str(values.get("package")), str(clock.get("pin")))
    if "core_mhz" not in clock and core_mhz is not None:
        clock["core_mhz"] = _core_clock(maker.dividers, own, core_mhz) if pll else own
    wanted = clock.get("core_mhz")
    if "pll" not in clock and isinstance(wanted, int | float) and 0 < wanted <= 400:
        clock["pll"] = None if hertz(wanted) == hertz(own) else pll
    return {**values, "clock": clock}


def _core_clock(dividers: Callable[[float, float], object], own: float, most: int) -> float:
    """The highest clock in whole MHz up to `most` that the oscillator is or its PLL makes.

    Whole ones suit every usual speed of a UART; where there is none, eighths of a MHz, and then its own.
    """
    for eighths in (*range(8 * most, 0, -8), *range(8 * most, 0, -1)):
        mhz = eighths / 8
        if hertz(own) == hertz(mhz):
            return own
        try:
            dividers(own, mhz)
        except EngramError:
            continue
        return mhz
    return own
