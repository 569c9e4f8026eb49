"""What each operator does to a signal: one entry of :data:`NODES` for every one that is supported.

A handler gives the signal behind its node, or refuses the node with what would be supported. Convolutions are
not here: they begin a new layer, see :mod:`sw.importing.layers`.
"""

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

import numpy as np

from sw.importing.chain import Stair
from sw.importing.graph.constants import (
    Constants,
    along,
    ends_of,
    quantiser_settings,
    zero_point,
)
from sw.importing.graph.graph import Node
from sw.importing.graph.quantisers import MOST_LEVELS, ROUNDINGS, integer_range, steps_of, truncating_steps
from sw.importing.graph.reshaping import RESHAPING
from sw.importing.shapes import layer_of, window_of
from sw.importing.signal import Signal

__all__ = ["NODES"]

Handler = Callable[[Signal, Node, Constants], Signal]
ROOT_BITS = 256
"""Binary digits behind the point of a square root that is no fraction. Whether an integer reaches a bound
could only come out wrong for one closer to it than 2**-200, and numbers of float32 are nowhere that close."""

FLOATS = (1, 11)
"""FLOAT and DOUBLE in onnx.proto, TensorProto.DataType."""


def _operands(signal: Signal, node: Node, constants: Constants) -> tuple[tuple[Fraction, ...], bool]:
    """The constant of a node with two inputs, and whether the signal is the first of them."""
    first = node.input(0) == signal.tensor
    if node.input(1 if first else 0) == signal.tensor or constants.get(node.input(1 if first else 0)) is None:
        raise node.refused("supported is a constant beside the map; two maps are joined by Add alone")
    numbers = constants.numbers(node, 1 if first else 0, "its constant")
    return signal.layout.per_channel(numbers, node), first


def _multiply(signal: Signal, node: Node, constants: Constants) -> Signal:
    factor, _ = _operands(signal, node, constants)
    return signal.scaled(node, factor, _all(0, signal))


def _divide(signal: Signal, node: Node, constants: Constants) -> Signal:
    divisor, first = _operands(signal, node, constants)
    if not first or 0 in divisor:
        raise node.refused("a map is divided by a constant that is not 0, never the other way round")
    return signal.scaled(node, tuple(1 / each for each in divisor), _all(0, signal))


def _add(signal: Signal, node: Node, constants: Constants) -> Signal:
    more, _ = _operands(signal, node, constants)
    return signal.scaled(node, _all(1, signal), more)


def _subtract(signal: Signal, node: Node, constants: Constants) -> Signal:
    less, first = _operands(signal, node, constants)
    if first:
        return signal.scaled(node, _all(1, signal), tuple(-each for each in less))
    return signal.scaled(node, _all(-1, signal), less)


def _batch_norm(signal: Signal, node: Node, constants: Constants) -> Signal:
    names = ("the gain", "the offset", "the mean", "the variance")
    behind = (1,) * (len(signal.layout.dims) - 1)  # axes behind the one that ONNX takes for the channels
    parts = [
        signal.layout.per_channel(constants.numbers(node, place, name).reshape(-1, *behind), node)
        for place, name in enumerate(names, 1)
    ]
    epsilon = Fraction(float(np.float32(node.attributes.get("epsilon", 1e-5))))
    gains, offsets = [], []
    for scale, bias, mean, variance in zip(*parts, strict=True):
        if variance + epsilon <= 0:
            raise node.refused("the variance must be positive")
        gain = scale / _root(variance + epsilon)
        gains.append(gain)
        offsets.append(bias - mean * gain)
    return signal.scaled(node, tuple(gains), tuple(offsets))


def _root(square: Fraction) -> Fraction:
    """Square root, exact where it is a fraction, else cut after :data:`ROOT_BITS` binary digits."""
    product = square.numerator * square.denominator
    if isqrt(product) ** 2 == product:
        return Fraction(isqrt(product), square.denominator)
    return Fraction(isqrt(product << 2 * ROOT_BITS), square.denominator << ROOT_BITS)


def _relu(signal: Signal, node: Node, constants: Constants) -> Signal:
    return signal.clamped(node, Fraction(0), None)


def _clip(signal: Signal, node: Node, constants: Constants) -> Signal:
    ends: list[Fraction | None] = []
    for place, name in enumerate(("min", "max"), 1):
        if node.input(place):
            numbers = constants.numbers(node, place, name)
            if numbers.size != 1:
                raise node.refused(f"{name} must be one number")
            ends.append(Fraction(float(numbers.flat[0])))
        else:  # files before opset 11 have attributes
            ends.append(Fraction(float(node.attributes[name])) if name in node.attributes else None)
    low, high = ends
    if low is not None and high is not None and low > high:
        raise node.refused(f"min must not be above max, got {float(low)} and {float(high)}")
    return signal.clamped(node, low, high)


def _max_pool(signal: Signal, node: Node, constants: Constants) -> Signal:
    window = window_of(node, signal.layout)
    if node.attributes.get("ceil_mode", 0) and any(
        (side + before + behind - kernel) % window.stride
        for side, kernel, before, behind in zip(
            signal.map_shape[1:], window.kernel, window.padding[:2], window.padding[2:], strict=True
        )
    ):
        raise node.refused("ceil_mode adds an incomplete last window; supported are whole windows alone")
    return signal.pooled(node, layer_of(node, window, signal.channels))


def _quant(signal: Signal, node: Node, constants: Constants) -> Signal:
    settings = quantiser_settings(node, constants)
    if settings.bipolar:
        return _bipolar(signal, node, constants)
    zero = constants.integer(node, 2, "the zero point")
    steps = steps_of(settings.rounding, settings.low, settings.high)
    return _through(signal, node, _scales(signal, node, constants, 1), zero, steps, settings.low)


