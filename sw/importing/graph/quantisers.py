"""Quantisers of ONNX files: at which values they step, and how constants go through them.

The formulas are those of QONNX (``qonnx.custom_op.general``) and of the ONNX operators QuantizeLinear and
DequantizeLinear. ROUND there is the rounding of IEEE 754: a value in the middle goes to the even level.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from sw.importing.chain import Step

__all__ = ["MOST_LEVELS", "ROUNDINGS", "integer_range", "quantised", "steps_of", "truncating_steps"]

HALF = Fraction(1, 2)
MOST_LEVELS = 2**16
"""Levels of a quantiser that can be read; hardware has fewer."""

ROUNDINGS: dict[str, Callable[[int], Step]] = {
    "ROUND": lambda level: Step(level - HALF, level % 2 == 1),
    "CEIL": lambda level: Step(Fraction(level - 1), True),
    "FLOOR": lambda level: Step(Fraction(level), False),
    "DOWN": lambda level: Step(Fraction(level), False) if level > 0 else Step(Fraction(level - 1), True),
    "UP": lambda level: Step(Fraction(level - 1), True) if level > 0 else Step(Fraction(level), False),
    "HALF_UP": lambda level: Step(level - HALF, level <= 0),
    "HALF_DOWN": lambda level: Step(level - HALF, level > 0),
}
"""By its name in a file: where a value must be to be rounded to `level` or more. DOWN is towards 0, UP away
from it, and HALF_UP and HALF_DOWN say so of values in the middle."""
ROUNDINGS |= {"HALF_EVEN": ROUNDINGS["ROUND"], "ROUND_TO_ZERO": ROUNDINGS["DOWN"]}

FUNCTIONS: dict[str, Callable[[NDArray], NDArray]] = {
    "ROUND": np.rint,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "DOWN": np.trunc,
    "UP": lambda values: np.sign(values) * np.ceil(np.abs(values)),
    "HALF_UP": lambda values: np.sign(values) * np.floor(np.abs(values) + np.float32(0.5)),
    "HALF_DOWN": lambda values: np.sign(values) * np.ceil(np.abs(values) - np.float32(0.5)),
}
FUNCTIONS |= {"HALF_EVEN": FUNCTIONS["ROUND"], "ROUND_TO_ZERO": FUNCTIONS["DOWN"]}
"""The same for constants, which are rounded in float32 as the source does."""


def integer_range(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Lowest and highest integer of a quantiser of so many bits."""
    if signed:
        return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
    return 0, 2**bits - 1 - narrow


def steps_of(rounding: str, low: int, high: int) -> tuple[Step, ...]:
    """Where a value is rounded to low + 1, low + 2 .. high or more; beyond the ends it is kept."""
    return tuple(ROUNDINGS[rounding](level) for level in range(low + 1, high + 1))


def truncating_steps(rounding: str, low: int, high: int, divisor: int) -> tuple[Step, ...]:
    """The same for a value that is rounded to an integer, divided, and rounded again: ``Trunc``."""
    found = []
    for bound, strict in steps_of(rounding, low, high):
        inner = bound * divisor
        found.append(ROUNDINGS["ROUND"](floor(inner) + 1 if strict else ceil(inner)))
    return tuple(found)


def quantised(
    values: NDArray, scale: NDArray, zero: NDArray, rounding: str, ends: tuple[int, int]
) -> NDArray:
    """Integers of constants: ``round(clamp(values / scale + zero)) - zero`` in float32, as int64."""
    shifted = values.astype(np.float32) / scale.astype(np.float32) + zero.astype(np.float32)
    return FUNCTIONS[rounding](np.clip(shifted, *ends)).astype(np.int64) - zero.astype(np.int64)
