"""Boards against their families: whatever the part decides and no tool needs to be asked."""

from collections.abc import Iterable

from constraints.boards import Board
from hw.families.known import known
from sw.errors import EngramError

__all__ = ["check"]


def check(board: Board, source: str) -> None:
    """Whether a board's part, PLL and memories are some that its family has.

    Parameters
    ----------
    board
        Right in itself, wherever its description comes from.
    source
        What the person wrote, for the message.

    Raises
    ------
    EngramError
        If they are not: with what there is instead.
    """
    family = known(board.family)
    _one_of(board.die, family.packages, f"{source}: die")
    _one_of(board.package, family.packages[board.die], f"{source}: package of {board.die}")
    _one_of(board.speed, family.speeds or [None], f"{source}: speed")
    _one_of(board.io_type, family.io_types or [None], f"{source}: io_type")
    for port, io_type in board.io_types.items():
        known_ones = (*family.io_types, *(family.clock_io_types if port == "clk" else ()))
        _one_of(io_type, known_ones or [None], f"{source}: io_types.{port}")
    kbit = max(shape.depth * shape.width for shape in family.ram_shapes) // 1024
    _one_of(board.limits.block_ram_kbit, [kbit], f"{source}: limits.block_ram_kbit")
    if family.single_port_ram is None:
        _one_of(board.limits.sprams, [0], f"{source}: limits.sprams")
    if board.clock.pll is not None:
        _one_of(board.clock.pll, family.plls, f"{source}: clock.pll")
        try:
            family.dividers(board.clock.mhz, board.clock.core_mhz)
        except EngramError as error:
            raise EngramError(f"{source}: {error}") from None


def _one_of(came: object, known_ones: Iterable[object], what: str) -> None:
    choices = list(known_ones)
    if came in choices:
        return
    if choices == [None]:
        raise EngramError(f"{what} must be left out, its family has none, got {came!r}")
    same = [choice for choice in choices if str(choice).casefold() == str(came).casefold()]
    listed = ", ".join(str(choice) for choice in choices)
    hint = f"; it is spelled {same[0]}" if same else ""
    raise EngramError(f"{what} must be {'one of ' if choices[1:] else ''}{listed}, got {came!r}{hint}")
