"""Steps: what a layer unit does in one cycle, and how that is written in its schedule memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIDES", "Entry", "StepFormat"]

SIDES = ("top", "bottom", "left", "right")
"""Of the image, where the kernel may hang over."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One tap of the kernel with one word of input channels.

    Attributes
    ----------
    offset
        Words from the top left word of the window.
    overhangs
        For each of :data:`SIDES` the least overhang, in rows or columns of the kernel, at which the tap is
        outside the image; 0 for never.
    weight
        int64, (output_lanes, input_lanes).
    """

    offset: int
    overhangs: tuple[int, ...]
    weight: NDArray[np.int64]


@dataclass(frozen=True)
class StepFormat:
    """Bits of a step in the schedule memory: `taps` entries, then one bit that ends the group.

    Attributes
    ----------
    offset_bits, weight_bits
        Bits of an entry's offset and of each weight.
    depth
        Largest overhang of a kernel. An entry has one bit for each side and each overhang up to it, that says
        whether its tap is outside from this overhang on.
    weights
        Weights per entry.
    taps
        Entries per step.
    """

    offset_bits: int
    weight_bits: int
    depth: int
    weights: int
    taps: int

    @property
    def border_bits(self) -> int:
        """Bits of an entry that say when it is outside."""
        return len(SIDES) * self.depth

    @property
    def entry_width(self) -> int:
        """Bits of an entry: offset, borders, weights."""
        return self.offset_bits + self.border_bits + self.weights * self.weight_bits

    @property
    def width(self) -> int:
        """Bits of a step."""
        return self.entry_width * self.taps + 1

    def encode(self, taps: Sequence[Entry], weights: Sequence[Entry], *, ends_group: bool) -> int:
        """One word: where to read for `taps`, and the weights of `weights`; without entry these are 0."""
        word = int(ends_group) << (self.entry_width * self.taps)
        for place, entry in enumerate(taps):
            bits = self._borders(entry) << self.offset_bits | entry.offset
            word |= bits << (place * self.entry_width)
        mask = 2**self.weight_bits - 1
        for place, entry in enumerate(weights):
            packed = 0
            for value in reversed(entry.weight.reshape(-1).tolist()):
                packed = packed << self.weight_bits | value & mask
            word |= packed << (place * self.entry_width + self.offset_bits + self.border_bits)
        return word

    def _borders(self, entry: Entry) -> int:
        """The bit of each side's overhang, side by side and from the smallest overhang on."""
        sides = enumerate(entry.overhangs)
        return sum(1 << side * self.depth + overhang - 1 for side, overhang in sides if overhang)
