"""Whole-number tables of the log-mel rule: window, cosines and sines, triangles, steps of the logarithm.

They are computed in decimal arithmetic of 50 digits, which is specified to the last digit (General Decimal
Arithmetic, Cowlishaw 2009), and then rounded: a library of floats may differ from another in its last bit,
and with it a rounded table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["TRIG_BITS", "WEIGHT_BITS", "hann", "mel_weights", "steps", "waves"]

TRIG_BITS = 14
"""Of window, cosines and sines behind the point."""
WEIGHT_BITS = 8
"""Of the triangles."""
DIGITS = 50
PI = Decimal("3.14159265358979323846264338327950288419716939937510")
MEL_HZ = 700
"""Where the mel scale turns from linear to logarithmic, ``2595 log10(1 + f / 700)`` (O'Shaughnessy 1987)."""


@contextmanager
def _exactly() -> Iterator[None]:
    with localcontext() as context:
        context.prec, context.rounding = DIGITS, ROUND_HALF_EVEN
        yield


def _whole(value: Decimal, bits: int) -> int:
    return int((value * 2**bits).to_integral_value())


def _cosine(angle: Decimal) -> Decimal:
    """Cosine of 0 .. 2 pi by its series, to more than 40 digits."""
    angle = min(angle, 2 * PI - angle)
    term = total = Decimal(1)
    number = 0
    while abs(term) > Decimal(10) ** -45:
        number += 2
        term = -term * angle * angle / (number * (number - 1))
        total += term
    return total


def _sine(place: int, window: int) -> Decimal:
    """Sine of so many parts of a circle, which is the cosine a quarter of it earlier."""
    return _cosine(2 * PI * ((4 * place - window) % (4 * window)) / (4 * window))


@lru_cache(maxsize=4)
def _circle(window: int) -> tuple[Decimal, ...]:
    """Cosines of all multiples of a circle's part."""
    with _exactly():
        return tuple(_cosine(2 * PI * place / window) for place in range(window))


def hann(window: int) -> NDArray[np.int64]:
    """The periodic window of von Hann, int64 (window,), in units of ``2**-14``."""
    with _exactly():
        return np.array([_whole((1 - cosine) / 2, TRIG_BITS) for cosine in _circle(window)])


def waves(window: int, bins: range) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cosines and sines of the bins of a discrete Fourier transform, int64 (window, bins) each, as above."""
    with _exactly():
        cosines = np.array([_whole(cosine, TRIG_BITS) for cosine in _circle(window)])
        sines = np.array([_whole(_sine(place, window), TRIG_BITS) for place in range(window)])
    places = np.outer(np.arange(window), np.array(bins)) % window
    return cosines[places], sines[places]


def mel_weights(rate: int, window: int, bands: int, lowest_hz: int, highest_hz: int) -> NDArray[np.int64]:
    """Triangles that are equally spaced on the mel scale, and overlap by half, as weights of the bins.

    Returns
    -------
    ndarray
        int64, (window // 2 + 1, bands), in units of 1/256. A column of zeros is a band without a bin.
    """
    with _exactly():
        low, high = (1 + Decimal(hz) / MEL_HZ for hz in (lowest_hz, highest_hz))
        growth = (high / low).ln()
        edges = [((growth * place / (bands + 1)).exp() * low - 1) * MEL_HZ for place in range(bands + 2)]
        weights = np.zeros((window // 2 + 1, bands), np.int64)
        for number in range(window // 2 + 1):
            hz = Decimal(number) * rate / window
            for band, (left, middle, right) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
                if left < hz < right:
                    share = min((hz - left) / (middle - left), (right - hz) / (right - middle))
                    weights[number, band] = _whole(share, WEIGHT_BITS)
    return weights


def steps(range_db: int, levels: int, largest: int) -> NDArray[np.int64]:
    """Energies at which a level in dB begins: the first is 1, the next higher by ``range_db / levels`` dB.

    Returns
    -------
    ndarray
        int64, sorted, up to `largest`; each is rounded up, since a whole number reaches one or does not.
    """
    found: list[int] = []
    with _exactly():
        ratio = Decimal(10).ln() * range_db / (10 * levels)
        while not found or found[-1] <= largest:
            energy = (ratio * len(found)).exp()
            found.append(int(energy.to_integral_value(ROUND_CEILING)))
    return np.array(found[:-1])
