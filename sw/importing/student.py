"""The walk through a graph, from the image to the head: what it finds is a student of hardware."""

from dataclasses import dataclass
from fractions import Fraction

from sw.errors import EngramError
from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import Graph, Node
from sw.importing.layers import Features, Made
from sw.importing.nodes import NODES
from sw.importing.signal import Signal, first_signal
from sw.importing.sums import Stack, averaged, convolved, joined

__all__ = ["InputRule", "Student", "read_student"]

AVERAGES = ("AveragePool", "GlobalAveragePool")
"""Operators that are layers ahead of the last convolution; behind it they belong to the head."""
LAYERS = ("Conv", "Join")
"""What begins a layer wherever it is, see :meth:`sw.importing.graph.graph.Graph.leads_to`."""


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
    walk = _Walk(graph, rule)
    while walk.step():
        pass
    signal, node = walk.tail()
    return Student(graph, tuple(walk.stack.made), walk.stack.features(signal, thresholds), node, rule)


class _Walk:
    """Signals by the tensors that they are, from the image on, until the last layer is there."""

    def __init__(self, graph: Graph, rule: InputRule):
        self._graph, self._constants, self.stack = graph, Constants(graph), Stack()
        signal = first_signal(graph.image, graph.shape, *rule.for_channels(graph.shape[0]))
        self._signals = {graph.image: signal}
        self._forked: set[str] = set()
        self._done: set[Node] = set()
        self._last = signal

    def step(self) -> bool:
        """Take the next node behind which layers are to come, or that is one; False if there is none."""
        for node in self._graph.nodes:
            inputs = [name for name in node.inputs if self._graph.follows(name)]
            if node in self._done or not inputs or not all(name in self._signals for name in inputs):
                continue
            if self._begins_layer(node) or any(self._graph.leads_to(each, *LAYERS) for each in node.outputs):
                self._done.add(node)
                self._take(node, inputs)
                return True
        return False

    def tail(self) -> tuple[Signal, Node | None]:
        """The last signal ahead of the head, and the node at which that begins; all that is not understood
        belongs to it."""
        signal, graph = self._last, self._graph
        if not any(node.op == "Conv" and node in self._done for node in graph.nodes):
            raise EngramError(
                f"{graph.path}: the network must have a convolution, it has none; use one that has"
            )
        left = [node for node in graph.nodes if self._begins_layer(node) and node not in self._done]
        ends = [name for name in self._signals if not self._takers_done(name)]
        if left or set(ends) != {signal.tensor}:
            other = left[0].words if left else repr(next(name for name in ends if name != signal.tensor))
            raise EngramError(
                f"{graph.path}: all ways of the network must meet in additions ahead of its head, {other} is "
                "on another way; supported is one head"
            )
        while True:
            takers = graph.takers(signal.tensor)
            if len(takers) != 1:
                return signal, takers[0] if takers else None
            (node,) = takers
            try:
                signal = self._behind(signal, node)
            except EngramError:
                return signal, node

    def _begins_layer(self, node: Node) -> bool:
        return (node.op == "Conv" and self._graph.follows(node.input(0))) or self._graph.joins(node)

    def _takers_done(self, tensor: str) -> bool:
        """Whether a tensor has takers, all of which are taken."""
        takers = self._graph.takers(tensor)
        return bool(takers) and all(node in self._done for node in takers)

    def _take(self, node: Node, inputs: list[str]) -> None:
        """The signal behind a node."""
        signals = [self._signal(name, node) for name in inputs]
        if self._graph.joins(node) and len(signals) == 2:
            signal = joined(signals[0], signals[1], node, self.stack)
        elif node.op == "Conv":
            # The quantiser has thresholds for every pixel, a layer or a pool ahead of it has not.
            free = not self._graph.leads_to(node.outputs[0], *LAYERS, "MaxPool")
            signal = convolved(signals[0], node, self._constants, self.stack, free)
        elif node.op in AVERAGES:
            signal = averaged(signals[0], node, self.stack)
        else:
            signal = self._behind(signals[0], node)
        self._signals[node.outputs[0]] = self._last = signal

    def _signal(self, tensor: str, node: Node) -> Signal:
        """The signal of a tensor; if it goes several ways, its layers are made first."""
        if len(self._graph.takers(tensor)) > 1 and tensor not in self._forked:
            self._forked.add(tensor)
            self._signals[tensor] = self.stack.forked(self._signals[tensor], node)
        return self._signals[tensor]

    def _behind(self, signal: Signal, node: Node) -> Signal:
        """The signal behind a node that begins no layer."""
        if node.op not in NODES:
            supported = ", ".join(["Conv", *AVERAGES, *NODES])
            raise node.refused(f"not supported ahead of the last convolution; supported are {supported}")
        return NODES[node.op](signal, node, self._constants)
