"""Measure: what a component takes of a part after synthesis and packing, from a folder of earlier results."""

import hashlib
import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from constraints.boards import Board
from hw.families.known import known
from hw.fpga.toolchain import YOSYS, find_tool, first_error, read_netlist_cells, tool_versions
from hw.rtlil import to_rtlil
from hw.sizing.fit import netlist_usage
from sw.errors import EngramError
from sw.files import write_atomically

__all__ = ["Measured", "measure"]


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


def measure(component: Any, board: Board, cache: Path, *, on_pins: bool = False) -> Measured:
    """Synthesise and pack a component, or look it up in the folder `cache`.

    With `on_pins` it is a :class:`hw.fpga.top.Top`, whose ports are on the board's pins, which a PLL needs;
    else its ports are free.

    Raises
    ------
    EngramError
        If a tool is missing or fails.
    """
    text = to_rtlil(component, "top")
    facts = [text, board.die, known(board.family).synthesis(board), *tool_versions(board.family)]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]
    kept = cache / f"{digest}.json"
    if kept.is_file():
        return Measured(**json.loads(kept.read_text()))
    measured = _measured(text, board, component.pins if on_pins else None)
    write_atomically(kept, json.dumps(asdict(measured)).encode())
    return measured


def _measured(text: str, board: Board, pins: dict[str, str] | None) -> Measured:
    family = known(board.family)
    script = f"read_rtlil top.il; {family.synthesis(board)} -json top.json; tee -q -o cells.json stat -json"
    kind = family.constraint_kind
    placing = (f"--{kind}-allow-unconstrained",) if pins is None else (f"--{kind}", f"top.{kind}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "top.il").write_text(text)
        if pins is not None:
            Path(folder, f"top.{kind}").write_text(family.constraints(board, pins))
        _run(folder, YOSYS, "-q", "-p", script)
        cells = read_netlist_cells(Path(folder, "cells.json").read_text())
        options = (*family.part(board), *placing, "--json", "top.json", "--pack-only")
        log = _run(folder, family.nextpnr, *options)
    usage = netlist_usage(cells, board.family)
    (line,) = [line for line in log.splitlines() if f" {family.packed_cell}:" in line][-1:]
    packed = int(line.partition(":")[2].rpartition(":")[2].partition("/")[0])
    return Measured(packed, usage.ffs, usage.block_rams, usage.dsps)


def _run(folder: str, tool: str, *arguments: str) -> str:
    done = subprocess.run(
        [find_tool(tool), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EngramError(f"{tool} failed: {first_error(done.stdout + done.stderr)}")
    return done.stdout + done.stderr
