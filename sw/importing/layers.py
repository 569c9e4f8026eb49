"""From the chain between two convolutions to the integers of hardware layers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.design import Layer
from sw.design.layer import MAX_THRESHOLD_BITS, PIXEL_BITS
from sw.errors import EngramError
from sw.importing.chain import Affine, Operation, Pool, Stair, Step
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout
from sw.importing.graph.quantisers import steps_of
from sw.importing.halves import in_halves
from sw.importing.ladder import Ladder, counted, ladder_of, plain, reachable
from sw.importing.requantise import fitted
from sw.importing.signal import Levels, Signal, Sums
from sw.reference.frontend import LayerParameters

__all__ = ["Features", "Made", "Map", "features", "settled"]

MOST_THRESHOLDS = 15
"""Thresholds of one feature that a design may have."""


@dataclass(frozen=True, eq=False)
class Map:
    """Integers 0 .. top of a tensor, which has the value ``u * gain + offset`` per channel.

    With `halves` it is two maps of the tensor, see :mod:`sw.importing.halves`.
    """

    tensor: str
    layout: Layout
    top: int
    gain: tuple[Fraction, ...]
    offset: tuple[Fraction, ...]
    halves: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width in hardware."""
        channels, height, width = self.layout.map_shape
        return channels * (1 + self.halves), height, width


@dataclass(frozen=True, eq=False)
class Made:
    """A layer of hardware.

    Attributes
    ----------
    name
        Of the node that it comes from.
    layer, parameters
        What a bundle says of it.
    unequal, accumulators
        How many of so many possible accumulators its multiplication and shift give another level than the
        source, 0 for thresholds.
    output
        The source's tensor that its output is; None where the source has it no more, because a pool has been
        put behind the activation.
    wider
        Gives the same with more bits, whose upper levels nothing reaches; None where it has no activation.
    """

    name: str
    layer: Layer
    parameters: LayerParameters
    unequal: int = 0
    accumulators: int = 0
    output: Map | None = None
    wider: "Callable[[int], Made] | None" = None


@dataclass(frozen=True, eq=False)
class Features:
    """The last layers, and the bits of their output.

    Attributes
    ----------
    made
        The last convolution and what follows.
    thresholds
        int32, (h, w, C, L).
    levels
        For each of the L thresholds the smallest integer u of the source's map at which the bit is 1.
    source
        The source's map; its `top` is 0 if the source does not quantise it: then a bit is 1 where its value
        is above 0.
    """

    made: tuple[Made, ...]
    thresholds: NDArray[np.int32]
    levels: tuple[int, ...]
    source: Map


