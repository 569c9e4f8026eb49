"""Nonlinearity of converters: mismatched units to levels, to INL and DNL, to whole codes.

A converter compares its input with levels that it makes of units of nominally one LSB. Units differ
independently, so 2**k of them together differ by the square root of 2**k times as much, and by 2**(-k/2)
relative to what they weigh: Pelgrom, Duinmaijer and Welbers, "Matching properties of MOS transistors", IEEE
JSSC 24 (1989). How much one unit differs is the user's to say.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Linearity", "code_inl", "linearity", "ramp_levels", "sar_levels"]


class Linearity(NamedTuple):
    """Nonlinearity of converters in LSB, without their errors of offset and gain.

    Attributes
    ----------
    inl_lsb
        float64, (converters, 2**bits - 1): how far the level of codes 1 and up lies above its ideal place.
    dnl_lsb
        float64, (converters, 2**bits - 2): how much wider codes 1 and up are than one LSB, but for the last
        code, which has no upper end; negative where the level of the next code lies below.
    """

    inl_lsb: NDArray[np.float64]
    dnl_lsb: NDArray[np.float64]


def ramp_levels(
    bits: int, unit_sigma: float, converters: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Level with which a ramp converter compares for every code, in LSB, float64 (converters, 2**bits).

    A ramp takes 2**bits steps one after the other, so its error is a random walk; steps are never negative.
    All are relative to the full scale, whose own error is one of gain.
    """
    count = 2**bits
    steps = np.maximum(1 + unit_sigma * rng.standard_normal((converters, count)), 0)
    top = np.cumsum(steps, axis=1)
    levels = np.concatenate([np.zeros((converters, 1)), top[:, :-1]], axis=1)
    return levels * (count / top[:, -1:])


def sar_levels(
    bits: int, unit_sigma: float, converters: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Level with which a SAR converter compares for every code, in LSB, float64 (converters, 2**bits).

    It adds up binary-weighted capacitors, weight k of 2**k units, and one unit more ends the array. All are
    relative to the full scale, whose own error is one of gain.
    """
    count, units = 2**bits, 2.0 ** np.arange(bits)
    weights = units + unit_sigma * np.sqrt(units) * rng.standard_normal((converters, bits))
    end = 1 + unit_sigma * rng.standard_normal((converters, 1))
    chosen = np.arange(count)[:, np.newaxis] >> np.arange(bits) & 1
    return weights @ chosen.T * (count / (weights.sum(axis=1, keepdims=True) + end))


def linearity(levels: NDArray[np.float64]) -> Linearity:
    """INL and DNL of converters with these levels, (converters, 2**bits)."""
    return Linearity(levels[:, 1:] - np.arange(1, levels.shape[1]), np.diff(levels[:, 1:]) - 1)


def code_inl(levels: NDArray[np.float64]) -> NDArray[np.int16]:
    """Difference of a converter's codes from the codes of an ideal one, int16 (converters, 2**bits).

    It is what a search from the highest bit to the lowest finds for the input in the middle of an ideal code;
    a ramp, whose levels are sorted, finds that code too. So nonlinearity is rounded to whole codes: half an
    LSB or less changes nothing, and a level that moves by more moves by whole LSB.
    """
    count = levels.shape[1]
    middles = np.broadcast_to(np.arange(count) + 0.5, levels.shape)
    found = np.zeros(levels.shape, np.int64)
    weight = count >> 1
    while weight:
        trial = found + weight
        found = np.where(middles >= np.take_along_axis(levels, trial, axis=1), trial, found)
        weight >>= 1
    return (found - np.arange(count)).astype(np.int16)
