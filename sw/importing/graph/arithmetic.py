"""Arithmetic of constants: sizes that a network asks for to flatten a map, and scales that it works out."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sw.importing.graph.graph import Node

__all__ = ["ARITHMETIC", "computed"]

MOST_NUMBERS = 2**13
"""Numbers that such a node may take together. Scales and sizes are fewer, and the largest array that two of
them can be spread to takes 64 MiB."""

Work = Callable[..., NDArray]


def computed(node: Node, parts: list[NDArray]) -> NDArray | None:
    """What a node makes of its inputs, in their own type, as the source does; None if they are too many."""
    if sum(part.size for part in parts) > MOST_NUMBERS:
        return None
    with np.errstate(all="ignore"):  # what is not finite is refused where it is used
        return ARITHMETIC[node.op](node, *parts)


def _unsqueezed(node: Node, values: NDArray, axes: NDArray | None = None) -> NDArray:
    given = node.attributes.get("axes", ()) if axes is None else axes
    return np.expand_dims(values, tuple(int(axis) for axis in given))


def _gathered(node: Node, values: NDArray, places: NDArray) -> NDArray:
    return np.take(values, places, axis=int(node.attributes.get("axis", 0)))


def _joined(node: Node, *parts: NDArray) -> NDArray:
    return np.concatenate(parts, axis=int(node.attributes["axis"]))


def _power(node: Node, values: NDArray, exponent: NDArray) -> NDArray:
    return np.power(values, exponent).astype(values.dtype)


def _quotient(node: Node, values: NDArray, divisor: NDArray) -> NDArray:
    return values // divisor if values.dtype.kind in "iu" else values / divisor


ARITHMETIC: dict[str, Work] = {
    "Gather": _gathered,
    "Unsqueeze": _unsqueezed,
    "Concat": _joined,
    "Add": lambda node, a, b: a + b,
    "Sub": lambda node, a, b: a - b,
    "Mul": lambda node, a, b: a * b,
    "Div": _quotient,
    "Pow": _power,
    "Sqrt": lambda node, a: np.sqrt(a),
}
"""All of them by operator. A new one is a new line here."""
