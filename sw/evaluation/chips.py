"""Many chips and one set of images: programs chip after chip and counts right answers, on all cores.

The cores are shared by processes, not threads: a call of NumPy's takes microseconds here, and threads would
spend more time than that on handing the interpreter to each other.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sw.bundle import Bundle
from sw.errors import EngramError
from sw.reference import pipeline
from sw.rram.chip.programming import program
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions

__all__ = ["CHIPS_TOGETHER", "Chips", "default_jobs"]

CHIPS_TOGETHER = 4
"""Chips that a process classifies side by side; more would gain little."""


class Work(NamedTuple):
    """What all chips of a run have in common: bundle, word-line values (N, F), classes (N,), seed."""

    bundle: Bundle
    levels: NDArray[np.uint8]
    truth: NDArray
    seed: int

    def accuracies(self, device: Device, conditions: Conditions, chips: Iterable[int]) -> list[float]:
        """Share of right answers of each of these chips."""
        return np.mean(self.labels(device, conditions, chips) == self.truth, axis=1).tolist()

    def labels(self, device: Device, conditions: Conditions, chips: Iterable[int]) -> NDArray[np.int64]:
        """Classes (chips, N) that these chips give."""
        programmed = [program(self.bundle, device, conditions, seed=self.seed, chip=chip) for chip in chips]
        return pipeline.classify_chips(programmed, self.levels)


class Chips:
    """Chips 0, 1, ... of one seed, each classifying the same images; a context manager, which owns processes.

    Memory: every process holds what the reference needs for one step, some MB; levels and truth are shared
    where the platform starts processes by forking, else copied once to each.

    Parameters
    ----------
    bundle
        Gives templates and design.
    levels, truth
        Word-line values uint8 (N, F) and classes (N,).
    seed
        See :func:`sw.rram.chip.programming.program`.
    jobs
        Processes; 1 is this one.
    """

    def __init__(
        self, bundle: Bundle, levels: NDArray[np.uint8], truth: NDArray, *, seed: int, jobs: int = 1
    ) -> None:
        self._work = Work(bundle, np.asfortranarray(levels), truth, seed)
        self._jobs, self._pool = jobs, None
        if jobs > 1:
            self._pool = ProcessPoolExecutor(jobs, initializer=_enter, initargs=(self._work,))

    def __enter__(self) -> Self:
        self._limits = _one_thread()
        if self._pool is not None:
            self._pool.submit(os.getpid).result()  # starts the processes before a progress bar has a thread
        return self

    def __exit__(self, *error: object) -> None:
        self._limits.restore_original_limits()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def accuracies(
        self,
        device: Device,
        conditions: Conditions,
        chips: int,
        done: Callable[[int], None] = lambda chips: None,
    ) -> NDArray[np.float64]:
        """Accuracies (chips,) of the first chips; `done` hears how many more are finished.

        Raises
        ------
        EngramError
            If the conditions do not fit the device, or a process was ended from outside.
        """
        step = min(CHIPS_TOGETHER, -(-chips // self._jobs))
        parts = [range(first, min(first + step, chips)) for first in range(0, chips, step)]
        shares: list[float] = []
        for part in self._each(device, conditions, parts):
            shares += part
            done(len(part))
        return np.array(shares)

    def labels(self, device: Device, conditions: Conditions, chip: int) -> NDArray[np.int64]:
        """Classes (N,) that one chip gives."""
        return self._work.labels(device, conditions, [chip])[0]

    def _each(self, device: Device, conditions: Conditions, parts: list[range]) -> Iterator[list[float]]:
        if self._pool is None:
            yield from (self._work.accuracies(device, conditions, part) for part in parts)
            return
        try:
            futures = [self._pool.submit(_accuracies, device, conditions, part) for part in parts]
            yield from (future.result() for future in futures)
        except BrokenProcessPool:
            raise EngramError(
                "the processes that run chips must not be ended from outside, one was; "
                "if memory ran out, use fewer --jobs"
            ) from None


def default_jobs() -> int:
    """Cores of this machine."""
    return os.cpu_count() or 1


_work: Work
"""Of a process of the pool."""


def _enter(work: Work) -> None:
    global _work
    _work = work
    _one_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits


def _one_thread() -> threadpool_limits:
    """Matrix products of one step are small, and the other cores have chips of their own."""
    return threadpool_limits(1, user_api="blas")


def _accuracies(device: Device, conditions: Conditions, chips: range) -> list[float]:
    return _work.accuracies(device, conditions, chips)
