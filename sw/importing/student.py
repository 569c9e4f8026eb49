"""The walk through a graph, from the image to the head: what it finds is a student of hardware."""

from dataclasses import dataclass
from fractions import Fraction

from sw.errors import EngramError
from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import Graph, Node
from sw.importing.graph.layout import Layout
from sw.importing.layers import Features, Made
from sw.importing.nodes import NODES
from sw.importing.signal import Signal, first_signal
from sw.importing.sums import Stack, averaged, convolved, dense, joined

__all__ = ["InputRule", "Student", "last_dense", "read_student"]

DENSE = {"Gemm": dense, "MatMul": dense}
AVERAGES = ("AveragePool", "GlobalAveragePool")
"""Operators that are layers ahead of others; behind the last one they belong to the head."""
SUMS = {"Conv": convolved, **DENSE, **dict.fromkeys(AVERAGES, averaged)}
"""Operators whose sums begin a layer."""
DOMAINS = ("", "ai.onnx", "qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general", "finn")
"""Whose operators are meant; all but the first two are names that QONNX's quantisers have had."""
BY_MAP = {"Conv", "MaxPool", *AVERAGES}
"""Operators that need to know which pixels are neighbours."""


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
        All layers but the last with weights and what follows it, which are part of `features`.
    features
        The last layers and the bits of their output.
    head
        The node at which the head begins, which is cut off; None if the network ends before.
    rule
        What it takes for a pixel.
    image
        How its input lies, and the image that hardware takes.
    """

    graph: Graph
    made: tuple[Made, ...]
    features: Features
    head: Node | None
    rule: InputRule
    image: Layout

    @property
    def layers(self) -> tuple[Made, ...]:
        """All layers, first to last."""
        return (*self.made, *self.features.made)


def read_student(graph: Graph, rule: InputRule, thresholds: int | None = None) -> Student:
    """Find the layers of a network.

    The head is the last dense layer behind all convolutions. Where something on the way to it is not
    supported, it begins earlier: at the dense layer ahead of that.

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
        If something ahead of the last convolution or addition, or of the first dense layer of a network
        without one, is not supported, with the name of its node.
    """
    if not any(node.op in ("Conv", *DENSE) for node in graph.ahead(graph.image)):
        raise EngramError(
            f"{graph.path}: the network must have a convolution or a dense layer, it has none; use one that "
            "has"
        )
    heads = [last_dense(graph)]
    while True:
        walk = _Walk(graph, rule, heads[-1])
        try:
            signal, end = walk.run()
        except EngramError:
            head = walk.earlier_head()
            if head is None or head in heads:
                raise
            heads.append(head)
            continue
        made = walk.stack.made
        return Student(
            graph, tuple(made), walk.stack.features(signal, end, thresholds), end, rule, walk.image
        )


def last_dense(graph: Graph) -> Node | None:
    """The last dense layer of a network, if no convolution or addition of maps follows it."""
    found = None
    for node in graph.ahead(graph.image):
        if node.op in DENSE and not _layers(graph, graph.ahead(node.outputs[0])):
            found = node
    return found


def _layers(graph: Graph, nodes: list[Node]) -> list[Node]:
    """Those that begin a layer wherever they are; means do where others follow."""
    return [node for node in nodes if node.op in ("Conv", *DENSE) or graph.joins(node)]


def _check_domain(node: Node) -> None:
    if node.domain not in DOMAINS:
        raise node.refused(
            f"operators of {node.domain!r} may mean something else; supported are those of ONNX and QONNX, "
            "so export the file without them, such as without qonnx-to-channels-last"
        )


class _Walk:
    """Signals by the tensors that they are, from the image on, until the last layer ahead of `head` is there.

    Attributes
    ----------
    stack
        Layers so far.
    image
        How the input lies.
    """

    def __init__(self, graph: Graph, rule: InputRule, head: Node | None) -> None:
        self._graph, self._head, self._constants, self.stack = graph, head, Constants(graph), Stack()
        ahead = graph.ahead(graph.image, head)
        self._nodes = [node for node in graph.nodes if node in ahead]
        pixel = all(node.op not in BY_MAP for node in ahead)
        self.image = Layout(graph.shape, graph.axes, pixel=pixel)
        self._signals: dict[str, Signal] = {}
        self._keep(first_signal(graph.image, self.image, *rule.for_channels(graph.shape[0])))
        self._forked: set[str] = set()
        self._done: set[Node] = set()
        self._tried: Node | None = None

    def run(self) -> tuple[Signal, Node | None]:
        """The last signal ahead of the head, and the node at which that begins; raises EngramError with the
        name of the node that is not supported."""
        while self._step():
            pass
        return self._tail()

    def _step(self) -> bool:
        """Take the next node behind which layers are to come, or that is one; False if there is none."""
        for node in self._nodes:
            inputs = [name for name in node.inputs if self._graph.follows(name)]
            if node in self._done or not all(name in self._signals for name in inputs):
                continue
            if _layers(self._graph, [node, *self._ahead(node)]):
                self._tried = node
                self._take(node, inputs)
                self._done.add(node)
                return True
        return False

    def _tail(self) -> tuple[Signal, Node | None]:
        """As :meth:`run`, behind the last layer; what is not understood belongs to the head, unless no layer
        is ahead, or a dense one, at which the head begins then."""
        signal, graph = self._last, self._graph
        left = [node for node in _layers(graph, self._nodes) if node not in self._done]
        ends = [name for name in self._signals if not self._takers_done(name)]
        if left or set(ends) != {signal.tensor}:
            other = left[0].words if left else repr(next(name for name in ends if name != signal.tensor))
            raise EngramError(
                f"{graph.path}: all ways of the network must meet in additions ahead of its head, {other} is "
                "on another way; supported is one head"
            )
        while True:
            takers = graph.takers(signal.tensor)
            if len(takers) != 1 or takers[0] is self._head:
                return signal, takers[0] if takers else None
            try:
                signal = self._behind(signal, takers[0])
            except EngramError:
                begun = _layers(graph, [node for node in self._nodes if node in self._done])
                if not begun or any(node.op in DENSE for node in begun):
                    raise
                return signal, takers[0]
            self._keep(signal)

    def earlier_head(self) -> Node | None:
        """Where the head begins instead because the node that was tried last is refused: at a dense layer
        with others ahead of it, and no convolution or addition behind; None if there is no such."""
        if self._tried is None:
            return None
        begun = _layers(self._graph, [node for node in self._nodes if node in self._done])
        dense = [node for node in [*begun, self._tried] if node.op in DENSE]
        if not dense:
            dense = [node for node in self._ahead(self._tried) if node.op in DENSE][:1]
        if not dense or not [node for node in begun if node is not dense[-1]]:
            return None
        behind = [self._tried, *self._graph.ahead(dense[-1].outputs[0])]
        return None if any(node.op not in DENSE for node in _layers(self._graph, behind)) else dense[-1]

    def _ahead(self, node: Node) -> list[Node]:
        """Nodes behind one, up to the head."""
        return [each for name in node.outputs for each in self._graph.ahead(name, self._head)]

    def _takers_done(self, tensor: str) -> bool:
        """Whether a tensor has takers, all of which are taken."""
        takers = self._graph.takers(tensor)
        return bool(takers) and all(node in self._done for node in takers)

    def _take(self, node: Node, inputs: list[str]) -> None:
        """The signal behind a node."""
        _check_domain(node)
        signals = [self._signal(name, node) for name in inputs]
        if self._graph.joins(node) and len(signals) == 2:
            signal = joined(signals[0], signals[1], node, self.stack)
        elif node.op in SUMS:
            ops = {each.op for each in self._ahead(node)}
            # The quantiser has thresholds for every pixel, a layer or a pool ahead of it has not.
            free = not _layers(self._graph, self._ahead(node)) and "MaxPool" not in ops
            signal = SUMS[node.op](signals[0], node, self._constants, self.stack, free)
        else:
            signal = self._behind(signals[0], node)
        self._keep(signal)

    def _keep(self, signal: Signal) -> None:
        self._signals[signal.tensor] = self._last = signal
        self._constants.note(signal.tensor, (1, *signal.layout.dims))

    def _signal(self, tensor: str, node: Node) -> Signal:
        """The signal of a tensor; if it goes several ways, its layers are made first."""
        if len(self._graph.takers(tensor)) > 1 and tensor not in self._forked:
            self._forked.add(tensor)
            self._signals[tensor] = self.stack.forked(self._signals[tensor], node)
        return self._signals[tensor]

    def _behind(self, signal: Signal, node: Node) -> Signal:
        """The signal behind a node that begins no layer."""
        _check_domain(node)
        if node.op not in NODES:
            supported = ", ".join([*SUMS, *NODES])
            raise node.refused(f"not supported ahead of the head; supported are {supported}")
        return NODES[node.op](signal, node, self._constants)
