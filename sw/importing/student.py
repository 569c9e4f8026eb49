"""The walk through a graph, from the image to the head: what it finds is a student of hardware."""

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.design import Layer
from sw.errors import EngramError
from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import Graph, Node
from sw.importing.layers import Features, Made, Map, features, settled
from sw.importing.nodes import NODES
from sw.importing.shapes import Window, layer_of, ungrouped, window_of
from sw.importing.signal import Signal, Sums, first_signal
from sw.reference.frontend import convolve

__all__ = ["InputRule", "Student", "read_student"]

AVERAGES = ("AveragePool", "GlobalAveragePool")
"""Operators that are layers ahead of the last convolution; behind it they belong to the head."""


@dataclass(frozen=True)
class InputRule:
    """What the network takes for a pixel 0 .. 255: ``(pixel - offset) * scale``.

    Parameters
    ----------
    scale, offset
        One number, or one for each channel.
    """

    scale: tuple[Fraction, ...] = (Fraction(1, 255),)
    offset: tuple[Fraction, ...] = (Fraction(0),)

    def for_channels(self, channels: int) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
        """Gains and offsets of ``pixel * gain + offset``; raises EngramError if there are too many or few."""
        spread = []
        for name, numbers in (("scale", self.scale), ("offset", self.offset)):
            if len(numbers) not in (1, channels):
                raise EngramError(
                    f"--input-{name} must be one number, or one for each of {channels} channels, got "
                    f"{len(numbers)}"
                )
            spread.append(numbers * channels if len(numbers) == 1 else numbers)
        if 0 in spread[0]:
            raise EngramError("--input-scale must not be 0; give what one grey level is for the network")
        gain, less = spread
        return gain, tuple(-each * scale for each, scale in zip(less, gain, strict=True))


@dataclass(frozen=True, eq=False)
class Student:
    """A network as far as hardware takes it over.

    Attributes
    ----------
    graph
        Where it comes from.
    made
        All layers but the last convolution and what follows it, which are part of `features`.
    features
        The last layers and the bits of their output.
    head
        The node at which the head begins, which is cut off; None if the network ends before.
    rule
        What it takes for a pixel.
    """

    graph: Graph
    made: tuple[Made, ...]
    features: Features
    head: Node | None
    rule: InputRule

    @property
    def layers(self) -> tuple[Made, ...]:
        """All layers, first to last."""
        return (*self.made, *self.features.made)


def read_student(graph: Graph, rule: InputRule, thresholds: int | None = None) -> Student:
    """Find the layers of a network.

    Parameters
    ----------
    graph
        The network.
    rule
        What it takes for a pixel.
    thresholds
        Per feature; None for all steps of the last activation, up to 15.

    Raises
    ------
    EngramError
        If something ahead of the last convolution is not supported, with the name of its node.
    """
    constants = Constants(graph)
    signal = first_signal(graph.image, graph.shape, *rule.for_channels(graph.shape[0]))
    made: list[Made] = []
    convolved = False
    while True:
        takers = graph.takers(signal.tensor)
        ahead = graph.leads_to(signal.tensor, "Conv")
        if not ahead and not convolved:
            raise EngramError(
                f"{graph.path}: the network must have a convolution, it has none; use one that has"
            )
        if len(takers) != 1:
            if ahead:
                names = ", ".join(node.words for node in takers)
                raise EngramError(
                    f"tensor {signal.tensor!r} must go to one node, it goes to {names}; supported are "
                    "networks without branches"
                )
            return Student(graph, tuple(made), features(signal, thresholds), _first(takers), rule)
        (node,) = takers
        try:
            if node.op == "Conv":
                # The quantiser has thresholds for every pixel, a layer or a pool ahead of it has not.
                behind = node.outputs[0]
                free = not graph.leads_to(behind, "Conv") and not graph.leads_to(behind, "MaxPool")
                before, signal = _convolved(signal, node, constants, free)
                made += before
                convolved = True
            elif node.op in AVERAGES and ahead:
                before, signal = _averaged(signal, node)
                made += before
            elif node.op in NODES:
                signal = NODES[node.op](signal, node, constants)
            else:
                supported = ", ".join(["Conv", *AVERAGES, *NODES])
                raise node.refused(f"not supported ahead of the last convolution; supported are {supported}")
        except EngramError:
            # Behind the last convolution everything that is not understood belongs to the head.
            if ahead:
                raise
            return Student(graph, tuple(made), features(signal, thresholds), node, rule)


def _first(nodes: list[Node]) -> Node | None:
    return nodes[0] if nodes else None


