"""Requantisation of a trained layer: gain and offset of its batch norm as multiplier, offset and shift.

The exact value of an accumulator is ``gain * accumulator + offset``, in levels. A gain becomes a multiplier
of 15 bits over a power of two. Its error grows with the distance from an *anchor*, the integer accumulator
nearest to the middle of the levels, where the offset makes up for it.

Error bound: wherever the exact value lies within the levels 0 .. 2**n - 1, the integer rule before rounding
is off by less than ``2**-4 + 2**-shift`` of a level, ``2**-5 + 2**-shift`` if the multiplier reaches 2**11.
"""

import numpy as np
from numpy.typing import NDArray

from sw.reference.frontend import MULTIPLIER_BITS, Requantisation

__all__ = ["requantisation_of"]

SHIFT_STEP = 4
LARGEST_SHIFT = 28
"""Shifts are multiples of four up to this one, so most layers need only one or two, and hardware chooses
among few. Multipliers still use 12 of their 15 bits or more, unless the gain is below 2**-17."""


def requantisation_of(
    gain: NDArray[np.float64], offset: NDArray[np.float64], bits: int, reach: int
) -> Requantisation:
    """Integers of one layer.

    Parameters
    ----------
    gain, offset
        Per channel, in levels; no gain is negative, and a gain of 0 gives the same level everywhere.
    bits
        Width n of the activation.
    reach
        Magnitude that no accumulator exceeds, below 2**24.
    """
    assert np.all(gain >= 0) and reach < 2**24
    levels = 2**bits
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        middle = ((levels - 1) / 2 - offset) / gain
    anchor = np.where(gain > 0, np.clip(np.rint(middle), -reach, reach), 0)
    # Beyond the ends nothing changes, and a line steeper than one from end to end gives equal levels.
    value = np.clip(gain * anchor + offset, -1, levels)
    slope = np.minimum(gain, levels)
    shift = np.zeros(len(gain), np.int32)
    for candidate in range(0, LARGEST_SHIFT + 1, SHIFT_STEP):
        shift[np.rint(slope * 2.0**candidate) < 2**MULTIPLIER_BITS] = candidate
    multiplier = np.rint(slope * 2.0**shift)
    flat = multiplier == 0  # any shift does; one that another channel has needs no hardware of its own
    shift[flat] = shift[~flat].max(initial=0)
    scaled = np.floor(value * 2.0**shift + 0.5) - multiplier * anchor
    return Requantisation(multiplier.astype(np.int32), scaled.astype(np.int64), shift)
