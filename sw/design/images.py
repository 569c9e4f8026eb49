"""Layout of images, one everywhere: uint8 (N, H, W) with one channel, (N, H, W, C) with more.

It is the order on the wire: pixel after pixel, row after row, the channels of a pixel together. Images of one
channel have no axis for it, so that grey ones stay what they were. A signal of L samples is one row of L
pixels, (N, 1, L) or (N, 1, L, C): its kernels are then one row high, and a ring of one row of pixels is all
that hardware needs to hold. Likewise of images: a kernel needs all channels of the pixels under it, so what
comes pixel by pixel waits in a few rows of a map; channel after channel, a whole image would have to.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ImageSize", "channels_first", "in_one_pixel", "size_of"]


class ImageSize(NamedTuple):
    """Rows, columns and channels of an image."""

    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image in an array."""
        return self[:2] if self.channels == 1 else tuple(self)

    @property
    def values(self) -> int:
        """Values of an image, which are its bytes on the wire."""
        return self.height * self.width * self.channels

    @property
    def words(self) -> str:
        """For people, such as ``28 x 28 pixels`` or ``32 x 32 pixels of 3 channels``."""
        return f"{self.height} x {self.width} pixels" + (
            f" of {self.channels} channels" if self.channels > 1 else ""
        )


def size_of(shape: tuple[int, ...]) -> ImageSize:
    """Size of images by the shape (N, H, W) or (N, H, W, C) of their array."""
    _, height, width, *channels = shape
    return ImageSize(height, width, *(channels or [1]))


def channels_first(images: NDArray) -> NDArray:
    """Images as maps (N, C, H, W), a view."""
    return images[:, np.newaxis] if images.ndim == 3 else np.moveaxis(images, -1, 1)


def in_one_pixel(images: NDArray) -> NDArray:
    """Images as one pixel each, (N, 1, 1, values), whose channels are the same bytes in the same order."""
    return images.reshape(len(images), 1, 1, -1)
