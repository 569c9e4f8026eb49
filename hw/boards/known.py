"""Known boards, by name: ours, those of amaranth-boards, and those that a person brings."""

import difflib
from functools import cache
from pathlib import Path

from constraints.boards import FOLDER, Board
from hw.boards.files import board_of, parse
from hw.boards.pins import uart_for
from hw.boards.platforms import find_class, import_class, listed, module_names
from sw.errors import EngramError

__all__ = ["load", "load_all", "names"]

NEAR = 4
"""Names to propose for one that is unknown."""


@cache
def names() -> tuple[str, ...]:
    """Our own boards, sorted; an editor's hidden files are none."""
    return tuple(sorted(path.stem for path in FOLDER.glob("[!.]*.toml")))


@cache
def load(name: str, uart: str | None = None, *, any_uart: bool = False) -> Board:
    """A board, checked against its family.

    Parameters
    ----------
    name
        One of ours; a module or class of amaranth-boards; a file that ends in ``.toml``; or
        ``package.module:Class``.
    uart
        Other pins for the host link, as for :func:`hw.boards.pins.platform_values`.
    any_uart
        Whether a platform without UART gets one on some pins, for what never reaches a board.

    Raises
    ------
    EngramError
        If there is no such board (the message lists near ones), or its description has a mistake.
    """
    if name in names():
        return parse(_content(FOLDER / f"{name}.toml"), name, uart)
    if name.endswith(".toml"):
        return parse(_content(Path(name)), Path(name).stem, uart)
    platform = import_class(name) if ":" in name else find_class(name)
    if platform is None:
        raise EngramError(f"unknown board {name!r}; {_near(name)}")
    if any_uart and uart is None:
        uart = uart_for(platform)
    return board_of({}, platform, name.rpartition(":")[2], name, uart)


def load_all() -> tuple[Board, ...]:
    """All of our own boards whose files are right, the one with the fewest look-up tables first.

    They are what a person may choose instead, so a mistake in one of them is no obstacle to another.
    """
    found = []
    for name in names():
        try:
            found.append(load(name))
        except EngramError:
            continue
    return tuple(sorted(found, key=lambda board: (board.limits.luts, board.name)))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngramError(
            f"cannot read the board file {path}: {error.strerror}; 'engram boards' lists boards without one"
        ) from None


def _near(name: str) -> str:
    """Names that look alike; our own ones where none does."""
    classes = [platform.__name__ for platform in listed()]
    every = {each.casefold(): each for each in (*classes, *module_names(), *names())}
    found = difflib.get_close_matches(name.casefold(), every, NEAR)
    kind, shown = ("near ones", [every[each] for each in found]) if found else ("known boards", names())
    return f"{kind}: {', '.join(shown)}; 'engram boards' lists all"
