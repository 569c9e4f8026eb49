"""Counting: accesses and products of a front end in the RTL, beside those that its schedules promise.

Counters are put into the text of the netlist, one beside each memory port and each reduction; the design
itself is what a build gets. They are read after two runs of different length: what comes before the first
image and after the last one is the same in both, and what is left belongs to whole images.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.fpga.toolchain import run_yosys
from hw.frontend.variant import Folded, Sizes, plan_front_end
from hw.image_accelerator import ImageAccelerator
from hw.rtlil import to_rtlil
from sim.images import DRAIN, ImageProgram, Observed, image_program, start_images
from sim.job import failure_in, run_together
from sim.testbenches.files import TESTBENCHES
from sw.bundle import Bundle
from sw.errors import EngramError
from sw.files import scratch_folder

__all__ = ["Count", "count", "counted_program", "promised"]

NAME = "image_accelerator"
COUNTED_IMAGES = 2
"""By which the two runs differ."""
MODULE = re.compile(r"^module \\(\S+)$")
PORT = re.compile(r"^  cell \$(memrd|memwr)_v2 ")
LINE = re.compile(r"^count \S*\bdut\.(\S+)\.\S+ (\S+) (\d+)$", re.MULTILINE)
FIRST = re.compile(r"^(?:{ )?(\S+(?: \[\d+\])?).*$")
"""A write port has its enable once for every bit of a word."""
REDUCTIONS = ("reduce", "multiply", "maximum")
"""Submodules that take a step in every cycle in which `advance` and `valid` are high."""


@dataclass(frozen=True)
class Count:
    """One number for one image.

    Attributes
    ----------
    unit
        Name of the layer.
    what
        ``steps``, or a memory with ``reads`` or ``writes``.
    expected
        By the schedule.
    got
        In the RTL.
    """

    unit: str
    what: str
    expected: int
    got: int


def counted_program(bundle: Bundle, sizes: Sizes) -> ImageProgram:
    """The accelerator with counters, compiled or from the cache; raises EngramError as its parts do."""
    text = _with_counters(to_rtlil(ImageAccelerator(bundle, sizes), NAME))
    with scratch_folder("count") as folder:
        (folder / "counted.il").write_text(text, encoding="utf-8")
        # as Amaranth's own conversion to Verilog
        script = (
            "read_rtlil counted.il; proc -nomux -norom; memory_collect; write_verilog -norename counted.v"
        )
        run_yosys(script, folder)
        verilog = (folder / "counted.v").read_text(encoding="utf-8")
    counter = TESTBENCHES / "access_counter.sv"
    return image_program(bundle, sizes, brief=True, observed=Observed(verilog, (counter,)))


def count(
    program: ImageProgram,
    bundle: Bundle,
    sizes: Sizes,
    images: NDArray[np.uint8],
    stalls: tuple[int, int] = (0, 0),
) -> list[Count]:
    """Run images and hold every counter of the front end against the schedule.

    Parameters
    ----------
    program
        From :func:`counted_program`.
    bundle, sizes
        Of the accelerator.
    images
        uint8, as in :mod:`sw.design.images`, at least three; the first three are run.
    stalls
        As for :func:`sim.images.verify_images`: no count depends on them.

    Raises
    ------
    EngramError
        If the simulation fails, or counts do not come out even per image.
    """
    if len(images) <= COUNTED_IMAGES:
        raise EngramError(f"counting needs {COUNTED_IMAGES + 1} images or more, got {len(images)}")
    # After the last result a layer may still work on rows that a max-pool never takes, for an image at most.
    drain = DRAIN + 2 * sum(use.steps for use in plan_front_end(bundle, sizes).uses())
    few, many = (_totals(program, images[:number], stalls, drain) for number in (1, 1 + COUNTED_IMAGES))
    found = []
    for unit, what, place, expected in promised(bundle, sizes):
        difference = many[place] - few[place]
        if difference % COUNTED_IMAGES:
            raise EngramError(f"{place} must count the same for every image, got {difference} for two")
        found.append(Count(unit, what, expected, difference // COUNTED_IMAGES))
    return found


def promised(bundle: Bundle, sizes: Sizes) -> list[tuple[str, str, str, int]]:
    """Unit, what is counted, where the counter stands in the RTL, and the number by the schedule."""
    folded = isinstance(sizes, Folded)
    uses = plan_front_end(bundle, sizes).uses()
    rows = []
    if folded:
        for kind, submodule in (("products", "multiply"), ("maxima", "maximum")):
            steps = sum(use.steps for use in uses if getattr(use, kind))
            if steps:
                rows.append(("frontend", f"steps of {kind}", f"frontend.{submodule} steps", steps))
    for number, use in enumerate(uses):
        if not folded:
            rows.append((use.name, "steps", f"frontend.layer_{number}.reduce steps", use.steps))
        for memory in use.memories:
            place = _place(memory.memory.name, folded=folded)
            if memory.enabled:
                rows.append((use.name, f"{memory.memory.name} reads", f"{place}.reads", memory.reads))
            if memory.memory.writable:
                rows.append((use.name, f"{memory.memory.name} writes", f"{place}.writes", memory.writes))
    return rows


def _place(name: str, *, folded: bool) -> str:
    """Module and memory in the RTL, of a memory's name in the plan."""
    _, *parts = name.split(".")
    if folded:
        owner = {"pixels": "maps", "maps": "maps", "schedule": "sequencer", "thresholds": "finish.search"}
        return f"frontend.{owner[parts[0]]} {'_'.join(parts)}"
    number, kind, *copy = parts
    if kind == "queue":
        return f"frontend.queue_{number}_{copy[0]} ring"
    module, memory = {
        "window": ("window", "ring"),
        "schedule": ("window", "schedule"),
        "thresholds": ("finish", "thresholds"),
        "transfer": ("finish", "transfer"),
    }[kind]
    return f"frontend.layer_{number}.{module} {'_'.join([memory, *copy])}"


