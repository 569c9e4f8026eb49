"""Layers as they are made: their stack, and the nodes that add up and so begin one.

These are convolutions, dense layers, means, and additions of two maps.
"""

from dataclasses import replace
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.design import Layer
from sw.design.paths import IMAGE, sources_of
from sw.errors import EngramError
from sw.importing.chain import Affine
from sw.importing.graph.constants import Constant, Constants
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout
from sw.importing.layers import Features, Made, Map, features, settled
from sw.importing.shapes import Window, covering, layer_of, ungrouped, window_of
from sw.importing.signal import Levels, Signal, Sums
from sw.reference.frontend import convolve

__all__ = ["Stack", "averaged", "convolved", "dense", "joined"]

LARGEST_WEIGHT = 127


class Stack:
    """Layers in their order.

    Attributes
    ----------
    made
        All of them but those of the last convolution or addition, which :meth:`features` gives.
    """

    def __init__(self) -> None:
        self.made: list[Made] = []

    def settle(self, signal: Signal, node: Node, at_edges: bool) -> tuple[int, Map]:
        """Make the layers that a signal needs, see :func:`sw.importing.layers.settled`; gives the number of
        the last one, or of the one that it comes from, and the map."""
        made, source = settled(signal, node, at_edges)
        placed = self._placed(signal, made)
        self.made += placed
        return len(self.made) - 1 if placed else signal.base.sources[0], source

    def features(self, signal: Signal, head: Node | None, thresholds: int | None) -> Features:
        """The last layers, see :func:`sw.importing.layers.features`."""
        found = features(signal, head, thresholds)
        return replace(found, made=tuple(self._placed(signal, found.made)))

    def forked(self, signal: Signal, node: Node) -> Signal:
        """A signal that several nodes take, the first of them `node`: its layers are made for all of them."""
        number, source = self.settle(signal, node, False)
        levels = Levels(source.shape, source.top, number)
        return Signal(signal.tensor, levels, (Affine(source.gain, source.offset),), signal.layout)

    def widen(self, one: int, other: int) -> None:
        """Give the outputs of two layers the same number of bits."""
        numbers = [self._activated(number) for number in (one, other)]
        bits = [self.made[number].layer.activation_bits or 0 for number in numbers]
        for number, own in zip(numbers, bits, strict=True):
            before = self.made[number]
            if own < max(bits) and before.wider is not None:
                wider = before.wider(max(bits))
                layer = wider.layer.model_copy(update={"inputs": before.layer.inputs})
                self.made[number] = replace(wider, layer=layer, output=before.output)

    def longer_first(self, one: int, other: int) -> tuple[int, int]:
        """Two layers, first the one with more layers before it: hardware takes the maps in that order, so the
        one that comes early waits, in a queue of its own, and not the other behind it."""
        lengths: list[int] = []
        for number, sources in enumerate(sources_of([made.layer for made in self.made])):
            lengths.append(1 + max((lengths[source] for source in sources if number), default=0))
        first, second = sorted((one, other), key=lambda number: (lengths[number], number), reverse=True)
        return first, second

    def _activated(self, number: int) -> int:
        """The layer whose activation gives the levels of a layer: its own, or that ahead of max-pools."""
        while not self.made[number].layer.has_weights:
            number = (self.made[number].layer.inputs or (number - 1,))[0]
        return number

    def _placed(self, signal: Signal, made: tuple[Made, ...]) -> list[Made]:
        """New layers, one behind the other, with the numbers of the layers that the first one takes."""
        sources, placed = signal.base.sources, []
        for number, each in enumerate(made, len(self.made)):
            inputs = None if sources == (number - 1,) else sources
            layer = Layer.model_validate({**each.layer.model_dump(), "inputs": inputs})
            placed.append(replace(each, layer=layer))
            sources = (number,)
        return placed


def convolved(signal: Signal, node: Node, constants: Constants, stack: Stack, free: bool) -> Signal:
    """A convolution, behind which thresholds are `free` to differ from pixel to pixel, or not.

    Raises
    ------
    EngramError
        If hardware has none such, or its input is not quantised.
    """
    weights = _weights(node, constants, (3, 4))
    if weights.values.ndim == 3:  # of a signal, which is a map of one row
        weights = weights.moved(lambda values: values[:, :, np.newaxis])
    weight, scale = _integers(weights, node)
    window = window_of(node, signal.layout, (weight.shape[2], weight.shape[3]))
    channels, group = signal.channels, int(node.attributes.get("group", 1))
    if group < 1 or weight.shape[1] * group != channels or len(weight) % group:
        raise node.refused(
            f"weights {weight.shape} in {group} groups do not fit {channels} channels; export the file again"
        )
    layer = layer_of(node, window, channels, out=len(weight), groups=group)
    behind = _summed(signal, node, layer, weight, scale, stack, axes=signal.layout.axes, free=free)
    return _biased(behind, node, constants)


