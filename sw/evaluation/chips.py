"""Many chips and one set of images: programs chip after chip and counts right answers, on all cores."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.farm.farm import Farm, Here, in_order
from sw.farm.processes import Processes, one_thread
from sw.progress import Done
from sw.reference import pipeline
from sw.rram.chip.programming import program
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions

__all__ = ["CHIPS_TOGETHER", "Chips"]

CHIPS_TOGETHER = 4
"""Chips that a process classifies side by side; more would gain little."""


class Work(NamedTuple):
    """Input that all chips of a run have in common: bundle, word-line values (N, F), classes (N,), seed."""

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
        self._pool = Processes(jobs) if jobs > 1 else None
        self._farm: Farm = self._pool or Here()
        self._held = self._farm.hold(self._work)

    @property
    def images(self) -> int:
        """Images that every chip classifies."""
        return len(self._work.truth)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._pool is not None:
                stack.enter_context(self._pool)
            stack.enter_context(one_thread())
            self._open = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def accuracies(
        self,
        device: Device,
        conditions: Conditions,
        chips: int,
        done: Done = lambda chips: None,
    ) -> NDArray[np.float64]:
        """Accuracies (chips,) of the first chips; `done` hears how many more are finished.

        Raises
        ------
        EngramError
            If the conditions do not fit the device, or a process was ended from outside.
        """
        step = min(CHIPS_TOGETHER, -(-chips // self._farm.processes))
        parts = [range(first, min(first + step, chips)) for first in range(0, chips, step)]
        left = iter(parts)
        shares = in_order(
            self._farm,
            _accuracies,
            parts,
            *(self._held, device, conditions),
            done=lambda more: done(len(next(left))),
        )
        return np.array([share for part in shares for share in part])

    def labels(self, device: Device, conditions: Conditions, chip: int) -> NDArray[np.int64]:
        """Classes (N,) that one chip gives."""
        return self._work.labels(device, conditions, [chip])[0]


def _accuracies(work: Work, device: Device, conditions: Conditions, chips: range) -> list[float]:
    return work.accuracies(device, conditions, chips)
