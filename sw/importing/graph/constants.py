"""Tensors of a graph that no image changes: scales, batch norms, and weights as integers with a scale."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.importing.graph.arithmetic import ARITHMETIC, computed
from sw.importing.graph.graph import Graph, Node
from sw.importing.graph.quantisers import ROUNDINGS, integer_range, quantised

__all__ = ["Constant", "Constants", "Settings", "quantiser_settings"]


@dataclass(frozen=True, eq=False)
class Constant:
    """Values of a tensor: ``values * scale`` in exact arithmetic.

    Attributes
    ----------
    values
        Integers where the tensor is quantised, else what the file holds.
    scale
        Of a quantised tensor, broadcast to the shape of `values`; None for others.
    """

    values: NDArray
    scale: NDArray | None = None

    @property
    def numbers(self) -> NDArray:
        """The values that the source computes with, which multiplies in float32."""
        if self.scale is None:
            return self.values
        return self.values.astype(np.float32) * self.scale.astype(np.float32)

    def moved(self, move: Callable[[NDArray], NDArray]) -> "Constant":
        """With its values at other places."""
        return Constant(move(self.values), None if self.scale is None else move(self.scale))


@dataclass(frozen=True)
class Settings:
    """Integers that a Quant node gives.

    Attributes
    ----------
    low, high
        Lowest and highest, with the zero point in.
    rounding
        One of :data:`sw.importing.graph.quantisers.ROUNDINGS`.
    bipolar
        Whether it gives -1 and +1 alone, by the sign, and `low` and `high` say nothing.
    """

    low: int
    high: int
    rounding: str
    bipolar: bool = False


class Constants:
    """The constants of one graph, worked out when they are asked for.

    Parameters
    ----------
    graph
        Where they are.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, Constant | None] = {
            name: Constant(values) for name, values in graph.initial.items()
        }
        self._shapes: dict[str, tuple[int, ...]] = {}

    def note(self, tensor: str, shape: tuple[int, ...]) -> None:
        """Tell the shape of a tensor that is no constant, for nodes that ask for nothing else of it."""
        self._shapes[tensor] = shape

    def shape(self, tensor: str) -> tuple[int, ...] | None:
        """Shape of a tensor, if it is known."""
        return self._shapes.get(tensor)

    def get(self, tensor: str) -> Constant | None:
        """A tensor; None if it follows from the image, or from a node that constants cannot go through.

        Raises
        ------
        EngramError
            If its node is used as it must not be.
        """
        if tensor not in self._known:
            self._known[tensor] = None  # so a graph that runs in a circle ends here
            node = self._graph.maker(tensor)
            if node is not None and node.op in NODES:
                try:
                    self._known[tensor] = NODES[node.op](node, self)
                except (ValueError, TypeError, IndexError, KeyError, OverflowError):
                    raise node.refused("its inputs do not fit together; export the file again") from None
        return self._known[tensor]

    def numbers(self, node: Node, place: int, what: str) -> NDArray:
        """Finite numbers at an input of a node; raises EngramError if they are no constant."""
        found = self.get(node.input(place))
        if found is None:
            raise node.refused(f"{what} must be a constant of the file, it is computed; fold it into one")
        numbers = found.numbers
        if numbers.dtype.kind not in "fiu" or not np.all(np.isfinite(numbers.astype(np.float64))):
            raise node.refused(f"{what} must be finite numbers; export the file again")
        return numbers

    def integer(self, node: Node, place: int, what: str) -> int:
        """One integer at an input of a node; raises EngramError if it is something else."""
        numbers = self.numbers(node, place, what).astype(np.float64)
        if numbers.size == 0 or np.any(numbers != numbers.flat[0]) or numbers.flat[0] % 1:
            raise node.refused(f"{what} must be one integer")
        return int(numbers.flat[0])


def quantiser_settings(node: Node, constants: Constants) -> Settings:
    """What a node Quant says of its integers; raises EngramError if hardware has no such ones."""
    bits = constants.integer(node, 3, "the bit width")
    if not 1 <= bits <= 16:
        raise node.refused(f"the bit width must be 1 to 16, got {bits}")
    signed, narrow = bool(node.attributes.get("signed", 1)), bool(node.attributes.get("narrow", 0))
    rounding = str(node.attributes.get("rounding_mode", "ROUND")).upper()
    if rounding not in ROUNDINGS:
        raise node.refused(f"rounding_mode must be one of {', '.join(ROUNDINGS)}, got {rounding}")
    low, high = integer_range(bits, signed, narrow)
    return Settings(low, high, rounding, bipolar=signed and bits == 1)


def _spread(scale: NDArray, values: NDArray) -> NDArray:
    return np.broadcast_to(scale.astype(np.float32), values.shape)


def _quant(node: Node, constants: Constants) -> Constant | None:
    source = constants.get(node.input(0))
    if source is None:
        return None
    scale = constants.numbers(node, 1, "the scale")
    settings = quantiser_settings(node, constants)
    if settings.bipolar:
        return _signs(source.numbers, scale)
    zero = np.asarray(constants.integer(node, 2, "the zero point"))
    ends = settings.low, settings.high
    values = quantised(source.numbers, scale, zero, settings.rounding, ends)
    return Constant(values, _spread(scale, values))


