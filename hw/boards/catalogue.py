"""Catalogue: every board that can be named, ours and those of amaranth-boards."""

from collections.abc import Iterator
from dataclasses import dataclass

from constraints.boards import Board
from hw.boards.known import load, names
from hw.boards.pins import uart_for
from hw.boards.platforms import PlatformClass, find_class, listed
from sw.errors import EngramError

__all__ = ["Entry", "catalogue"]


@dataclass(frozen=True)
class Entry:
    """A board by name, or why there is none.

    Attributes
    ----------
    name
        What ``--board`` takes.
    platform
        Class that describes it; None for a file that does alone.
    board
        None where no bitstream can be made for it.
    uart
        What ``--uart`` must be given, as an example; None where the board has a UART.
    reason
        Why there is no board; empty where there is one.
    """

    name: str
    platform: str | None
    board: Board | None
    uart: str | None = None
    reason: str = ""


def catalogue() -> Iterator[Entry]:
    """Our own boards, then the platforms that none of them is, both by name."""
    ours = set()
    for name in names():
        entry = _entry(name, None, None)
        ours.add(entry.platform)
        yield entry
    others = {_name(platform): platform for platform in listed() if platform.__name__ not in ours}
    for name in sorted(others, key=str.casefold):
        yield _of_platform(name, others[name])


def _of_platform(name: str, platform: PlatformClass) -> Entry:
    try:
        uart = uart_for(platform)
    except EngramError as error:
        return Entry(name, platform.__name__, None, reason=str(error))
    return _entry(name, platform.__name__, uart)


def _entry(name: str, platform: str | None, uart: str | None) -> Entry:
    try:
        board = load(name, uart)
    except EngramError as error:
        return Entry(name, platform, None, uart, str(error))
    return Entry(name, board.platform, board, uart)


def _name(platform: PlatformClass) -> str:
    """The module's name for its plain board, the class's own for others."""
    module = platform.__module__.rpartition(".")[2]
    try:
        return module if find_class(module) is platform else platform.__name__
    except EngramError:  # of several boards none is the plain one
        return platform.__name__
