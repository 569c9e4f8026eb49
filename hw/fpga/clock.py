"""Clocks by division: the PLL's dividers, exactly or not at all, and the UART's divisor."""

from math import ceil, floor, isfinite

from constraints.boards import Board, hertz
from hw.families.check import check
from hw.families.known import known
from hw.host.uart import SMALLEST_DIVISOR
from sw.errors import EngramError
from sw.validation import validated

__all__ = ["clocked", "made_baud", "uart_divisor"]

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
    """Clock cycles per UART bit, the whole number that comes nearest to `baud`.

    Raises
    ------
    EngramError
        If no whole number of cycles comes within 2 % of `baud`, or it is too fast for the clock.
    """
    cycles = clock_mhz * 1e6 / baud
    divisor = round(cycles)
    if divisor < SMALLEST_DIVISOR or abs(cycles / divisor - 1) > BAUD_TOLERANCE:
        around = [max(SMALLEST_DIVISOR, count) for count in (ceil(cycles), floor(cycles))]
        speeds = dict.fromkeys(f"{clock_mhz * 1e6 / count:.0f}" for count in around)
        raise EngramError(
            f"--baud must be within 2 % of a whole fraction, 1/{SMALLEST_DIVISOR} or less, of the "
            f"{clock_mhz:g} MHz clock, got {baud}; give {' or '.join(speeds)}, or 115200"
        )
    return divisor


def made_baud(clock_mhz: float, baud: int) -> float:
    """Speed in bit/s that the clock makes where `baud` is asked for; raises as :func:`uart_divisor`."""
    return clock_mhz * 1e6 / uart_divisor(clock_mhz, baud)
