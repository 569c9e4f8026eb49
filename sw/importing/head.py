"""The head of a network: where it is a dense layer of signs on the feature bits, it is templates.

Let bit f of an image be one of L thermometer bits of a feature, w the signs of a class. Then the sum of
``w * u`` over the features is the number of bits that equal the template whose bits are 1 where w is +1, less
L times the number of negative w. So logits are matches times a gain plus an offset, for each class its own,
and where those are the same for all classes the class with most matches is the one of the largest logit.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError
from sw.importing.chain import Affine
from sw.importing.graph.constants import Constant, Constants
from sw.importing.graph.graph import Graph, Node
from sw.importing.graph.layout import Layout
from sw.importing.layers import Features
from sw.importing.nodes import NODES
from sw.importing.signal import Levels, Signal
from sw.importing.student import last_dense

__all__ = ["Head", "read_head"]

RESHAPING = ("Flatten", "Reshape", "Identity", "Dropout", "Squeeze")
LINES = ("Add", "Sub", "Mul", "Div", "BatchNormalization", "Identity")
KEEPING_ORDER = ("Softmax", "LogSoftmax")
"""Nodes behind which the largest value is still the largest."""


@dataclass(frozen=True, eq=False)
class Head:
    """Templates of a network's head.

    Attributes
    ----------
    templates
        uint8, (classes, F), in the order of :mod:`sw.reference.quantiser`.
    exact
        Whether their scores give the classes of the head.
    words
        For people: what the head is, or why it is no templates.
    """

    templates: NDArray[np.uint8]
    exact: bool
    words: str


@dataclass(frozen=True, eq=False)
class _Dense:
    """Weights (classes, C, h, w), bias, and what comes behind."""

    weights: Constant
    bias: NDArray | None
    node: Node


def read_head(graph: Graph, features: Features) -> Head:
    """Templates of what follows the features.

    Where the head is a dense layer but no templates, its signs are a start; where it is something else, all
    bits are 0. Either is for ``engram templates`` to replace.

    Raises
    ------
    EngramError
        If the file does not tell how many classes there are.
    """
    constants = Constants(graph)
    classes = graph.classes or _classes(graph, constants)
    count = features.thresholds.shape[-1]
    size = prod(features.thresholds.shape[:-1])
    dense = _dense_of(graph, constants, features.source.tensor, size, classes)
    if isinstance(dense, str):
        return Head(np.zeros((classes, size * count), np.uint8), False, dense)
    maps = features.source.layout.to_map(dense.weights.values).transpose(0, 2, 3, 1)
    templates = np.repeat((maps >= 0).reshape(classes, -1), count, axis=1).astype(np.uint8)
    why = _why_not(graph, constants, dense, features, maps)
    said = why or "its head is one layer of signs on these bits: templates, score = matches"
    return Head(np.ascontiguousarray(templates), not why, said)


def _classes(graph: Graph, constants: Constants) -> int:
    """Outputs of the last dense layer, where the file leaves their number open."""
    node = last_dense(graph)
    weights = None if node is None else constants.get(node.input(1))
    if node is None or weights is None or weights.values.ndim != 2:
        raise EngramError(
            f"{graph.path}: its output must have a size, (N, classes), it is left open; export the network "
            "with an example image"
        )
    return max(weights.values.shape[0 if node.attributes.get("transB", 0) else 1], 2)


def _dense_of(graph: Graph, constants: Constants, tensor: str, size: int, classes: int) -> _Dense | str:
    """The dense layer on all features, or what is there instead."""
    while True:
        takers = graph.takers(tensor)
        if len(takers) != 1:
            return f"its head begins with {len(takers)} nodes"
        (node,) = takers
        if node.op not in RESHAPING:
            break
        tensor = node.outputs[0]
    if node.op not in ("Gemm", "MatMul"):
        return f"its head begins with {node.words}, no dense layer"
    weights = constants.get(node.input(1))
    turned = node.op == "Gemm" and bool(node.attributes.get("transB", 0))
    shape = (classes, size) if turned else (size, classes)
    if weights is None or weights.values.shape != shape or node.attributes.get("transA", 0):
        return f"its head begins with {node.words}, no dense layer from {size} features to {classes} classes"
    if any(node.attributes.get(name, 1.0) != 1 for name in ("alpha", "beta")):
        return f"{node.words} has a factor"
    bias = None
    if node.input(2):
        bias = np.broadcast_to(constants.numbers(node, 2, "its bias").reshape(-1), (classes,))
    return _Dense(weights if turned else weights.moved(np.transpose), bias, node)


def _why_not(graph: Graph, constants: Constants, dense: _Dense, features: Features, maps: NDArray) -> str:
    """Why the scores of templates would not give the classes of the head; empty if they do."""
    name, source, levels = dense.node.words, features.source, features.levels
    if dense.weights.scale is None or np.any(np.abs(maps) != 1):
        return f"{name} has other weights than -1 and +1"
    if not source.top:
        return f"{name} takes features that are not quantised"
    if len(set(source.gain)) > 1 or levels != tuple(range(levels[0], levels[-1] + 1)):
        return f"{name} takes more levels than features have thresholds, or scales that differ by channel"
    classes, gain, below = len(maps), source.gain[0], levels[0] - 1
    negative = (maps < 0).reshape(classes, -1).sum(axis=1)
    # of every feature the part that no bit tells, see the module's text
    silent = [gain * below + offset for offset in source.offset]
    by_channel = maps.sum(axis=(1, 2))
    scale = [Fraction(float(each)) for each in dense.weights.scale.reshape(classes, -1)[:, 0]]
    offsets = [
        factor
        * (sum(int(w) * part for w, part in zip(row, silent, strict=True)) - gain * len(levels) * int(less))
        for factor, row, less in zip(scale, by_channel, negative, strict=True)
    ]
    if dense.bias is not None:
        offsets = [each + Fraction(float(more)) for each, more in zip(offsets, dense.bias, strict=True)]
    line = Affine(tuple(factor * gain for factor in scale), tuple(offsets))
    behind = _behind(
        graph,
        constants,
        Signal(dense.node.outputs[0], Levels((1, 1, 1)), (line,), Layout((classes, 1, 1), "C")),
    )
    if isinstance(behind, str):
        return behind
    if len(set(behind.gain)) > 1 or len(set(behind.offset)) > 1 or behind.gain[0] <= 0:
        return f"{name} and what follows give classes different gains or offsets, which templates have not"
    return ""


def _behind(graph: Graph, constants: Constants, signal: Signal) -> Affine | str:
    """Gain and offset of the matches of every class at the output of the graph, or what stands in the way."""
    while takers := graph.takers(signal.tensor):
        node = takers[0]
        if len(takers) > 1 or node.op not in LINES + KEEPING_ORDER:
            return f"{node.words} follows the dense layer"
        if node.op in KEEPING_ORDER:
            signal = signal.renamed(node)
            continue
        try:
            signal = NODES[node.op](signal, node, constants)
        except EngramError as error:
            return str(error)
    (line,) = signal.chain
    assert isinstance(line, Affine)
    return line
