"""LUT6: what a chip takes of parts of AMD and Intel, counted by Yosys, to stand beside published designs.

``python -m hw.tuning.lut6 zoo:mnist-up5k --board icebreaker`` takes the chip as ``engram build`` makes it for
that board, with the same front end, lanes and memories, and without what only that board has: PLL, boot
reset, codes in single-port RAM. It is synthesised for the other maker's part, not placed.
"""

import re
from dataclasses import asdict, dataclass
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from hw.boards import known as boards
from hw.chip import Chip
from hw.fpga.clock import uart_divisor
from hw.fpga.toolchain import YOSYS, read_netlist_cells, run_yosys, tool_command
from hw.rtlil import to_rtlil
from hw.sizing.front_end_choice import Variant, configured
from sw.console import BundleArgument, JsonOption, answer, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import scratch_folder
from sw.shell.start import start

__all__ = ["MAKERS", "Cells", "Maker", "count"]

BAUD = 1_000_000


class Maker(NamedTuple):
    """How Yosys synthesises for a maker's parts, and what its cells are called.

    Attributes
    ----------
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


@reports_errors
def lut6(
    bundle: BundleArgument,
    board: Annotated[str, typer.Option("--board", "-b", help="For which the chip is sized.")],
    maker: Annotated[str, typer.Option(help=f"{' or '.join(MAKERS)}.")] = "xilinx",
    json: JsonOption = False,
) -> None:
    """Count what a chip takes of 7-series or Cyclone V parts: look-up tables, flip-flops, block RAM.

    It is the whole chip with its UART, sized for the board as 'engram build' does.
    """
    from sw.bundle import open_bundle

    if maker not in MAKERS:
        raise EngramError(f"--maker must be one of {', '.join(MAKERS)}, got {maker!r}")
    tool_command(YOSYS)  # before the work for it
    target = boards.load(board)
    placed, sizes = configured(open_bundle(bundle), target, None, Variant.auto, "auto", terminal)
    chip = Chip(placed, uart_divisor(target.clock.core_mhz, BAUD), sizes)
    with scratch_folder("lut6") as folder, terminal.waiting(f"synthesis for {maker}"):
        (folder / "top.il").write_text(to_rtlil(chip, "top"), encoding="utf-8")
        run_yosys(f"read_rtlil top.il; {MAKERS[maker].synthesis}; tee -q -o cells.json stat -json", folder)
        cells = read_netlist_cells((folder / "cells.json").read_text(encoding="utf-8"))
    found = count(cells, MAKERS[maker])
    if json:
        print_json({"bundle": bundle, "board": board, "maker": maker, **_values(found)})
    else:
        answer.print(_table(f"{bundle} as for {board}, {maker}", found))


def _values(found: Cells) -> dict[str, Any]:
    return {**asdict(found), "by_inputs": {str(inputs): number for inputs, number in found.by_inputs.items()}}


def _table(title: str, found: Cells) -> Table:
    table = Table("cells", title=title)
    table.add_column("number", justify="right")
    table.add_row("look-up tables", f"{found.luts:,}")
    for inputs, number in found.by_inputs.items():
        table.add_row(f"  of {inputs} inputs", f"{number:,}")
    for name in ("ffs", "lut_rams", "carries", "multipliers"):
        table.add_row(name.replace("_", " "), f"{getattr(found, name):,}")
    for name, number in found.rams.items():
        table.add_row(name, f"{number:,}")
    return table


if __name__ == "__main__":
    start(lut6)
