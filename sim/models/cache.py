"""Cache of compiled models, a folder of the store: an entry is whole or does not exist.

Verilator's own run-time library, which takes most of the time to compile, is kept too and shared by all
models. Several processes may build at the same time.
"""

import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sw.cache import Store
from sw.cache.kept import hold, keep_within_limit
from sw.files import scratch_folder
from sw.system.programs import run

__all__ = ["RUNTIME_OBJECTS", "RuntimeLibrary", "first_error", "keep", "run_build"]

AN_HOUR_S = 3_600

RUNTIME_OBJECTS = tuple(
    f"verilated{part}.o" for part in ("", "_dpi", "_fst_c", "_threads", "_timing", "_vcd_c", "_vpi")
)
"""All that a model may be linked with. Not verilator.o, cocotb's main program: it includes the model."""


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


class RuntimeLibrary:
    """Objects of Verilator's run-time library, each kept once for models of every kind.

    No option of a model reaches them: that for optimisation is one of make, for the model's own files alone,
    and the macros for waveforms, which are on the command line of every file, change none of these.

    Parameters
    ----------
    facts
        What they follow from: the tools and our code.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts

    def lend(self, build: Path) -> None:
        """Copy what is kept to where a model is about to be compiled."""
        for name in RUNTIME_OBJECTS:
            kept = self._place(name)
            if hold(kept):
                shutil.copyfile(kept / name, build / name)
                # make would compile it again because Verilator writes the make file later than this
                os.utime(build / name, times=(time.time() + AN_HOUR_S,) * 2)

    def take(self, build: Path) -> None:
        """Keep what was compiled with a model."""
        for name in RUNTIME_OBJECTS:
            if (build / name).exists():
                keep([build / name], self._place(name))

    def _place(self, name: str) -> Path:
        return Store().path("runtimes", {**self._facts, "object": name}, "")


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