def _convolved(
    signal: Signal, node: Node, constants: Constants, free: bool
) -> tuple[tuple[Made, ...], Signal]:
    """The layers ahead of a convolution, and the signal behind it, whose thresholds are `free` to differ from
    pixel to pixel or not."""
    weights = constants.get(node.input(1))
    if weights is None:
        raise node.refused("its weights must be constants of the file, they are computed")
    if weights.scale is None:
        raise node.refused(
            "its weights must be integers with a scale (Quant, BipolarQuant or DequantizeLinear), they are "
            f"{weights.values.dtype}; quantise them and export again"
        )
    weight = weights.values
    if weight.ndim != 4 or weight.size == 0:
        raise node.refused(f"supported are weights of two-dimensional kernels, got shape {weight.shape}")
    channels, group = signal.channels, int(node.attributes.get("group", 1))
    if group < 1 or weight.shape[1] * group != channels or len(weight) % group:
        raise node.refused(
            f"weights {weight.shape} in {group} groups do not fit {channels} channels; export the file again"
        )
    if np.abs(weight).max() > 127:
        raise node.refused(
            f"weights must be integers -127 to 127 without their zero point, got {weight.min()} to "
            f"{weight.max()}; use a narrow range"
        )
    window = window_of(node, signal.map_shape, (weight.shape[2], weight.shape[3]))
    layer = layer_of(node, window, channels, out=len(weight), groups=group)
    made, behind = _summed(signal, node, layer, weight, _scale_of(weights.scale, node), free=free)
    bias = (Fraction(0),) * len(weight)
    if node.input(2):
        numbers = constants.numbers(node, 2, "its bias").ravel()
        if numbers.size != len(weight):
            raise node.refused(f"its bias must have {len(weight)} numbers, got {numbers.size}")
        bias = tuple(Fraction(float(number)) for number in numbers)
    return made, behind.scaled(node, (Fraction(1),) * len(weight), bias)


def _averaged(signal: Signal, node: Node) -> tuple[tuple[Made, ...], Signal]:
    """An average-pool: a depthwise convolution whose weights are all 1, and whose sums are then divided.

    The quantiser behind it says how the mean is rounded, as behind any other layer.
    """
    channels, height, width = signal.map_shape
    if node.op == "GlobalAveragePool":
        window = Window((height, width), (0, 0, 0, 0), 1)
    else:
        window = window_of(node, signal.map_shape)
        counted = node.attributes.get("count_include_pad", 0) or not any(window.padding)
        if not counted or node.attributes.get("ceil_mode", 0):
            raise node.refused("supported are means of whole windows, where padded with count_include_pad")
    layer = layer_of(node, window, channels, out=channels, groups=channels)
    weight = np.ones(layer.weight_shape(channels), np.int64)
    scale = (Fraction(1, prod(window.kernel)),) * channels
    return _summed(signal, node, layer, weight, scale, free=False)


def _summed(
    signal: Signal,
    node: Node,
    layer: Layer,
    weight: NDArray[np.int64],
    scale: tuple[Fraction, ...],
    *,
    free: bool,
) -> tuple[tuple[Made, ...], Signal]:
    """The layers ahead of sums, and the signal behind them; `scale` is that of the weights."""
    made, source = settled(signal, node, any(map(any, layer.pads)) and not free)
    if source.halves:
        layer, weight = ungrouped(layer, weight)
        weight = np.concatenate([weight, -weight], axis=1)
    shape = layer.output_shape(source.shape)
    gains = _gains(source, weight, node)
    gain = tuple(ours * other for ours, other in zip(scale, gains, strict=True))
    base = Sums(node, layer, weight, source.shape, shape, source.top, _shift(source, weight, layer))
    behind = Signal(node.outputs[0], base, (), shape)
    return made, behind.scaled(node, gain, (Fraction(0),) * len(weight))


def _gains(source: Map, weight: NDArray[np.int64], node: Node) -> list[Fraction]:
    """Scale of the inputs of every output channel: those of one group have the same."""
    own = weight.shape[1]
    groups = len(source.gain) // own
    gains = [set(source.gain[group * own : (group + 1) * own]) for group in range(groups)]
    if any(len(each) > 1 for each in gains):
        raise node.refused("its input must have one scale for all channels of a group, it has several")
    return [min(gains[channel * groups // len(weight)]) for channel in range(len(weight))]


def _scale_of(scale: NDArray, node: Node) -> tuple[Fraction, ...]:
    """One scale for every output channel."""
    flat = scale.reshape(len(scale), -1)
    if np.any(flat != flat[:, :1]) or not np.all(np.isfinite(flat)):
        raise node.refused("its weights must have one finite scale for all, or one for each output channel")
    return tuple(Fraction(float(each)) for each in flat[:, 0])


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
