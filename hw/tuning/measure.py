"""Measure: what a component takes of a part after synthesis and packing, from a folder of earlier results."""

import hashlib
import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from constraints.boards import Board
from hw.families.ecp5 import lpf
from hw.families.ice40 import pcf
from hw.fpga.toolchain import (
    PACKERS,
    YOSYS,
    find_tool,
    first_error,
    read_netlist_cells,
    synthesis_command,
    tool_versions,
)
from hw.rtlil import to_rtlil
from hw.sizing.fit import netlist_usage
from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["Measured", "measure"]

CELLS = {"ice40": "ICESTORM_LC", "ecp5": "TRELLIS_COMB"}


@dataclass(frozen=True)
class Measured:
    """What it takes.

    Attributes
    ----------
    cells
        Logic cells after packing: LC of an iCE40, TRELLIS_COMB of an ECP5.
    ffs, block_rams, dsps
        Cells of the netlist.
    """

    cells: int
    ffs: int
    block_rams: int
    dsps: int


def measure(
    component: Any, board: Board, cache: Path, *, on_pins: bool = False, flash: bool = False
) -> Measured:
    """Synthesise and pack a component, or look it up in the folder `cache`.

    With `on_pins` its ports are those of the board, which a PLL needs, and with `flash` those of its flash;
    else they are free.

    Raises
    ------
    EngramError
        If a tool is missing or fails.
    """
    text = to_rtlil(component, "top")
    facts = [text, board.die, synthesis_command(board), *tool_versions(board.family)]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]
    kept = cache / f"{digest}.json"
    if kept.is_file():
        return Measured(**json.loads(kept.read_text()))
    measured = _measured(text, board, on_pins=on_pins, flash=flash)
    write_atomically(kept, json.dumps(asdict(measured)).encode())
    return measured


def _measured(text: str, board: Board, *, on_pins: bool, flash: bool) -> Measured:
    script = f"read_rtlil top.il; {synthesis_command(board)} -json top.json; tee -q -o cells.json stat -json"
    kind, pins = ("pcf", pcf(board, flash=flash)) if board.family == "ice40" else ("lpf", lpf(board))
    placing = (f"--{kind}", f"top.{kind}") if on_pins else (f"--{kind}-allow-unconstrained",)
    part = (f"--{board.die}", "--package", board.package)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "top.il").write_text(text)
        Path(folder, f"top.{kind}").write_text(pins)
        _run(folder, YOSYS, "-q", "-p", script)
        usage = netlist_usage(read_netlist_cells(Path(folder, "cells.json").read_text()))
        log = _run(folder, PACKERS[board.family], *part, *placing, "--json", "top.json", "--pack-only")
    (line,) = [line for line in log.splitlines() if f" {CELLS[board.family]}:" in line][-1:]
    cells = int(line.partition(":")[2].rpartition(":")[2].partition("/")[0])
    return Measured(cells, usage.ffs, usage.block_rams, usage.dsps)


def _run(folder: str, tool: str, *arguments: str) -> str:
    done = subprocess.run(
        [find_tool(tool), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EngramError(f"{tool} failed: {first_error(done.stdout + done.stderr)}")
    return done.stdout + done.stderr
