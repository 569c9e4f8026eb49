"""Feature maps and word-line values of many images, step by step, with progress."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sw.reference import pipeline
from sw.reference.pipeline import HasFrontEnd

__all__ = ["feature_maps_of", "features_of"]


STEP_IMAGES = 500


def features_of(
    bundle: HasFrontEnd, images: NDArray[np.uint8], done: Callable[[int], None] = lambda images: None
) -> NDArray[np.uint8]:
    """Word-line values (N, F) of images (N, height, width) or (N, height, width, C); `done` hears how many
    more are finished.

    Raises
    ------
    EngramError
        If the images do not have the size the bundle was trained for.
    """
    return _in_steps(pipeline.levels_of, bundle, images, done)


def feature_maps_of(
    bundle: HasFrontEnd, images: NDArray[np.uint8], done: Callable[[int], None] = lambda images: None
) -> NDArray[np.int32]:
    """Last feature maps (N, C, h, w); the rest as :func:`features_of`."""
    return _in_steps(pipeline.feature_maps_of, bundle, images, done)


def _in_steps(
    stage: Callable[[HasFrontEnd, NDArray[np.uint8]], NDArray],
    bundle: HasFrontEnd,
    images: NDArray[np.uint8],
    done: Callable[[int], None],
) -> NDArray:
    parts = []
    for start in range(0, max(len(images), 1), STEP_IMAGES):
        step = images[start : start + STEP_IMAGES]
        parts.append(stage(bundle, step))
        done(len(step))
    return np.concatenate(parts)
