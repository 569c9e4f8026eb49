"""Reads exported Verilog with the tools of several makers, none of which may find an error in it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hw.fpga.toolchain import run_yosys
from sim.models.verilator import find_verilator
from sw.errors import EngramError
from sw.system.programs import run

__all__ = [
    "ICARUS_ADVICE",
    "READERS",
    "Reader",
    "Reading",
    "icarus",
    "read_by",
    "slang",
    "verilator",
    "yosys",
]

ICARUS_ADVICE = "iverilog is not installed; on Debian: apt install iverilog"


class Reading(NamedTuple):
    """Whether a tool could be asked, and its first error if it has one or why it was not asked."""

    asked: bool
    said: str | None


Reader = Callable[[list[Path], str], Reading]
"""Takes Verilog files and the top module."""


def yosys(files: list[Path], top: str) -> Reading:
    """Yosys: reads, links and checks that nothing is driven twice or not at all."""
    names = " ".join(f'"{path.name}"' for path in files)
    script = f"read_verilog -sv {names}; hierarchy -check -top {top}; proc; check -assert"
    try:
        run_yosys(script, files[0].parent)
    except EngramError as error:
        return Reading(True, str(error))
    return Reading(True, None)


def slang(files: list[Path], top: str) -> Reading:
    """Slang, a complete front end of SystemVerilog, as pyslang: every file, linked."""
    try:
        from pyslang import SourceManager, ast, syntax
    except ImportError:
        return Reading(False, "pyslang is not installed; install it with: pip install 'engram-rram[sim]'")
    linked, sources = ast.Compilation(), SourceManager()  # the default one remembers files for ever
    for path in files:
        linked.addSyntaxTree(syntax.SyntaxTree.fromFile(str(path), sources))
    tops = [str(instance.name) for instance in linked.getRoot().topInstances]
    errors = [str(found.code) for found in linked.getAllDiagnostics() if found.isError()]
    if not errors and tops != [top]:
        errors = [f"top modules are {tops}, not {top}"]
    return Reading(True, errors[0] if errors else None)


def verilator(files: list[Path], top: str) -> Reading:
    """Verilator in its mode that only reads; generated Verilog is no place for its warnings of style."""
    tools = find_verilator()
    command = [str(tools.path), "--lint-only", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--top-module", top]
    return _asked(command, files, tools.environment)


def icarus(files: list[Path], top: str) -> Reading:
    """Icarus Verilog, in the language of 2005, which is all that the cores need."""
    program = shutil.which("iverilog")
    if program is None:
        return Reading(False, ICARUS_ADVICE)
    return _asked([program, "-g2005", "-t", "null", "-s", top], files, {})


READERS: dict[str, Reader] = {"yosys": yosys, "slang": slang, "verilator": verilator, "icarus": icarus}


def read_by(files: list[Path], top: str) -> dict[str, Reading]:
    """What each of the READERS says of files that lie in one folder."""
    return {name: reader(files, top) for name, reader in READERS.items()}


def _asked(command: list[str], files: list[Path], variables: dict[str, str]) -> Reading:
    names = [f"./{path.name}" for path in files]
    ran = run([*command, *names], cwd=files[0].parent, env={**os.environ, **variables})
    lines = [line for line in ran.stdout.splitlines() if "error" in line.lower()]
    if ran.returncode or lines:
        return Reading(True, (lines or ran.stdout.splitlines() or [f"exit code {ran.returncode}"])[0])
    return Reading(True, None)
