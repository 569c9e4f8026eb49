"""Runs a cocotb testbench in one or several processes of the same compiled model.

Each process gets a folder with its job, an ``.npz`` file, and leaves an outcome there, another one. A
simulation that ends without an outcome is a fault of ours, never of the user.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.models.runner import Model, start_model
from sw.errors import EngramError
from sw.progress import Done
from sw.system.programs import Program, all_ended
from sw.system.scratch import scratch_folder

__all__ = ["JOB", "OUTCOME", "PROGRESS", "Arrays", "last_words", "run_testbench", "run_together"]

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

    Returns
    -------
    list
        Outcome of each job. No process outlives the call, whatever ends it.

    Raises
    ------
    EngramError
        If the waveform cannot be written.
    RuntimeError
        If a testbench fails, with the end of its log.
    """
    with scratch_folder("sim") as place:
        folders = [place / str(number) for number in range(len(jobs))]
        dump = folders[0] / f"waves.{model.waves}"
        for folder, job in zip(folders, jobs, strict=True):
            folder.mkdir()
            np.savez(folder / JOB, **job)  # type: ignore[arg-type]

        def start(folder: Path) -> Program:
            return start_model(model, testbench, folder, dump if waves and folder is folders[0] else None)

        run_together(start, folders, done)
        outcomes = [_outcome(folder) for folder in folders]
        if waves:
            _hand_over(dump, waves)
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


def _outcome(folder: Path) -> Arrays:
    if not (folder / OUTCOME).exists():
        raise RuntimeError("the testbench failed:\n" + last_words(folder))
    with np.load(folder / OUTCOME) as arrays:
        return dict(arrays)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _hand_over(dump: Path, waves: Path) -> None:
    temporary = waves.with_name(f".{waves.name}.tmp")
    try:
        waves.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dump, temporary)
        temporary.replace(waves)
    except OSError as error:
        raise EngramError(f"cannot write {waves}: {error.strerror or error}; choose another place") from None
    finally:
        temporary.unlink(missing_ok=True)
