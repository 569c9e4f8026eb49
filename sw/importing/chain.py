"""What a network does between two convolutions, as monotone steps of one value, undone exactly.

All of it acts on each channel alone and never turns back: batch norms, scales, clips, roundings. So a bound
on the result is a bound on the integer that went in, found by undoing one step after the other in fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from sw.design import Layer

__all__ = ["Affine", "Bound", "Clamp", "Operation", "Pool", "Stair", "Step", "sign_of", "undone"]

Vector = tuple[Fraction, ...]
"""One number for every channel."""


class Step(NamedTuple):
    """A value takes a step where it is at least `bound`, or for `strict` above it."""

    bound: Fraction
    strict: bool


class Bound(NamedTuple):
    """Condition on a value x: ``x >= bound``, for `strict` without equality, and for not `up` with ``<=``."""

    bound: Fraction
    strict: bool
    up: bool

    def holds(self, value: Fraction) -> bool:
        """Whether a value meets the condition."""
        if value == self.bound:
            return not self.strict
        return (value > self.bound) == self.up


@dataclass(frozen=True)
class Affine:
    """``value * gain + offset``, each with one number per channel."""

    gain: Vector
    offset: Vector


@dataclass(frozen=True)
class Clamp:
    """The value kept from `low` to `high`; None is no limit."""

    low: Fraction | None
    high: Fraction | None


@dataclass(frozen=True)
class Pool:
    """The largest of several values, which the same conditions hold for.

    Attributes
    ----------
    name
        Of its node.
    layer
        What it is in hardware.
    """

    name: str
    layer: Layer


@dataclass(frozen=True)
class Stair:
    """A quantiser: a value becomes the number u of steps that it takes, and that ``u * gain + offset``."""

    steps: tuple[Step, ...]
    gain: Vector
    offset: Vector

    @property
    def top(self) -> int:
        """The highest u."""
        return len(self.steps)

    def cut(self, below: int, top: int) -> "Stair":
        """The same without the lowest `below` levels and without those above `top`, which become its ends."""
        offset = tuple(o + below * g for o, g in zip(self.offset, self.gain, strict=True))
        return Stair(self.steps[below:top], self.gain, offset)


Operation = Affine | Clamp | Pool | Stair


def sign_of(operations: Sequence[Operation], channel: int) -> int:
    """-1 where the result falls when the value rises, else 1."""
    sign = 1
    for operation in operations:
        if isinstance(operation, Affine | Stair) and operation.gain[channel] < 0:
            sign = -sign
    return sign


def undone(operations: Sequence[Operation], channel: int, bound: Bound) -> Bound | bool:
    """The condition on what goes into `operations` under which their result meets `bound`.

    Returns
    -------
    Bound or bool
        A bool where it does not depend on what goes in.
    """
    for operation in reversed(operations):
        found: Bound | bool = bound
        if isinstance(operation, Affine):
            found = _before_line(operation, channel, bound)
        elif isinstance(operation, Clamp):
            found = _before_clamp(operation, bound)
        elif isinstance(operation, Stair):
            found = _before_stair(operation, channel, bound)
        if isinstance(found, bool):
            return found
        bound = found
    return bound


def _before_line(line: Affine | Stair, channel: int, bound: Bound) -> Bound | bool:
    gain, offset = line.gain[channel], line.offset[channel]
    if gain == 0:
        return bound.holds(offset)
    return Bound((bound.bound - offset) / gain, bound.strict, bound.up == (gain > 0))


def _before_clamp(clamp: Clamp, bound: Bound) -> Bound | bool:
    """The ends are values that always, or never, get beyond."""
    nearest, farthest = (clamp.low, clamp.high) if bound.up else (clamp.high, clamp.low)
    if nearest is not None and bound.holds(nearest):
        return True
    if farthest is not None and not bound.holds(farthest):
        return False
    return bound


def _before_stair(stair: Stair, channel: int, bound: Bound) -> Bound | bool:
    found = _before_line(stair, channel, bound)
    if isinstance(found, bool):
        return found
    if found.up:
        level = floor(found.bound) + 1 if found.strict else ceil(found.bound)
        if not 0 < level <= stair.top:
            return level <= 0
        step = stair.steps[level - 1]
        return Bound(step.bound, step.strict, True)
    # u <= m is the contrary of u >= m + 1, whose step is then not taken.
    level = ceil(found.bound) if found.strict else floor(found.bound) + 1
    if not 0 < level <= stair.top:
        return level > stair.top
    step = stair.steps[level - 1]
    return Bound(step.bound, not step.strict, False)
