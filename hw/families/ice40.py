"""iCE40: PLL and its dividers, constraint text."""

from typing import NamedTuple

from amaranth.hdl import (
    Const,
    Instance,
    Signal,
)

from constraints.boards import Board
from hw.families.dividers import _exact, _no_dividers, _within

__all__ = ["Ice40Dividers", "ice40_dividers", "pcf"]


ICE40_PFD_MHZ = (10, 133)
ICE40_VCO_MHZ = (533, 1066)
ICE40_OUTPUT_MHZ = (16, 275)
"""Phase detector, oscillator and output range of SB_PLL40, iCE40 UltraPlus and LP/HX family data sheets."""
ICE40_FILTER = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))
"""FILTER_RANGE by phase-detector frequency in MHz: the first bound above it; 6 beyond."""


class Ice40Dividers(NamedTuple):
    """Register values of SB_PLL40 with simple feedback.

    ``output = input * (divf + 1) / ((divr + 1) * 2**divq)``.
    """

    divr: int
    divf: int
    divq: int
    filter_range: int


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


def _ice40_pll(board: Board, clk: Signal, core_clock: Signal, locked: Signal) -> Instance:
    """SB_PLL40 with simple feedback; the PAD kind takes the oscillator at its own pad."""
    kind = board.clock.pll
    dividers = ice40_dividers(board.clock.mhz, board.clock.core_mhz)
    return Instance(
        kind,
        p_FEEDBACK_PATH="SIMPLE",
        p_PLLOUT_SELECT="GENCLK",
        p_DIVR=Const(dividers.divr, 4),
        p_DIVF=Const(dividers.divf, 7),
        p_DIVQ=Const(dividers.divq, 3),
        p_FILTER_RANGE=Const(dividers.filter_range, 3),
        i_RESETB=Const(1),
        i_BYPASS=Const(0),
        o_PLLOUTGLOBAL=core_clock,
        o_LOCK=locked,
        **{"i_PACKAGEPIN" if kind == "SB_PLL40_PAD" else "i_REFERENCECLK": clk},
    )


def pcf(board: Board, *, flash: bool = False) -> str:
    """Physical constraints for nextpnr-ice40, on request with the flash's pins.

    The host's line idles high, so uart_rx has a pull-up.
    """
    pins = {**board.pins, **(board.flash_pins if flash else {})}
    lines = [
        f"set_io {'-pullup yes ' if port == 'uart_rx' else ''}{port} {pin}" for port, pin in pins.items()
    ]
    return "\n".join([*lines, f"set_frequency clk {board.clock.mhz:g}", ""])
