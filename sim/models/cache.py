"""Cache of compiled models, a folder of the store: an entry is whole or does not exist.

Verilator's own run-time library, which takes most of the time to compile, is kept too and shared by all
models that are compiled alike. Several processes may build at the same time.
"""

import os
import re
import shutil
import time
from pathlib import Path

from sw.cache.kept import hold, keep_within_limit
from sw.files import scratch_folder
from sw.system.programs import run

__all__ = ["borrow_library", "first_error", "keep", "run_build"]

AN_HOUR_S = 3_600


def keep(files: list[Path], kept: Path) -> None:
    """Put finished files into the cache as the folder `kept`, unless that exists already."""
    if kept.is_dir():
        return
    keep_within_limit(kept.parents[2])
    kept.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder("finished", kept.parents[1]) as folder:
        finished = folder / "entry"
        finished.mkdir()
        for path in files:
            shutil.copy2(path, finished)
        try:
            finished.rename(kept)
        except OSError:
            if not kept.is_dir():  # another process may have been faster
                raise


def borrow_library(library: Path, build: Path) -> None:
    """Copy a run-time library, if the cache has it, to where a model is about to be compiled."""
    if not hold(library):
        return
    for part in library.iterdir():
        shutil.copyfile(part, build / part.name)
        # make would compile it again because Verilator writes the make file later than this
        os.utime(build / part.name, times=(time.time() + AN_HOUR_S,) * 2)


def run_build(command: list[str], environment: dict[str, str], log: Path, folder: Path) -> bool:
    """Run a build tool in a folder; whether it succeeded.

    The compilers it starts end with it, and all of them end when we are interrupted.
    """
    with log.open("w", encoding="utf-8") as output:
        done = run(command, cwd=folder, env={**os.environ, **environment}, stdout=output)
    return done.returncode == 0


def first_error(log: Path) -> str:
    """The line of a build log that says most."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    errors = [line for line in lines if re.search(r"error", line, re.IGNORECASE)]
    return (errors or lines[-1:] or ["no message"])[0].strip()