def settled(signal: Signal, node: Node, at_edges: bool) -> tuple[tuple[Made, ...], Map]:
    """The layers that a signal is made of since the last convolution, and the map that `node` takes.

    Parameters
    ----------
    signal
        Ahead of `node`.
    node
        A convolution.
    at_edges
        Whether it needs a map whose lowest level is the value 0.

    Raises
    ------
    EngramError
        If the signal is not quantised, or hardware cannot quantise so.
    """
    place, base = signal.stair, signal.base
    pools = [each for each in signal.chain if isinstance(each, Pool)]
    stair: Operation
    if place is None:
        line = signal.chain[0] if signal.chain else None
        if isinstance(base, Sums) or not isinstance(line, Affine) or len(signal.chain) > 1 + len(pools):
            raise node.refused(
                f"its input {signal.tensor!r} must be quantised (Quant, BipolarQuant or QuantizeLinear) "
                "since the last convolution; put a quantised activation there and export again"
            )
        _check_rising(line, pools, 0)
        if not at_edges or not any(line.offset):
            return _pooled(pools, Map(signal.tensor, signal.layout, base.top, line.gain, line.offset))
        place, stair = 0, Stair(steps_of("FLOOR", 0, base.top), line.gain, line.offset)
    else:
        stair = signal.chain[place]
    assert isinstance(stair, Stair)
    _check_rising(stair, pools, sum(isinstance(each, Pool) for each in signal.chain[:place]))
    ladder = ladder_of(signal, signal.chain[:place], stair.steps, node)
    assert np.all(ladder.thresholds == ladder.thresholds[..., :1, :1])  # at_edges sees to it
    steps = ladder.thresholds[..., 0, 0]
    below, top = reachable(steps, ladder)
    below = min(below, _level_of_zero(stair))
    if (top - below).bit_length() > PIXEL_BITS:
        raise node.refused(f"its input has {top - below + 1} levels; supported are up to {2**PIXEL_BITS}")
    stair, steps = stair.cut(below, top), steps[:, below:top]
    source = Map(signal.tensor, signal.layout, stair.top, stair.gain, stair.offset)
    same = isinstance(base, Levels) and bool(np.all(ladder.signs > 0)) and _counting(steps, base.top)
    if at_edges and any(stair.offset):
        made: tuple[Made, ...] = ()
        slopes = _slopes(signal, place)
        if pools or (isinstance(base, Sums) and base.layer.adds):
            # The largest of several values has no part below 0 that is the largest of theirs, and an addition
            # gives one map, so it becomes two behind that, in a layer of its own.
            made, _ = _pooled(pools, source)
            made = made if same else (_activating(ladder, steps, slopes), *made)
            made = tuple(replace(each, output=None) for each in made)
            ladder, slopes = counted(source.shape, source.top, node), [Fraction(1)] * signal.channels
            steps = ladder.thresholds[..., 0, 0]
        ladder, steps, gain = in_halves(ladder, steps, stair, node)
        nothing = (Fraction(0),) * len(gain)
        source = Map(signal.tensor, signal.layout, steps.shape[1], gain, nothing, halves=True)
        return (*made, replace(_activating(ladder, steps, slopes * 2), output=source)), source
    if same:
        return _pooled(pools, source)
    first = _activating(ladder, steps, _slopes(signal, place))
    made, source = _pooled(pools, source)
    if not made:
        return (replace(first, output=source),), source
    return (first, *made), source


def _counting(steps: NDArray[np.int64], top: int) -> bool:
    """Whether every channel takes its steps at 1, 2 .. top, and so stays what it is."""
    return steps.shape[1] == top and bool(np.all(steps == np.arange(1, top + 1)))


def features(signal: Signal, head: Node | None, most: int | None) -> Features:
    """The last layers, and the thresholds at which their output becomes bits.

    Parameters
    ----------
    signal
        Behind the last activation and pool that could be taken.
    head
        What takes it; names a layer of pixels that nothing else comes between.
    most
        Thresholds per feature; None takes all levels of the source, up to 15.

    Raises
    ------
    EngramError
        If hardware has no such layers, or the source has fewer levels.
    """
    base, place = signal.base, signal.stair
    prefix: tuple[Operation, ...] = signal.chain
    steps: tuple[Step, ...] = (Step(Fraction(0), True),)
    node = base.node if isinstance(base, Sums) else head
    assert node is not None
    pools = [each for each in signal.chain if isinstance(each, Pool)]
    if place is None:
        source = Map(signal.tensor, signal.layout, 0, (), ())
    else:
        stair = signal.chain[place]
        assert isinstance(stair, Stair)
        prefix, steps = signal.chain[:place], stair.steps
        _check_rising(stair, pools, sum(isinstance(each, Pool) for each in prefix))
        source = Map(signal.tensor, signal.layout, stair.top, stair.gain, stair.offset)
    for pool in pools:
        if any(map(any, pool.layer.pads)):
            raise EngramError(
                f"node {pool.name!r}: a max-pool with padding behind the last convolution, where values may "
                "be negative; supported is one without"
            )
    ladder = ladder_of(signal, prefix, steps, node)
    below, top = reachable(ladder.thresholds, ladder)
    levels = range(below + 1, top + 1)
    count = min(len(levels), MOST_THRESHOLDS) if most is None else most
    if not 1 <= count <= min(len(levels), MOST_THRESHOLDS):
        raise EngramError(
            f"--thresholds must be 1 to {min(len(levels), MOST_THRESHOLDS)}, as the last activation of the "
            f"network has steps that are reached, got {count}"
        )
    # evenly spread where there are more steps than thresholds
    kept = tuple(levels[round((at + 1) * (len(levels) + 1) / (count + 1)) - 1] for at in range(count))
    assert not pools or np.all(ladder.thresholds == ladder.thresholds[..., :1, :1])
    chosen = ladder.thresholds[:, [level - 1 for level in kept]]  # (C, L, 1 or h, 1 or w)
    channels, height, width = signal.map_shape
    spread = np.broadcast_to(chosen, (channels, count, height, width)).transpose(2, 3, 0, 1)
    layer, parameters = plain(ladder, None)
    made = (Made(ladder.name, layer, parameters), *_pool_layers(pools))
    return Features(made, np.ascontiguousarray(spread.astype(np.int32)), kept, source)


