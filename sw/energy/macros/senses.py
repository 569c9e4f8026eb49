"""Kinds of circuits that sense a match line: how many decisions a conversion takes, and how many in time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

__all__ = ["SENSES", "SenseKind", "SenseName"]


@dataclass(frozen=True)
class SenseKind:
    """One kind.

    Parameters
    ----------
    decisions
        Comparisons of a conversion, by the number of bits.
    turns
        How many of them come one after the other.
    """

    decisions: Callable[[int], int]
    turns: Callable[[int], int]


SENSES = {
    "neuron": SenseKind(
        lambda bits: bits, lambda bits: bits
    ),  # integrates in the array, then a bit at a time
    "sar": SenseKind(lambda bits: bits, lambda bits: bits),
    "ramp": SenseKind(lambda bits: 2**bits - 1, lambda bits: 2**bits - 1),
    "flash": SenseKind(lambda bits: 2**bits - 1, lambda bits: min(bits, 1)),
    "amplifier": SenseKind(lambda bits: min(bits, 1), lambda bits: min(bits, 1)),  # match or no match
}
"""All kinds by the name that files give them."""

if TYPE_CHECKING:
    SenseName = str
else:
    # The names once more, as the type that pydantic checks; type checkers cannot read a computed Literal.
    SenseName = Literal[tuple(SENSES)]
