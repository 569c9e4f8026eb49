"""ngspice: where it is, and running it on a netlist."""

import os
import shutil
import subprocess
from pathlib import Path

from sw.errors import EngramError
from sw.files import write_atomically
from sw.system.programs import run

__all__ = ["find_ngspice", "run_ngspice"]

PATIENCE_S = 3600.0


def find_ngspice() -> str:
    """Path of the program.

    Raises
    ------
    EngramError
        If it is not on the PATH.
    """
    found = shutil.which("ngspice")
    if found is None:
        raise EngramError(
            "the program ngspice must be on the PATH to judge circuits, it is not there; install it, on "
            "Debian with 'apt install ngspice', or write netlists alone with 'engram export --spice'"
        )
    return os.path.abspath(found)  # it runs in another folder, and PATH may have relative ones


def run_ngspice(text: str, folder: Path) -> None:
    """Run a netlist, with its files in `folder`.

    Raises
    ------
    EngramError
        If ngspice is missing or does not come to the end of it.
    """
    program = find_ngspice()
    write_atomically(folder / "tile.cir", text.encode())
    try:
        # Without -n it would read a .spiceinit of the person, whose options are not ours.
        done = run([program, "-n", "-b", "tile.cir"], timeout=PATIENCE_S, cwd=folder)
    except subprocess.TimeoutExpired:
        raise EngramError(
            f"ngspice must be done with a tile in {PATIENCE_S / 60:.0f} minutes, it is not; take smaller "
            "tiles with --rows and --cols"
        ) from None
    except OSError as error:
        raise EngramError(f"cannot run {program}: {error.strerror or error}; install it again") from None
    if done.returncode:
        said = [line.strip() for line in done.stdout.splitlines() if "rror" in line]
        raise EngramError(f"ngspice ended with code {done.returncode}: {' '.join(said[:2]) or 'no reason'}")
