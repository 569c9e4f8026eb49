"""Clocks by division: the PLL's dividers, exactly or not at all, and the UART's divisor."""

from fractions import Fraction
from typing import NamedTuple

from constraints.boards import Board
from sw.design import validated
from sw.errors import EngramError

__all__ = ["Ecp5Dividers", "Ice40Dividers", "clocked", "ecp5_dividers", "ice40_dividers", "uart_divisor"]

ICE40_PFD_MHZ = (10, 133)
ICE40_VCO_MHZ = (533, 1066)
ICE40_OUTPUT_MHZ = (16, 275)
"""Phase detector, oscillator and output range of SB_PLL40, iCE40 UltraPlus and LP/HX family data sheets."""

ICE40_FILTER = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))
"""FILTER_RANGE by phase-detector frequency in MHz: the first bound above it; 6 beyond."""

ECP5_PFD_MHZ = (10, 400)
ECP5_VCO_MHZ = (400, 800)
"""Ranges of EHXPLLL, ECP5 family data sheet (FPGA-DS-02012), sysCLOCK PLL timing."""

ECP5_DIVIDER_MAX = 128

BAUD_TOLERANCE = 0.02
"""Two UARTs that differ by 2 % sample the last bit of a frame a fifth of a bit off its middle."""


class Ice40Dividers(NamedTuple):
    """Register values of SB_PLL40 with simple feedback.

    ``output = input * (divf + 1) / ((divr + 1) * 2**divq)``.
    """

    divr: int
    divf: int
    divq: int
    filter_range: int


class Ecp5Dividers(NamedTuple):
    """Dividers of EHXPLLL with feedback from CLKOP, as fast as the phase detector, and output CLKOS.

    The VCO runs at ``input * clkop / clki``, the output at that divided by `clkos`.
    """

    clki: int
    clkop: int
    clkos: int


def clocked(board: Board, core_mhz: float | None) -> Board:
    """The board with another clock of the chip; None keeps its own.

    Raises
    ------
    EngramError
        If the board or its PLL cannot have that clock.
    """
    if core_mhz is None:
        return board
    clock = {**board.clock.model_dump(), "core_mhz": core_mhz}
    changed = validated(Board, {**board.model_dump(), "clock": clock}, f"--clock-mhz {core_mhz:g}")
    dividers = ice40_dividers if board.family == "ice40" else ecp5_dividers
    dividers(board.clock.mhz, core_mhz)
    return changed


def ice40_dividers(input_mhz: float, output_mhz: float) -> Ice40Dividers:
    """Dividers of an iCE40 PLL; of several choices the one with the fastest phase detector.

    Raises
    ------
    EngramError
        If no legal dividers give exactly `output_mhz`.
    """
    source, target = _exact(input_mhz), _exact(output_mhz)
    if _within(target, ICE40_OUTPUT_MHZ):
        for divr in range(16):
            detector = source / (divr + 1)
            if not _within(detector, ICE40_PFD_MHZ):
                continue
            for divq in range(1, 7):
                vco = target * 2**divq
                factor = vco / detector
                if _within(vco, ICE40_VCO_MHZ) and factor.denominator == 1 and factor <= 128:
                    filter_range = next((value for bound, value in ICE40_FILTER if detector < bound), 6)
                    return Ice40Dividers(divr, int(factor) - 1, divq, filter_range)
    raise _no_dividers("iCE40", input_mhz, output_mhz)


def ecp5_dividers(input_mhz: float, output_mhz: float) -> Ecp5Dividers:
    """Dividers of an ECP5 PLL; the smallest `clki`, then the VCO nearest to the middle of its range.

    Raises
    ------
    EngramError
        If no legal dividers give exactly `output_mhz`.
    """
    source, target = _exact(input_mhz), _exact(output_mhz)
    middle = Fraction(sum(ECP5_VCO_MHZ), 2)
    clkoss = [clkos for clkos in range(1, ECP5_DIVIDER_MAX + 1) if _within(target * clkos, ECP5_VCO_MHZ)]
    clkoss.sort(key=lambda clkos: abs(target * clkos - middle))
    for clki in range(1, ECP5_DIVIDER_MAX + 1):
        detector = source / clki
        for clkos in clkoss if _within(detector, ECP5_PFD_MHZ) else ():
            clkop = target * clkos / detector
            if clkop.denominator == 1 and clkop <= ECP5_DIVIDER_MAX:
                return Ecp5Dividers(clki, int(clkop), clkos)
    raise _no_dividers("ECP5", input_mhz, output_mhz)


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


def _exact(megahertz: float) -> Fraction:
    """To the hertz."""
    return Fraction(round(megahertz * 1_000_000), 1_000_000)


def _within(value: Fraction, limits: tuple[int, int]) -> bool:
    return limits[0] <= value <= limits[1]


def _no_dividers(family: str, input_mhz: float, output_mhz: float) -> EngramError:
    return EngramError(
        f"no {family} PLL setting makes exactly {output_mhz:g} MHz from {input_mhz:g} MHz; "
        "choose another clock, in the board's file or with --clock-mhz"
    )
