"""Clocks by division: the PLL's dividers, exactly or not at all, and the UART's divisor."""

from math import isfinite

from constraints.boards import Board, hertz
from hw.families.check import check
from hw.families.known import known
from sw.errors import EngramError
from sw.validation import validated

__all__ = ["clocked", "uart_divisor"]

BAUD_TOLERANCE = 0.02
"""Two UARTs that differ by 2 % sample the last bit of a frame a fifth of a bit off its middle."""


def clocked(board: Board, core_mhz: float | None) -> Board:
    """The board with another clock of the chip; None keeps its own. The oscillator's own takes no PLL.

    Raises
    ------
    EngramError
        If the board or its PLL cannot have that clock.
    """
    if core_mhz is None:
        return board
    source = f"--clock-mhz {core_mhz:g}"
    clock = {**board.clock.model_dump(), "core_mhz": core_mhz}
    own = isfinite(core_mhz) and hertz(core_mhz) == hertz(board.clock.mhz)
    clock["pll"] = None if own else known(board.family).pll_kind(board.die, board.package, board.clock.pin)
    changed = validated(Board, {**board.model_dump(), "clock": clock}, source)
    check(changed, source)
    return changed


def uart_divisor(clock_mhz: float, baud: int) -> int:
    """Clock cycles per UART bit.

    Raises
    ------
    EngramError
        If no whole number of cycles comes within 2 % of `baud`, or it is too fast for the clock.
    """
    divisor = round(clock_mhz * 1e6 / baud)
    if divisor < 4 or abs(clock_mhz * 1e6 / divisor / baud - 1) > BAUD_TOLERANCE:
        raise EngramError(
            f"--baud must be within 2 % of a whole fraction, 1/4 or less, of the {clock_mhz:g} MHz clock, "
            f"got {baud}; try 115200 or 1000000"
        )
    return divisor
