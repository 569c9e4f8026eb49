"""Parts of AMD and Intel: what Yosys counts of a netlist for them, to stand beside published designs."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from hw.fpga.toolchain import read_netlist_cells, run_yosys
from hw.rtlil import to_rtlil
from sw.files import scratch_folder

__all__ = ["MAKERS", "Cells", "Maker", "count", "synthesised"]


class Maker(NamedTuple):
    """How Yosys synthesises for a maker's parts, and what its cells are called.

    Attributes
    ----------
    vendor
        Base class of its platforms in ``amaranth.vendor``.
    counted_as
        The parts that the counts are for.
    synthesis
        Yosys' command.
    luts
        Look-up tables by name, a pattern whose group is the number of inputs.
    ffs
        Flip-flops, a pattern.
    rams
        Names of block RAM.
    lut_rams, carries, multipliers
        Memories made of look-up tables, carry cells, multipliers: patterns.
    """

    vendor: str
    counted_as: str
    synthesis: str
    luts: str
    ffs: str
    rams: tuple[str, ...]
    lut_rams: str
    carries: str
    multipliers: str


MAKERS = {
    # 7-series (AMD UG474, UG473): a look-up table of six inputs, block RAM of 18 and 36 kbit
    "xilinx": Maker(
        vendor="XilinxPlatform",
        counted_as="7-series",
        synthesis="synth_xilinx -family xc7 -noiopad -top top",
        luts=r"LUT([1-6])",
        ffs=r"FD[RSCP]E?(_1)?",
        rams=("RAMB18E1", "RAMB36E1"),
        lut_rams=r"RAM\d+\w+|SRL\w+",
        carries=r"CARRY4",
        multipliers=r"DSP48E1",
    ),
    # Cyclone V (Intel CV-5V2): an ALM is two look-up tables of up to six inputs that share inputs; block RAM
    # of 10 kbit. Carry cells are look-up tables of ALMs too.
    "intel": Maker(
        vendor="AlteraPlatform",
        counted_as="Cyclone V",
        synthesis="synth_intel_alm -family cyclonev -top top",
        luts=r"MISTRAL_ALUT([2-6])|MISTRAL_NOT()",
        ffs=r"MISTRAL_FF",
        rams=("MISTRAL_M10K",),
        lut_rams=r"MISTRAL_MLAB",
        carries=r"MISTRAL_ALUT_ARITH",
        multipliers=r"MISTRAL_MUL\w+",
    ),
}


@dataclass(frozen=True)
class Cells:
    """Cells of a netlist by kind.

    Attributes
    ----------
    luts
        Look-up tables of any number of inputs.
    by_inputs
        The same by the number of inputs; an inverter has one.
    ffs, lut_rams, carries, multipliers
        Flip-flops, memories made of look-up tables, carry cells, multipliers.
    rams
        Block RAM by name.
    """

    luts: int
    by_inputs: dict[int, int]
    ffs: int
    rams: dict[str, int]
    lut_rams: int
    carries: int
    multipliers: int


def count(cells: dict[str, int], maker: Maker) -> Cells:
    """Sort the cells of a netlist, given by type."""

    def total(pattern: str) -> int:
        return sum(number for name, number in cells.items() if re.fullmatch(pattern, name))

    by_inputs: dict[int, int] = {}
    for name, number in cells.items():
        if found := re.fullmatch(maker.luts, name):
            inputs = int(found[1] or 1)
            by_inputs[inputs] = by_inputs.get(inputs, 0) + number
    return Cells(
        luts=sum(by_inputs.values()),
        by_inputs=dict(sorted(by_inputs.items())),
        ffs=total(maker.ffs),
        rams={name: cells[name] for name in maker.rams if name in cells},
        lut_rams=total(maker.lut_rams),
        carries=total(maker.carries),
        multipliers=total(maker.multipliers),
    )


def synthesised(component: object, maker: Maker) -> Cells:
    """Cells of a component, given free ports; nothing is placed.

    Raises
    ------
    EngramError
        If Yosys is missing or fails.
    """
    with scratch_folder("foreign") as folder:
        (folder / "top.il").write_text(to_rtlil(component, "top"), encoding="utf-8")
        run_yosys(f"read_rtlil top.il; {maker.synthesis}; tee -q -o cells.json stat -json", folder)
        cells = read_netlist_cells((folder / "cells.json").read_text(encoding="utf-8"))
    return count(cells, maker)
