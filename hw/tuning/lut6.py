"""LUT6: what a chip takes of parts of AMD and Intel, counted by Yosys, to stand beside published designs.

``python -m hw.tuning.lut6 zoo:mnist-up5k --board icebreaker`` takes the chip as ``engram build`` makes it for
that board, with the same front end, lanes and memories, and without what only that board has: PLL, boot
reset, codes in single-port RAM. It is synthesised for the other maker's part, not placed.
"""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from hw.boards import known as boards
from hw.chip import Chip
from hw.fpga.clock import uart_divisor
from hw.fpga.foreign import MAKERS, Cells, synthesised
from hw.fpga.toolchain import YOSYS, tool_command
from hw.sizing.front_end_choice import Variant, configured
from sw.console import BundleArgument, JsonOption, answer, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.shell.start import start

__all__ = ["lut6"]

BAUD = 1_000_000


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
    with terminal.waiting(f"synthesis for {maker}"):
        found = synthesised(chip, MAKERS[maker])
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
