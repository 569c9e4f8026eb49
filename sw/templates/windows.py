"""Windows of levels for analogue CAM cells, from stored bits or from the levels of images."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["quantile_windows", "windows_of_bits"]


def quantile_windows(
    levels: NDArray[np.uint8], owners: NDArray, templates: int, top: int, tail: float
) -> NDArray[np.uint8]:
    """Windows that leave out the lowest and the highest levels of each template's images.

    The window of a feature is the smallest that has at most the share `tail` of the images below it and at
    most as many above it. A feature that takes all levels often has all of them in its window: "don't care".

    Parameters
    ----------
    levels
        uint8, (N, F), of training images.
    owners, templates
        As :func:`mean_templates`; every template has an image.
    top
        Highest level.
    tail
        Share of the images, below one half.

    Returns
    -------
    ndarray
        uint8, (2, T, F), lowest and highest level.
    """
    windows = np.empty((2, templates, levels.shape[1]), np.uint8)
    for template in range(templates):
        members = levels[owners == template]
        most = tail * len(members)
        below = [(members < level).sum(axis=0) <= most for level in range(1, top + 1)]
        above = [(members > level).sum(axis=0) <= most for level in range(top)]
        windows[0, template] = np.sum(below, axis=0)
        windows[1, template] = top - np.sum(above, axis=0)
    return windows


def windows_of_bits(templates: NDArray[np.uint8], thresholds: int, matches: int) -> NDArray[np.uint8]:
    """Windows that say yes where stored thermometer bits would mostly match.

    Parameters
    ----------
    templates
        uint8, (T, F * thresholds), stored bits of binary cells.
    thresholds
        L; the levels are 0 .. L.
    matches
        A window goes from the lowest to the highest level of which at least so many of the L bits match; it
        holds all levels where no level has as many.

    Returns
    -------
    ndarray
        uint8, (2, T, F), lowest and highest level.
    """
    stored = templates.reshape(len(templates), -1, thresholds)
    codes = np.arange(thresholds + 1)[:, np.newaxis] > np.arange(thresholds)  # (levels, L)
    matched = (stored[..., np.newaxis, :] == codes).sum(axis=-1)
    within = matched >= matches
    within |= ~within.any(axis=-1, keepdims=True)
    lowest = within.argmax(axis=-1)
    highest = thresholds - within[..., ::-1].argmax(axis=-1)
    return np.stack([lowest, highest]).astype(np.uint8)
