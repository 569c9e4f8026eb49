"""Measure: what a component takes of a part after synthesis and packing, from a folder of earlier results."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from constraints.boards import Board
from hw.families.known import known
from hw.fpga.toolchain import YOSYS, first_error, read_netlist_cells, tool_command, tool_versions
from hw.rtlil import to_rtlil
from hw.sizing.fit import netlist_usage
from sw.cache import Store
from sw.errors import EngramError, WriteError
from sw.files import disk_fault, scratch_folder
from sw.system.programs import run

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
    """Resources that a component takes.

    Attributes
    ----------
    cells
        Logic cells after packing: LC of an iCE40, TRELLIS_COMB of an ECP5, LUT4 of a Gowin part.
    ffs, block_rams, dsps
        Cells of the netlist.
    """

    cells: int
    ffs: int
    block_rams: int
    dsps: int


class Given(NamedTuple):
    """Input of the tools: files by name, and their command lines."""

    files: dict[str, str]
    synthesis: tuple[str, ...]
    packing: tuple[str, ...]


def measure(component: Any, board: Board, folder: Path, *, on_pins: bool = False) -> Measured:
    """Synthesise and pack a component, or look up in a folder what the tools said of it.

    With `on_pins` it is a :class:`hw.fpga.top.Top`, whose ports are on the board's pins, which a PLL needs;
    else its ports are free.

    What is kept is what the tools said. It follows from what they were given and from their versions, and
    from no source of ours: a change of the hardware synthesises again only the components that it changes.

    Raises
    ------
    EngramError
        If a tool is missing or fails.
    """
    given = _given(component, board, component.pins if on_pins else None)
    store, key = Store(folder), {"given": given._asdict(), "tools": tool_versions(board.family)}
    said = store.get("measured", key)
    if said is None:
        said = _said(given)
        store.put("measured", key, said)
    packed_cell = known(board.family).resources["luts"]
    usage = netlist_usage(read_netlist_cells(said["cells"]), board.family)
    (line,) = [line for line in said["log"].splitlines() if f" {packed_cell}:" in line][-1:]
    packed = int(line.partition(":")[2].rpartition(":")[2].partition("/")[0])
    return Measured(packed, usage.ffs, usage.block_rams, usage.dsps)


def _given(component: Any, board: Board, pins: dict[str, str] | None) -> Given:
    family = known(board.family)
    script = f"read_rtlil top.il; {family.synthesis(board)} -json top.json; tee -q -o cells.json stat -json"
    if pins is None:
        script += f"; {family.portless}; write_json top.json" if family.portless else ""
        placing, constraints = family.loose_options, {}
    else:
        placing = family.constraint_options
        constraints = {f"top.{family.constraint_kind}": family.constraints(board, pins)}
    return Given(
        {"top.il": to_rtlil(component, "top"), **constraints},
        (YOSYS, "-q", "-p", script),
        (family.nextpnr, *family.part(board), *placing, "--json", "top.json", "--pack-only"),
    )


def _said(given: Given) -> dict[str, str]:
    """Yosys' count of the cells, and the packer's log."""
    with scratch_folder("measured") as folder:
        for name, text in given.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        _run(folder, *given.synthesis)
        log = _run(folder, *given.packing)
        cells = (folder / "cells.json").read_text(encoding="utf-8")
        try:
            read_netlist_cells(cells)
        except ValueError:  # Yosys ends well on a full disk; half an answer must not be kept
            raise WriteError(
                f"cannot write {folder}: cells.json is cut off; make room there or set TMPDIR"
            ) from None
        return {"cells": cells, "log": log}


def _run(folder: Path, tool: str, *arguments: str) -> str:
    done = run([*tool_command(tool), *arguments], cwd=folder)
    said = done.stdout
    if fault := disk_fault(folder, said if done.returncode else "", done.returncode):
        raise WriteError(f"{tool} failed: {fault}; make room there or set TMPDIR")
    if done.returncode:
        raise EngramError(f"{tool} failed: {first_error(said)}")
    return said