def dense(signal: Signal, node: Node, constants: Constants, stack: Stack, free: bool) -> Signal:
    """A dense layer: a kernel as large as the map, or 1 x 1 where it takes the channels of each pixel alone.

    Raises
    ------
    EngramError
        As :func:`convolved`.
    """
    layout = signal.layout
    if node.input(0) != signal.tensor or node.attributes.get("transA", 0):
        raise node.refused("supported is a map times constant weights, in this order")
    if any(node.attributes.get(name, 1.0) != 1 for name in ("alpha", "beta")):
        raise node.refused("supported are alpha 1 and beta 1")
    weights = _weights(node, constants, (2,))
    if not node.attributes.get("transB", 0):
        weights = weights.moved(np.transpose)
    weight, scale = _integers(weights, node)
    if weight.shape[1] != layout.dims[-1]:
        raise node.refused(
            f"its weights take {weight.shape[1]} values, {layout.dims[-1]} come; export the file again"
        )
    if len(layout.dims) == 1:
        window, weight = covering(node, layout.to_map(weight))
        axes, free = "C", True  # a single pixel, whose thresholds are those of its channels
    elif layout.axes[-1] == "C" and not layout.pixel:
        window, weight = Window((1, 1), (0, 0, 0, 0), 1), weight[..., np.newaxis, np.newaxis]
        axes = layout.axes
    else:
        raise node.refused(
            f"supported are all values of an image in one row, or channels as the last axis, it takes "
            f"{layout.dims}; put a Flatten ahead of it"
        )
    layer = layer_of(node, window, signal.channels, out=len(weight))
    behind = _summed(signal, node, layer, weight, scale, stack, axes=axes, free=free)
    return _biased(behind, node, constants)


def averaged(signal: Signal, node: Node, constants: Constants, stack: Stack, free: bool) -> Signal:
    """An average-pool: a depthwise convolution whose weights are all 1, and whose sums are then divided.

    The quantiser behind it says how the mean is rounded, as behind any other layer.

    Raises
    ------
    EngramError
        As :func:`convolved`.
    """
    channels, height, width = signal.map_shape
    whole = node.op == "GlobalAveragePool"
    window = window_of(node, signal.layout, (height, width) if whole else None)
    weight = np.ones((channels, 1, *window.kernel), np.int64)
    scale = (Fraction(1, prod(window.kernel)),) * channels
    if whole:
        window, weight = covering(node, weight)
    counted = node.attributes.get("count_include_pad", 0) or not any(window.padding) or whole
    if not counted or node.attributes.get("ceil_mode", 0):
        raise node.refused("supported are means of whole windows, where padded with count_include_pad")
    layer = layer_of(node, window, channels, out=channels, groups=channels)
    return _summed(signal, node, layer, weight, scale, stack, axes=signal.layout.axes, free=whole)


def _weights(node: Node, constants: Constants, ranks: tuple[int, ...]) -> Constant:
    """Weights of a node; raises EngramError if they are no constant of one of so many axes."""
    weights = constants.get(node.input(1))
    if weights is None:
        raise node.refused("its weights must be constants of the file, they are computed")
    if weights.values.ndim not in ranks or weights.values.size == 0:
        raise node.refused(
            f"supported are weights of {' or '.join(map(str, ranks))} axes, got shape {weights.values.shape}"
        )
    return weights


def _integers(weights: Constant, node: Node) -> tuple[NDArray[np.int64], tuple[Fraction, ...]]:
    """Integers (out, ...) and one scale for every output channel; raises EngramError if they are others."""
    if weights.scale is None:
        raise node.refused(
            "its weights must be integers with a scale (Quant, BipolarQuant or DequantizeLinear), they are "
            f"{weights.values.dtype}; quantise them and export again"
        )
    low, high = weights.values.min(), weights.values.max()
    if max(-low, high) > LARGEST_WEIGHT:
        raise node.refused(
            f"weights must be integers -127 to 127 without their zero point, got {low} to {high}; use a "
            "narrow range"
        )
    flat = weights.scale.reshape(len(weights.scale), -1)
    if np.any(flat != flat[:, :1]) or not np.all(np.isfinite(flat)):
        raise node.refused("its weights must have one finite scale for all, or one for each output channel")
    return weights.values, tuple(Fraction(float(each)) for each in flat[:, 0])


