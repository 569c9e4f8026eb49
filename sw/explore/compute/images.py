"""Images on their way to the array: feature maps, then word-line values."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sw.bundle import Bundle
from sw.reference import pipeline
from sw.reference.quantiser import word_line_values

__all__ = ["NARROW", "Images", "images_of", "piece_maps"]

NARROW = (np.int8, np.int16, np.int32)
"""Types of maps."""
STEP_IMAGES = 1_000
"""Images per step of the quantiser: bounds memory."""


class Images(NamedTuple):
    """Word-line values uint8 (N, F) and classes (N,) of images."""

    levels: NDArray[np.uint8]
    truth: NDArray


def piece_maps(bundle: Bundle, images: NDArray[np.uint8]) -> NDArray:
    """Maps of some images, in the narrowest type that holds them."""
    with threadpool_limits(1, user_api="blas"):
        maps = pipeline.feature_maps_of(bundle, images)
    low, high = int(maps.min(initial=0)), int(maps.max(initial=0))
    fitting = next(kind for kind in NARROW if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return maps.astype(fitting)


def images_of(bundle: Bundle, maps: NDArray[np.int32], truth: NDArray) -> Images:
    """Word-line values, in Fortran order, of maps (N, C, h, w), and the classes (N,)."""
    levels = [
        word_line_values(maps[start : start + STEP_IMAGES], bundle.feature_thresholds, bundle.design.cell)
        for start in range(0, len(maps), STEP_IMAGES)
    ]
    return Images(np.asfortranarray(np.concatenate(levels)), truth)