def _bipolar(node: Node, constants: Constants) -> Constant | None:
    source = constants.get(node.input(0))
    if source is None:
        return None
    return _signs(source.numbers, constants.numbers(node, 1, "the scale"))


def _signs(numbers: NDArray, scale: NDArray) -> Constant:
    values = np.where(numbers >= 0, 1, -1).astype(np.int64)
    return Constant(values, _spread(scale, values))


def along(node: Node, numbers: NDArray, rank: int, default: int = 1) -> NDArray:
    """A scale or zero point of one axis, in the shape that spreads along it."""
    if numbers.size == 1:
        return numbers.reshape(())
    if numbers.ndim != 1 or node.attributes.get("block_size", 0):
        raise node.refused("blocks are not supported, a scale for the tensor or for each channel would be")
    shape = [1] * rank
    shape[int(node.attributes.get("axis", default))] = -1
    return numbers.reshape(shape)


def zero_point(node: Node, constants: Constants) -> NDArray:
    """Zero point of QuantizeLinear and DequantizeLinear, whose type is that of the integers."""
    found = constants.get(node.input(2)) if node.input(2) else Constant(np.zeros((), np.uint8))
    if found is None or (found.values.dtype.kind not in "iu" and "int" not in found.values.dtype.name):
        raise node.refused("the zero point must be a constant integer")
    return found.values


def ends_of(dtype: np.dtype) -> tuple[int, int]:
    """Lowest and highest integer of a type, also of those of 4 and 2 bits that NumPy itself does not have."""
    name = dtype.name
    digits = name.partition("int")[2]
    return integer_range(int(digits), not name.startswith("u"), False)


def _quantize_linear(node: Node, constants: Constants) -> Constant | None:
    source = constants.get(node.input(0))
    if source is None:
        return None
    numbers = source.numbers
    zero = zero_point(node, constants)
    low, high = ends_of(zero.dtype)
    scale = along(node, constants.numbers(node, 1, "the scale"), numbers.ndim)
    shift = along(node, zero.astype(np.int64), numbers.ndim)
    # The zero point is added after rounding, so it has no say in which of two neighbours is even.
    rounded = quantised(numbers, scale, np.zeros((), np.int64), "ROUND", (-(2**30), 2**30))
    return Constant(np.clip(rounded + shift, low, high).astype(zero.dtype))


def _dequantize_linear(node: Node, constants: Constants) -> Constant | None:
    source = constants.get(node.input(0))
    if source is None:
        return None
    values = source.values.astype(np.int64)
    scale = along(node, constants.numbers(node, 1, "the scale"), values.ndim)
    if node.input(2):
        values = values - along(node, zero_point(node, constants).astype(np.int64), values.ndim)
    return Constant(values, _spread(scale, values))


def _clip(node: Node, constants: Constants) -> Constant | None:
    source = constants.get(node.input(0))
    if source is None or source.scale is not None:
        return None
    ends = [constants.get(node.input(place)) for place in (1, 2)]
    low, high = (None if end is None else end.values.astype(source.values.dtype) for end in ends)
    return Constant(np.clip(source.values, low, high))


def _value(node: Node, constants: Constants) -> Constant | None:
    value = node.attributes.get("value", node.attributes.get("value_float", node.attributes.get("value_int")))
    return None if value is None else Constant(np.asarray(value))


def _same(node: Node, constants: Constants) -> Constant | None:
    return constants.get(node.input(0))


def _reshape(node: Node, constants: Constants) -> Constant | None:
    source, shape = constants.get(node.input(0)), constants.get(node.input(1))
    if source is None or shape is None:
        return None
    sides = [int(side) for side in shape.values]
    if prod(side for side in sides if side > 0) > max(source.values.size, 1):
        raise ValueError
    return source.moved(lambda values: values.reshape(sides))


def _transpose(node: Node, constants: Constants) -> Constant | None:
    source = constants.get(node.input(0))
    return (
        None if source is None else source.moved(lambda values: values.transpose(node.attributes.get("perm")))
    )


def _shape(node: Node, constants: Constants) -> Constant | None:
    shape = constants.shape(node.input(0))
    if shape is None:
        return None
    return Constant(np.array(shape[node.attributes.get("start", 0) : node.attributes.get("end")], np.int64))


def _computed(node: Node, constants: Constants) -> Constant | None:
    given = [constants.get(name) for name in node.inputs]
    parts = [each.numbers for each in given if each is not None]
    values = computed(node, parts) if len(parts) == len(given) else None
    return None if values is None else Constant(values)


NODES: dict[str, Callable[[Node, Constants], Constant | None]] = {
    "Constant": _value,
    "Identity": _same,
    "Quant": _quant,
    "IntQuant": _quant,
    "BipolarQuant": _bipolar,
    "QuantizeLinear": _quantize_linear,
    "DequantizeLinear": _dequantize_linear,
    "Clip": _clip,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Shape": _shape,
    **dict.fromkeys(ARITHMETIC, _computed),
}
"""Nodes that constants go through, by operator."""