def _biased(signal: Signal, node: Node, constants: Constants) -> Signal:
    """The signal with the node's own bias, if it has one."""
    bias = (Fraction(0),) * signal.channels
    if node.input(2):
        numbers = constants.numbers(node, 2, "its bias").ravel()
        if numbers.size not in (1, signal.channels):
            raise node.refused(f"its bias must have {signal.channels} numbers, got {numbers.size}")
        bias = tuple(Fraction(float(number)) for number in np.broadcast_to(numbers, signal.channels))
    return signal.scaled(node, (Fraction(1),) * signal.channels, bias)


def _summed(
    signal: Signal,
    node: Node,
    layer: Layer,
    weight: NDArray[np.int64],
    scale: tuple[Fraction, ...],
    stack: Stack,
    *,
    axes: str,
    free: bool,
) -> Signal:
    """The signal behind sums; `scale` is that of the weights, `axes` those of the tensor."""
    number, source = stack.settle(signal, node, any(map(any, layer.pads)) and not free)
    if source.halves:
        layer, weight = ungrouped(layer, weight)
        weight = np.concatenate([weight, -weight], axis=1)
    shape = layer.output_shape(source.shape)
    gains = _gains(source, weight, node)
    gain = tuple(ours * other for ours, other in zip(scale, gains, strict=True))
    shift = _shift(source, weight, layer)
    base = Sums(node, layer, weight, source.shape, shape, source.top, shift, (number,))
    behind = Signal(node.outputs[0], base, (), Layout(shape, axes))
    return behind.scaled(node, gain, (Fraction(0),) * len(weight))


def joined(first: Signal, second: Signal, node: Node, stack: Stack) -> Signal:
    """The signal behind an addition of two maps, whose integers have one scale."""
    numbers, maps = zip(*(stack.settle(signal, node, False) for signal in (first, second)), strict=True)
    one, other = maps
    if one.shape != other.shape or first.layout.dims != second.layout.dims:
        raise node.refused(
            f"maps that are added must have one shape, got {first.layout.dims} and {second.layout.dims}"
        )
    # Two layouts may differ and mean the same, such as a row of channels and a flattened map of one pixel.
    order = np.arange(prod(one.shape)).reshape(1, *first.layout.dims)
    if not np.array_equal(first.layout.to_map(order), second.layout.to_map(order)):
        raise node.refused(
            "maps that are added must have their values in one order, one of the two is transposed; export "
            "both ways alike"
        )
    if one.gain != other.gain:
        raise node.refused(
            "maps that are added must have one scale; share one quantiser between both, and export again"
        )
    if IMAGE in numbers or numbers[0] == numbers[1]:
        raise node.refused("maps that are added must be those of two layers, not the image nor one map twice")
    stack.widen(*numbers)
    sources = stack.longer_first(*numbers)
    layer = Layer.model_validate({"kind": "add1x1", "inputs": sources})
    weight = np.ones(layer.weight_shape(one.shape[0]), np.int64)
    nothing = np.full((one.shape[0], 1, 1), Fraction(0))
    top = max(one.top, other.top)
    base = Sums(node, layer, weight, one.shape, one.shape, top, nothing, sources)
    offset = tuple(mine + theirs for mine, theirs in zip(one.offset, other.offset, strict=True))
    return Signal(node.outputs[0], base, (), one.layout).scaled(node, one.gain, offset)


def _gains(source: Map, weight: NDArray[np.int64], node: Node) -> list[Fraction]:
    """Scale of the inputs of every output channel: those of one group have the same."""
    own = weight.shape[1]
    groups = len(source.gain) // own
    gains = [set(source.gain[group * own : (group + 1) * own]) for group in range(groups)]
    if any(len(each) > 1 for each in gains):
        raise node.refused("its input must have one scale for all channels of a group, it has several")
    return [min(gains[channel * groups // len(weight)]) for channel in range(len(weight))]


def _shift(source: Map, weight: NDArray[np.int64], layer: Layer) -> NDArray:
    """What the sums of u are more than those of ``u - z`` where the value is ``(u - z) * gain``."""
    if 0 in source.gain:
        raise EngramError(f"tensor {source.tensor!r} must have a scale, that of some channel is 0")
    zeros = [-offset / gain for offset, gain in zip(source.offset, source.gain, strict=True)]
    total = np.full((len(weight), 1, 1), Fraction(0))
    for zero in set(zeros) - {Fraction(0)}:
        inside = np.zeros((1, *source.shape), np.int64)
        inside[0, [channel for channel, each in enumerate(zeros) if each == zero]] = 1
        sums = convolve(inside, weight.astype(np.int8), layer)[0]
        total = total + sums.astype(object) * zero
    return total
