"""Multiplier, offset and shift for thresholds that are known: exact where there are such, else the nearest.

A wide activation of hardware is ``(accumulator * multiplier + offset + half) >> shift``, so its level k is
reached from the accumulator ``ceil((k * 2**shift - half - offset) / multiplier)`` on. The source says where
that must be. For a given multiplier each level leaves a range of offsets; where all ranges have an offset in
common, the rule is exact.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.bundle.checks import MAX_SHIFT
from sw.reference.frontend import MULTIPLIER_BITS, Requantisation

__all__ = ["fitted"]

SHIFT_STEP = 4
"""Hardware chooses among fewer shifts, which is cheaper, where all of them are multiples of this."""
NEIGHBOURS = (0, 1, -1, 2, -2)
"""Multipliers beside the rounded gain that are tried."""


class _Line(NamedTuple):
    multiplier: int
    offset: int
    shift: int
    wrong: int


def fitted(
    thresholds: NDArray[np.int64],
    gain: NDArray[np.float64],
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
) -> tuple[Requantisation, int]:
    """Integers of a layer with wide activations.

    Parameters
    ----------
    thresholds
        (out, levels), smallest accumulator of every level from 1 on, sorted; ``highest + 1`` where none
        reaches it.
    gain
        (out,), levels per unit of the accumulator, about.
    lowest, highest
        (out,), ends of the accumulators.

    Returns
    -------
    Requantisation, int
        And how many accumulators, over all channels and all that can occur, get another level than by the
        thresholds.
    """
    lines = [
        _channel(steps, float(slope), int(low), int(high))
        for steps, slope, low, high in zip(thresholds, gain, lowest, highest, strict=True)
    ]
    return (
        Requantisation(
            np.array([line.multiplier for line in lines], np.int32),
            np.array([line.offset for line in lines], np.int64),
            np.array([line.shift for line in lines], np.int32),
        ),
        sum(line.wrong for line in lines),
    )


def _channel(steps: NDArray[np.int64], gain: float, low: int, high: int) -> _Line:
    constant = int((steps <= low).sum())
    if np.all((steps <= low) | (steps > high)):
        return _Line(0, constant, 0, 0)
    best = None
    for shift in _shifts(gain):
        middle = min(round(gain * 2**shift), 2**MULTIPLIER_BITS - 1)
        for more in NEIGHBOURS:
            if not 1 <= middle + more < 2**MULTIPLIER_BITS:
                continue
            line = _with_offset(steps, middle + more, shift, low, high)
            if line.wrong == 0:
                return line
            if best is None or line.wrong < best.wrong:
                best = line
    return best or _Line(0, constant, 0, int(np.abs(np.clip(steps, low, high + 1) - low).sum()))


def _shifts(gain: float) -> list[int]:
    """Shifts at which the multiplier has most of its bits, a multiple of four first."""
    fitting = [shift for shift in range(MAX_SHIFT + 1) if gain * 2**shift < 2**MULTIPLIER_BITS - 1] or [0]
    largest = fitting[-1]
    return list(dict.fromkeys([largest - largest % SHIFT_STEP, largest, max(largest - 1, 0)]))


def _with_offset(steps: NDArray[np.int64], multiplier: int, shift: int, low: int, high: int) -> _Line:
    levels = np.arange(1, len(steps) + 1, dtype=np.int64)
    lines = (levels << shift) - (1 << shift >> 1)
    least = lines - multiplier * steps  # of an offset that reaches the level at its threshold
    most = least + multiplier - 1  # and does not reach it one accumulator earlier
    least, most = least[steps <= high], most[steps > low]
    if least.max() <= most.min():
        return _Line(multiplier, int(least.max() + most.min()) // 2, shift, 0)
    # No offset serves all levels: the ends of the ranges are where the number of wrong accumulators changes.
    offsets = np.unique(np.concatenate([least, most]))
    reached = -((offsets[:, None] - lines) // multiplier)  # ceil((lines - offset) / multiplier)
    wrong = np.abs(np.clip(reached, low, high + 1) - steps).sum(axis=1)
    place = int(np.argmin(wrong))
    return _Line(multiplier, int(offsets[place]), shift, int(wrong[place]))
