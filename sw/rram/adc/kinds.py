"""Kinds of converters: each is one entry of :data:`KINDS`; every rule asks its entry, never its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sw.rram.laws.linearity import ramp_levels, sar_levels

__all__ = ["KINDS", "ConverterKind", "KindName"]


@dataclass(frozen=True)
class ConverterKind:
    """How a converter makes the levels with which it compares, and how often it compares.

    Parameters
    ----------
    levels
        Levels in LSB, (converters, 2**bits), from the bits, the spread of a unit, the number of converters
        and a generator.
    one_per_tile
        Whether all ADCs of a tile compare with the levels of one circuit; if not, each has its own.
    comparisons
        Steps of one conversion, by the number of bits.
    changing_units
        Units that change at the middle code, by the number of units; they spread the DNL there.
    """

    levels: Callable[[int, float, int, np.random.Generator], NDArray[np.float64]]
    one_per_tile: bool
    comparisons: Callable[[int], int]
    changing_units: Callable[[int], int]


KINDS = {
    # One comparison per bit, and one cycle to sample.
    "sar": ConverterKind(sar_levels, False, lambda bits: bits + 1, lambda units: units - 1),
    "ramp": ConverterKind(ramp_levels, True, lambda bits: 2**bits, lambda units: 1),
}
"""All kinds by the name that options and files give them."""

if TYPE_CHECKING:
    KindName = str
else:
    # The names once more, as the type that pydantic checks; type checkers cannot read a computed Literal.
    KindName = Literal[tuple(KINDS)]
