"""Runs a cocotb testbench in one or several processes of the same compiled model.

Each process gets a folder with its job, an ``.npz`` file, and leaves an outcome there, another one. A
simulation that ends without an outcome is a fault of ours, never of the user.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.models.runner import Model, start_model
from sw.errors import EngramError

__all__ = ["JOB", "OUTCOME", "PROGRESS", "Arrays", "last_words", "run_testbench", "run_together"]

Arrays = dict[str, NDArray]

JOB, OUTCOME, PROGRESS = "job.npz", "outcome.npz", "progress"
"""Files in the folder in which a testbench runs. The last one grows by a byte per image."""

POLL_S = 0.1
GRACE_S = 2.0
LOG_LINES = 20


def run_testbench(
    model: Model,
    testbench: str,
    jobs: Sequence[Arrays],
    *,
    on_progress: Callable[[int], None] | None = None,
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
    on_progress
        Called several times a second with the number of images that are done.
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
    with tempfile.TemporaryDirectory(prefix="engram-sim-") as name:
        folders = [Path(name) / str(number) for number in range(len(jobs))]
        dump = folders[0] / f"waves.{model.waves}"
        for folder, job in zip(folders, jobs, strict=True):
            folder.mkdir()
            np.savez(folder / JOB, **job)  # type: ignore[arg-type]

        def start(folder: Path) -> subprocess.Popen:
            return start_model(model, testbench, folder, dump if waves and folder is folders[0] else None)

        run_together(start, folders, on_progress)
        outcomes = [_outcome(folder) for folder in folders]
        if waves:
            _hand_over(dump, waves)
    return outcomes


def run_together(
    start: Callable[[Path], subprocess.Popen],
    folders: Sequence[Path],
    on_progress: Callable[[int], None] | None = None,
) -> list[int]:
    """Start a process in every folder and wait for all of them; their exit codes.

    No process outlives the call, whatever ends it. `on_progress` is called as for :func:`run_testbench`.
    """
    processes: list[subprocess.Popen] = []
    try:
        for folder in folders:
            processes.append(start(folder))
        while any(process.poll() is None for process in processes):
            if on_progress:
                on_progress(sum(_size(folder / PROGRESS) for folder in folders))
            time.sleep(POLL_S)
    finally:
        _end(processes)
    if on_progress:
        on_progress(sum(_size(folder / PROGRESS) for folder in folders))
    return [process.returncode for process in processes]


def last_words(folder: Path) -> str:
    """The end of what the process in `folder` said."""
    tail = (folder / "sim.log").read_text(errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join(tail)


def _end(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
