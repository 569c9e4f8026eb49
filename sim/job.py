"""Runs a cocotb testbench in one or several processes of the same compiled model.

Each process gets a folder with its job, an ``.npz`` file, and leaves an outcome there, another one. A
simulation that ends without an outcome is a fault of ours, never of the user.
"""

import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.models.runner import Model, start_model
from sim.waves import waveform
from sw.errors import WriteError
from sw.files import disk_fault, scratch_folder
from sw.progress import Done
from sw.system.programs import Program, all_ended

__all__ = [
    "JOB",
    "OUTCOME",
    "PROGRESS",
    "Arrays",
    "failure_in",
    "last_words",
    "run_testbench",
    "run_together",
]

Arrays = dict[str, NDArray]

JOB, OUTCOME, PROGRESS = "job.npz", "outcome.npz", "progress"
"""Files in the folder in which a testbench runs. The last one grows by a byte per image."""

POLL_S = 0.1
LOG_LINES = 20


def run_testbench(
    model: Model,
    testbench: str,
    jobs: Sequence[Arrays],
    *,
    done: Done = lambda images: None,
    waves: Path | None = None,
    beside: Sequence[Path] = (),
) -> list[Arrays]:
    """Run `testbench` once per job, all at the same time.

    Parameters
    ----------
    model
        Compiled model.
    testbench
        Python module with the cocotb test.
    jobs
        Arrays for each process.
    done
        Hears several times a second how many more images are finished.
    waves
        File that gets the waveform of the first job; it appears whole or not at all.
    beside
        Files that the model reads by name from the folder that it runs in.

    Returns
    -------
    list
        Outcome of each job. No process outlives the call, whatever ends it.

    Raises
    ------
    EngramError
        If there is no room for the simulation, or the waveform cannot be written.
    RuntimeError
        If a testbench fails, with the end of its log.
    """
    with scratch_folder("sim") as place:
        folders = [place / str(number) for number in range(len(jobs))]
        for folder, job in zip(folders, jobs, strict=True):
            folder.mkdir()
            np.savez(folder / JOB, **job)  # type: ignore[arg-type]
            for file in beside:
                (folder / file.name).symlink_to(file.absolute())

        with nullcontext() if waves is None else waveform(folders[0], waves) as dump:

            def start(folder: Path) -> Program:
                return start_model(model, testbench, folder, dump if folder is folders[0] else None)

            codes = run_together(start, folders, done)
            outcomes = [_outcome(folder) for folder in folders]
            if dump is not None and codes[0]:
                raise failure_in(folders[0], codes[0])
    return outcomes


def run_together(
    start: Callable[[Path], Program],
    folders: Sequence[Path],
    done: Done = lambda images: None,
) -> list[int]:
    """Start a process in every folder and wait for all of them; their exit codes.

    No process outlives the call, whatever ends it. `done` hears what it does in :func:`run_testbench`.
    """
    told = 0

    def tell() -> None:
        nonlocal told
        finished = sum(_size(folder / PROGRESS) for folder in folders)
        if finished > told:
            done(finished - told)
            told = finished

    with all_ended(partial(start, folder) for folder in folders) as processes:
        while any(process.poll() is None for process in processes):
            tell()
            time.sleep(POLL_S)
    tell()
    return [process.returncode for process in processes]


def last_words(folder: Path) -> str:
    """The end of what the process in `folder` said."""
    tail = (folder / "sim.log").read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join(tail)


def failure_in(folder: Path, code: int = 0) -> Exception:
    """Why a simulation failed in `folder`: the disk, which is an EngramError, or a fault of ours.

    `code` is its exit code, where that is known.
    """
    if fault := disk_fault(folder, (folder / "sim.log").read_text(encoding="utf-8", errors="replace"), code):
        return WriteError(
            f"the simulation failed: {fault}; make room in {tempfile.gettempdir()} or set TMPDIR"
        )
    return RuntimeError("the testbench failed:\n" + last_words(folder))


def _outcome(folder: Path) -> Arrays:
    try:
        with np.load(folder / OUTCOME) as arrays:
            return dict(arrays)
    except (FileNotFoundError, EOFError, ValueError, zipfile.BadZipFile):  # none, or cut off
        raise failure_in(folder) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