def _slopes(signal: Signal, place: int) -> list[Fraction]:
    """Levels per unit of the sums, about, of every channel up to the quantiser at `place`."""
    lines = [each for each in signal.chain[:place] if isinstance(each, Affine | Stair)]
    return [
        prod((abs(each.gain[channel]) for each in lines), start=Fraction(1))
        for channel in range(signal.channels)
    ]


def _activating(
    ladder: Ladder, steps: NDArray[np.int64], slopes: list[Fraction], least_bits: int = 1
) -> Made:
    """The layer with its activation, by thresholds, or by multiplication and shift from 5 bits on."""
    bits = max(steps.shape[1].bit_length(), least_bits)
    wider = partial(_activating, ladder, steps, slopes)
    never = ladder.highest[:, None] + 1
    full = np.concatenate([steps, np.repeat(never, 2**bits - 1 - steps.shape[1], axis=1)], axis=1)
    layer, parameters = plain(ladder, bits)
    if bits <= MAX_THRESHOLD_BITS:
        activated = LayerParameters(parameters.weight, full.astype(np.int32))
        return Made(ladder.name, layer, activated, wider=wider)
    tables, unequal = fitted(full, np.array([float(each) for each in slopes]), ladder.lowest, ladder.highest)
    made = LayerParameters(parameters.weight, parameters.thresholds, tables)
    accumulators = int((ladder.highest - ladder.lowest + 1).sum())
    return Made(ladder.name, layer, made, unequal, accumulators, wider=wider)


def _level_of_zero(stair: Stair) -> int:
    """Level of the value 0, if all channels have one, else the highest: paddings are 0, so it stays."""
    levels = {-offset / gain if gain else -1 for offset, gain in zip(stair.offset, stair.gain, strict=True)}
    zero = min(levels)
    return int(zero) if len(levels) == 1 and zero % 1 == 0 and 0 <= zero <= stair.top else stair.top


def _check_rising(line: Affine | Stair, pools: list[Pool], before: int) -> None:
    """Refuse pools behind a negative gain: hardware takes the largest of the integers."""
    if len(pools) > before and min(line.gain) < 0:
        raise EngramError(
            f"node {pools[-1].name!r}: a max-pool behind a negative scale; supported are positive ones"
        )


def _pool_layers(pools: list[Pool]) -> list[Made]:
    empty = LayerParameters(np.zeros((0,) * 4, np.int8), np.zeros((0, 0), np.int32))
    return [Made(pool.name, pool.layer, empty) for pool in pools]


def _pooled(pools: list[Pool], source: Map) -> tuple[tuple[Made, ...], Map]:
    """Layers of pools, the last of which gives the map."""
    made = _pool_layers(pools)
    return (*made[:-1], *(replace(each, output=source) for each in made[-1:])), source
