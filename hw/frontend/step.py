"""Steps: what a layer unit does in one cycle, and how that is written in its schedule memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BORDERS", "Entry", "StepFormat"]

BORDERS = ("top", "bottom", "left", "right")


@dataclass(frozen=True, eq=False)
class Entry:
    """One tap of the kernel with one word of input channels.

    Attributes
    ----------
    offset
        Words from the top left word of the window.
    borders
        Borders of the image at which the tap lies outside, as bits in the order of :data:`BORDERS`.
    weight
        int64, (output_lanes, input_lanes).
    """

    offset: int
    borders: int
    weight: NDArray[np.int64]


@dataclass(frozen=True)
class StepFormat:
    """Bits of a step in the schedule memory: `taps` entries, then one bit that ends the group.

    Attributes
    ----------
    offset_bits, weight_bits
        Bits of an entry's offset and of each weight.
    weights
        Weights per entry.
    taps
        Entries per step.
    """

    offset_bits: int
    weight_bits: int
    weights: int
    taps: int

    @property
    def entry_width(self) -> int:
        """Bits of an entry: offset, borders, weights."""
        return self.offset_bits + len(BORDERS) + self.weights * self.weight_bits

    @property
    def width(self) -> int:
        """Bits of a step."""
        return self.entry_width * self.taps + 1

    def encode(self, entries: Sequence[Entry], *, ends_group: bool) -> int:
        """One step; a place without entry has weights of 0."""
        word = int(ends_group) << (self.entry_width * self.taps)
        mask = 2**self.weight_bits - 1
        for place, entry in enumerate(entries):
            weights = 0
            for value in reversed(entry.weight.reshape(-1).tolist()):
                weights = weights << self.weight_bits | value & mask
            bits = (weights << len(BORDERS) | entry.borders) << self.offset_bits | entry.offset
            word |= bits << (place * self.entry_width)
        return word
