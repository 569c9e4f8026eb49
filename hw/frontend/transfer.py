"""Transfer: a layer's requantisation as hardware keeps it, in as few bits as its channels need.

A channel whose level is the same at every accumulator it can reach, such as one without weights, becomes that
level with multiplier 0. The half that rounds is part of the offset.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference.frontend import LayerParameters, Requantisation, requantise

__all__ = ["Transfer"]

BEYOND = 2**31
"""No accumulator is as large, see :func:`sw.reference.frontend.requantise`."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """Multiplier, offset and shift of every channel of a layer that requantises.

    Parameters
    ----------
    layer, shape, parameters
        The layer and its trained integers.
    """

    layer: Layer
    shape: LayerShape
    parameters: LayerParameters

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Smallest and largest accumulator of every channel, (2, C)."""
        weight = self.parameters.weight.astype(np.int64).reshape(len(self.parameters.weight), -1)
        largest_input = 2**self.shape.input_bits - 1
        return np.array([np.minimum(weight, 0).sum(1), np.maximum(weight, 0).sum(1)]) * largest_input

    @cached_property
    def tables(self) -> Requantisation:
        """The trained tables, but flat where the level is constant; offsets include the half that rounds."""
        trained = self.parameters.requantisation
        lowest, highest = requantise(self._ends, trained, self.layer)
        flat = lowest == highest
        # Flat channels take a shift that another one needs anyway, and the one of the smallest offset.
        shift = np.where(flat, min(trained.shift[~flat].tolist(), default=0), trained.shift).astype(np.int64)
        offset = np.where(flat, lowest << shift, trained.offset) + (1 << shift >> 1)
        return Requantisation(np.where(flat, 0, trained.multiplier), offset, shift.astype(np.int32))

    @cached_property
    def shifts(self) -> tuple[int, ...]:
        """The different shifts, smallest first."""
        return tuple(sorted(set(self.tables.shift.tolist())))

    @cached_property
    def multiplier_bits(self) -> int:
        """Bits of an unsigned multiplier."""
        return max(1, int(self.tables.multiplier.max()).bit_length())

    @cached_property
    def offset_bits(self) -> int:
        """Bits of a signed offset."""
        return _signed_bits(self.tables.offset)

    @cached_property
    def total_bits(self) -> int:
        """Bits of a signed accumulator times its multiplier plus its offset."""
        return _signed_bits(self._ends * self.tables.multiplier + self.tables.offset)

    @property
    def choice_bits(self) -> int:
        """Bits that choose among :attr:`shifts`; 0 for a single one."""
        return (len(self.shifts) - 1).bit_length()

    @property
    def width(self) -> int:
        """Bits of one channel in the memory: offset, multiplier, choice of the shift."""
        return self.offset_bits + self.multiplier_bits + self.choice_bits

    def thresholds(self) -> NDArray[np.int64]:
        """Smallest accumulators that reach each level, (C, 2**n - 1).

        The rule never falls, so counting those that are reached gives the same levels. Beyond what any
        channel can reach are the thresholds of levels that are always or never there.
        """
        assert self.layer.activation_bits is not None
        tables = self.tables
        levels = np.arange(1, 2**self.layer.activation_bits)
        missing = (levels << tables.shift[:, np.newaxis].astype(np.int64)) - tables.offset[:, np.newaxis]
        multiplier = tables.multiplier[:, np.newaxis].astype(np.int64)
        never = np.where(missing > 0, BEYOND, -BEYOND)
        # A quotient that is negated before and after it is rounded down is rounded up.
        return np.where(multiplier > 0, -(-missing // np.maximum(multiplier, 1)), never)

    def words(self) -> list[int]:
        """Memory words, channel by channel."""
        tables, mask = self.tables, 2**self.offset_bits - 1
        parts = (tables.offset.tolist(), tables.multiplier.tolist(), tables.shift.tolist())
        return [
            (self.shifts.index(shift) << self.multiplier_bits | multiplier) << self.offset_bits
            | offset & mask
            for offset, multiplier, shift in zip(*parts, strict=True)
        ]


def _signed_bits(values: NDArray[np.int64]) -> int:
    return int(np.maximum(values, ~values).max()).bit_length() + 1
