"""Thresholds of the features: those that were learned, or made after training from the training images.

A feature bit is ``value >= threshold`` in integers. A value is at least a rational number exactly when it is
at least that number rounded up, so means and quantiles are rounded up, from exact sums and differences.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ThresholdsBy", "mean_thresholds", "quantile_thresholds", "thresholds_kept"]

ThresholdsBy = Literal["learned", "mean", "median"]
"""``learned`` keeps those of the bundle; ``mean`` is one per feature; ``median`` are quantiles, of which the
middle one is the median."""


def thresholds_kept(thresholds: int, kept: int) -> list[int]:
    """Which of L sorted thresholds stay when `kept` of them do: evenly spread, the middle one for 1."""
    return [round((place + 1) * (thresholds + 1) / (kept + 1)) - 1 for place in range(kept)]


def mean_thresholds(maps: NDArray[np.int32]) -> NDArray[np.int32]:
    """One threshold per feature: a bit is 1 where the value is at least its mean over the images.

    Parameters
    ----------
    maps
        int32, (N, C, h, w), feature maps of N > 0 training images.

    Returns
    -------
    ndarray
        int32, (h, w, C, 1).
    """
    sums = maps.sum(axis=0, dtype=np.int64).transpose(1, 2, 0)
    return -(-sums // len(maps)).astype(np.int32)[..., np.newaxis]


def quantile_thresholds(maps: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Quantiles l / (L + 1), l = 1 .. L, of every feature over the images; for L = 1 its median.

    Between two images they are interpolated linearly: definition 7 of Hyndman and Fan, "Sample Quantiles in
    Statistical Packages", The American Statistician 50, 1996, the default of :func:`numpy.quantile`.

    Parameters
    ----------
    maps
        int32, (N, C, h, w), feature maps of N > 0 training images.
    count
        L.

    Returns
    -------
    ndarray
        int32, (h, w, C, L), sorted along L; equal ones where a feature often takes the same value.
    """
    values = np.sort(maps.transpose(2, 3, 1, 0), axis=-1)  # (h, w, C, N)
    last = values.shape[-1] - 1
    places = np.arange(1, count + 1) * last  # in units of 1 / (L + 1)
    below, rest = places // (count + 1), places % (count + 1)
    low = values[..., below].astype(np.int64)
    high = values[..., np.minimum(below + 1, last)]
    return (low - (-(high - low) * rest // (count + 1))).astype(np.int32)