def _bipolar(signal: Signal, node: Node, constants: Constants) -> Signal:
    scale = _scales(signal, node, constants, 1)
    steps = steps_of("FLOOR", -1, 0)  # one level more from 0 on
    doubled = tuple(2 * each for each in scale)
    return signal.stepped(node, Stair(steps, doubled, tuple(-each for each in scale)))


def _trunc(signal: Signal, node: Node, constants: Constants) -> Signal:
    """Integers of a scale, divided by a power of two. Version 2 of the node has the scale of its output."""
    second = len(node.inputs) > 5
    zero = constants.integer(node, 2, "the zero point")
    bits = constants.integer(node, 5 if second else 4, "the output's bit width")
    scale = _scales(signal, node, constants, 1)
    output = _scales(signal, node, constants, 4) if second else scale
    ratios = {new / old for new, old in zip(output, scale, strict=True)}
    if second:
        divisor = 2 ** round(np.log2(float(max(ratios))))
        signed, narrow = bool(node.attributes.get("signed", 1)), bool(node.attributes.get("narrow", 0))
    else:
        cut = constants.integer(node, 3, "the input's bit width") - bits
        divisor, signed, narrow = 2 ** min(max(cut, 0), 16), False, False
    rounding = str(node.attributes.get("rounding_mode", "FLOOR")).upper()
    if rounding not in ROUNDINGS or not 1 <= bits <= 16 or divisor < 1 or zero or len(ratios) > 1:
        raise node.refused(
            f"supported are 1 to 16 bits, zero point 0 and one of {', '.join(ROUNDINGS)}, got {bits} bits, "
            f"{zero} and {rounding}"
        )
    low, high = integer_range(bits, signed, narrow)
    steps = truncating_steps(rounding, low, high, divisor)
    inside = signal.scaled(node, tuple(1 / each for each in scale), _all(0, signal))
    return inside.stepped(node, Stair(steps, output, tuple(low * each for each in output)))


def _quantize_linear(signal: Signal, node: Node, constants: Constants) -> Signal:
    rank = 1 + len(signal.layout.dims)
    numbers = along(node, constants.numbers(node, 1, "the scale"), rank)
    scale = _positive(signal.layout.per_channel(numbers, node), node)
    zeros = zero_point(node, constants)
    zero = _one(along(node, zeros.astype(np.int64), rank), node)
    low, high = ends_of(zeros.dtype)
    if high - low >= MOST_LEVELS:
        raise node.refused(f"its integers must have at most 16 bits, got {zeros.dtype}")
    # The zero point is added after rounding, so the steps are those of integers without it.
    steps = steps_of("ROUND", low - zero, high - zero)
    inside = signal.scaled(node, tuple(1 / each for each in scale), _all(0, signal))
    return inside.stepped(node, Stair(steps, _all(1, signal), _all(low, signal)))


def _dequantize_linear(signal: Signal, node: Node, constants: Constants) -> Signal:
    rank = 1 + len(signal.layout.dims)
    numbers = along(node, constants.numbers(node, 1, "the scale"), rank)
    scale = _positive(signal.layout.per_channel(numbers, node), node)
    zero = _one(along(node, zero_point(node, constants).astype(np.int64), rank), node)
    return signal.scaled(node, scale, tuple(-zero * each for each in scale))


def _through(
    signal: Signal, node: Node, scale: tuple[Fraction, ...], zero: int, steps: tuple, low: int
) -> Signal:
    """``round(value / scale + zero)``, of which the lowest is `low`, back as ``(integer - zero) * scale``."""
    inside = signal.scaled(node, tuple(1 / each for each in scale), _all(zero, signal))
    offset = tuple((low - zero) * each for each in scale)
    return inside.stepped(node, Stair(steps, scale, offset))


def _scales(signal: Signal, node: Node, constants: Constants, place: int) -> tuple[Fraction, ...]:
    numbers = constants.numbers(node, place, "the scale")
    return _positive(signal.layout.per_channel(numbers, node), node)


def _positive(scale: tuple[Fraction, ...], node: Node) -> tuple[Fraction, ...]:
    if min(scale) <= 0:
        raise node.refused("the scale must be positive")
    return scale


def _one(numbers: np.ndarray, node: Node) -> int:
    if np.any(numbers != numbers.flat[0]):
        raise node.refused("the zero point must be the same for all channels")
    return int(numbers.flat[0])


def _same(signal: Signal, node: Node, constants: Constants) -> Signal:
    return signal.renamed(node)


def _cast(signal: Signal, node: Node, constants: Constants) -> Signal:
    if node.attributes.get("to") not in FLOATS:
        raise node.refused("supported are casts to float and double, which hold the same numbers")
    return signal.renamed(node)


def _laid(signal: Signal, node: Node, constants: Constants) -> Signal:
    return signal.laid(node, RESHAPING[node.op](signal.layout, node, constants))


def _all(number: int, signal: Signal) -> tuple[Fraction, ...]:
    return (Fraction(number),) * signal.channels


NODES: dict[str, Handler] = {
    "Quant": _quant,
    "IntQuant": _quant,
    "BipolarQuant": _bipolar,
    "Trunc": _trunc,
    "QuantizeLinear": _quantize_linear,
    "DequantizeLinear": _dequantize_linear,
    "BatchNormalization": _batch_norm,
    "Relu": _relu,
    "Clip": _clip,
    "MaxPool": _max_pool,
    "Mul": _multiply,
    "Div": _divide,
    "Add": _add,
    "Sub": _subtract,
    "Identity": _same,
    "Dropout": _same,
    "Cast": _cast,
    **dict.fromkeys(RESHAPING, _laid),
}
"""All of them by operator. A new one is a new line here."""