def _totals(
    program: ImageProgram, images: NDArray[np.uint8], stalls: tuple[int, int], drain: int
) -> dict[str, int]:
    with scratch_folder("sim") as place:
        (place / "writes").touch()

        def start(folder: Path):
            return start_images(program, images, folder, stalls=stalls, drain=drain)

        (code,) = run_together(start, [place], lambda images: None)
        if code:
            raise failure_in(place, code)
        log = (place / "sim.log").read_text(encoding="utf-8")
    return {f"{scope} {name}": int(number) for scope, name, number in LINE.findall(log)}


def _with_counters(text: str) -> str:
    """RTLIL with a counter beside every memory port and every reduction of the front end."""
    lines, added, module = [], 0, ""
    cell: list[str] | None = None
    for line in text.splitlines():
        if named := MODULE.match(line):
            module = named[1]
        elif PORT.match(line) and ".frontend" in module:
            cell = []
        if line == "end" and module.rpartition(".")[2] in REDUCTIONS:
            lines += _counter(added, "steps", "\\clk", "\\advance", "\\valid")
            added += 1
        if cell is not None:
            cell.append(line)
        lines.append(line)
        if line == "  end" and cell is not None:
            lines += _port_counter(added, cell)
            added, cell = added + 1, None
    return "\n".join(lines) + "\n"


def _port_counter(number: int, cell: Sequence[str]) -> list[str]:
    kind = "reads" if "memrd" in cell[0] else "writes"
    values = dict(line.strip().split(" ", 2)[1:] for line in cell[1:-1])
    memory = values["\\MEMID"].strip('"').lstrip("\\")
    enable = FIRST.sub(r"\1", values["\\EN"])
    return _counter(number, f"{memory}.{kind}", "\\clk", enable, "1'1")


def _counter(number: int, name: str, clock: str, first: str, second: str) -> list[str]:
    return [
        f"  cell \\access_counter \\access_counter_{number}",
        f'    parameter \\NAME "{name}"',
        f"    connect \\clk {clock}",
        f"    connect \\first {first}",
        f"    connect \\second {second}",
        "  end",
        "",
    ]
