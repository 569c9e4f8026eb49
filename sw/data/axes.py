"""Axes of the images of a data set, and from there to the one layout of :mod:`sw.design.images`.

A file says it with an array ``axes``, one of :data:`AXES`: N images, H rows, W columns, C channels; of
signals L samples. Without it only what can be read in one way is taken: (N, H, W), and four axes of which
either the last or the second one has at most four entries and the other one more.
"""

import numpy as np
from numpy.typing import NDArray

from sw.data.hints import image_hint
from sw.errors import EngramError

__all__ = ["AXES", "arranged", "axes_of"]

AXES = ("NHW", "NHWC", "NCHW", "NL", "NLC", "NCL")
MOST_CHANNELS = 4
"""Of an image whose axes nobody names: red, green, blue, and one more at most."""


def axes_of(value: NDArray, name: str) -> str:
    """The text of an array ``axes`` of the file `name`; raises EngramError if it is none of :data:`AXES`."""
    text = str(value.item()) if value.size == 1 and value.dtype.kind == "U" else None
    if text not in AXES:
        came = repr(text) if text is not None else f"{value.dtype} of shape {value.shape}"
        raise EngramError(f"{name}: axes must be one of {', '.join(AXES)}, got {came[:40]}; name them so")
    return text


def arranged(images: NDArray, axes: str | None, key: str, name: str) -> NDArray:
    """Images (N, H, W), or (N, H, W, C) with several channels; a view where that can be.

    Parameters
    ----------
    images
        As they are in the file.
    axes
        One of :data:`AXES`; None where the file does not say.
    key, name
        Of the array and of the file, for messages.

    Raises
    ------
    EngramError
        If these are no numbers, or the axes are others or can be read in several ways.
    """
    if images.dtype.kind not in "biuf" or (axes is None and images.ndim not in (3, 4)):
        signals = ", or for signals of one channel save axes='NL' with them" if images.ndim == 2 else ""
        raise EngramError(
            f"{name}: {key} must be numbers of shape (N, height, width) or (N, height, width, channels), got "
            f"{images.dtype} of shape {images.shape}; {image_hint(key, images)}{signals}"
        )
    axes = axes or _guessed(images, key, name)
    if len(axes) != images.ndim:
        raise EngramError(
            f"{name}: {key} must have the axes {axes} that the file names, got shape {images.shape}; name "
            "the "
            "axes that it has"
        )
    if "C" in axes:
        images = np.moveaxis(images, axes.index("C"), -1)
        images = images[..., 0] if images.shape[-1] == 1 else images
    return images[:, np.newaxis] if "L" in axes else images


def _guessed(images: NDArray, key: str, name: str) -> str:
    if images.ndim == 3:
        return "NHW"
    last, first = images.shape[3] <= MOST_CHANNELS, images.shape[1] <= MOST_CHANNELS
    if last == first:
        raise EngramError(
            f"{name}: {key} must say which axis has the channels, shape {images.shape} does not; save it "
            "with "
            "the file: numpy.savez(FILE, axes='NHWC', ...), or 'NCHW'"
        )
    return "NHWC" if last else "NCHW"
