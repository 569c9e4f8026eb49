"""Where the levels of a layer begin, as integers of its accumulators."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from sw.bundle.checks import MAX_THRESHOLD
from sw.design import Layer
from sw.errors import EngramError
from sw.importing.chain import Affine, Bound, Operation, Stair, Step, sign_of, undone
from sw.importing.graph.graph import Node
from sw.importing.shapes import through
from sw.importing.signal import Signal, Sums
from sw.reference.frontend import LayerParameters

__all__ = ["Ladder", "counted", "ladder_of", "plain", "reachable"]


@dataclass(frozen=True, eq=False)
class Ladder:
    """A layer's weights, the ends of its accumulators, and where each level begins.

    Attributes
    ----------
    name
        Of the node that it comes from.
    layer
        Its window and channels, see :func:`plain`.
    weight
        int8, (out, in per group, rows, columns), negated for a channel whose levels fall when its sum rises.
    signs
        (out,), -1 for such a channel.
    lowest, highest
        (out,), ends of the accumulators with those weights.
    thresholds
        int64, (out, levels, h, w), smallest accumulator of every level from 1 on, ``highest + 1`` where none
        reaches it; h = w = 1 where all pixels have the same.
    """

    name: str
    layer: Layer
    weight: NDArray[np.int8]
    signs: NDArray[np.int64]
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]
    thresholds: NDArray[np.int64]


def ladder_of(signal: Signal, prefix: Sequence[Operation], steps: tuple[Step, ...], node: Node) -> Ladder:
    """Undo what a chain does, for every channel and level.

    Parameters
    ----------
    signal
        Says what the chain began with; for pixels the layer lets every channel through.
    prefix
        The chain up to the quantiser.
    steps
        Of the quantiser.
    node
        Names a layer of pixels.

    Raises
    ------
    EngramError
        If sums could exceed 2**24.
    """
    base, channels = signal.base, signal.channels
    if isinstance(base, Sums):
        name, layer, weight, top = base.node.name, base.layer, base.weight, base.top
        shift = base.shift
    else:  # pixels that are quantised anew: a layer that lets each channel through
        name, top = f"{node.name} input", base.top
        layer, weight = through(channels)
        shift = np.full((channels, 1, 1), Fraction(0))
    signs = np.array([sign_of(prefix, channel) for channel in range(channels)], np.int64)
    if layer.adds and np.any(signs < 0):
        raise EngramError(
            f"node {name!r}: a negative gain behind the sum of two maps; supported are positive ones"
        )
    weight = weight * signs[:, None, None, None]
    flat = weight.reshape(channels, -1)
    lowest, highest = np.minimum(flat, 0).sum(axis=1) * top, np.maximum(flat, 0).sum(axis=1) * top
    reach = max(int(np.abs(flat).sum(axis=1).max()) * top, int(highest.max()) + 1)
    if reach >= MAX_THRESHOLD:
        raise EngramError(
            f"node {name!r}: its sums must stay below 2**24, they reach {reach}; use fewer bits"
        )
    thresholds = np.empty((channels, len(steps), *shift.shape[1:]), np.int64)
    known: dict[tuple, int] = {}
    for channel in range(channels):
        ends = int(lowest[channel]), int(highest[channel])
        lines = [each for each in prefix if isinstance(each, Affine | Stair)]
        numbers = tuple((each.gain[channel], each.offset[channel]) for each in lines)
        # Of hundreds of pixels that are quantised alike, one is worked out.
        key = (numbers, ends, tuple(shift[channel].ravel()))
        if key in known:
            thresholds[channel] = thresholds[known[key]]
            continue
        known[key] = channel
        conditions = [undone(prefix, channel, Bound(*step, up=True)) for step in steps]
        # A shift has few different values, those of the edges and of the middle.
        for value in set(shift[channel].flat):
            found = [_threshold(each, int(signs[channel]), value, ends) for each in conditions]
            thresholds[channel][:, shift[channel] == value] = np.array(found)[:, None]
    return Ladder(name, layer, weight.astype(np.int8), signs, lowest, highest, thresholds)


def counted(shape: tuple[int, int, int], top: int, node: Node) -> Ladder:
    """A layer that gives a map (C, h, w) of integers 0 .. top as it is, ahead of `node`."""
    channels = shape[0]
    layer, weight = through(channels)
    ends = np.zeros(channels, np.int64), np.full(channels, top, np.int64)
    steps = np.tile(np.arange(1, top + 1)[:, np.newaxis, np.newaxis], (channels, 1, 1, 1))
    return Ladder(
        f"{node.name} input", layer, weight.astype(np.int8), np.ones(channels, np.int64), *ends, steps
    )


def _threshold(condition: Bound | bool, sign: int, shift: Fraction, ends: tuple[int, int]) -> int:
    """The smallest signed accumulator that meets a condition on the source's sum, which lacks `shift`."""
    low, high = ends
    if isinstance(condition, bool):
        return low if condition else high + 1
    assert condition.up == (sign > 0)
    bound = sign * (condition.bound + shift)
    return min(max(floor(bound) + 1 if condition.strict else ceil(bound), low), high + 1)


def reachable(thresholds: NDArray[np.int64], ladder: Ladder) -> tuple[int, int]:
    """Lowest level that some accumulator stays at, and highest that some reaches, at least one apart."""
    shape = (-1,) + (1,) * (thresholds.ndim - 1)
    below = int((thresholds <= ladder.lowest.reshape(shape)).sum(axis=1).min())
    top = int((thresholds <= ladder.highest.reshape(shape)).sum(axis=1).max())
    if top > below:
        return below, top
    return (below, below + 1) if below < thresholds.shape[1] else (below - 1, below)


def plain(ladder: Ladder, bits: int | None) -> tuple[Layer, LayerParameters]:
    """The layer with the fewest bits that hold its weights, and parameters without an activation."""
    widths: dict[str, int | None] = {"activation_bits": bits}
    if not ladder.layer.adds:
        widths["weight_bits"] = _bits_of(ladder.weight)
    layer = Layer.model_validate({**ladder.layer.model_dump(), **widths})
    return layer, LayerParameters(ladder.weight, np.zeros((len(ladder.weight), 0), np.int32))


def _bits_of(weight: NDArray[np.int8]) -> int:
    largest = int(np.abs(weight.astype(np.int64)).max())
    if largest <= 1:
        return 1 if np.all(weight) else 2
    return largest.bit_length() + 1
