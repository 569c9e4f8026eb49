"""Statistics of batch norms, taken anew from one fixed pass over the training images."""

import math

from torch import Tensor
from torch.optim.swa_utils import update_bn

from sw.training.loop.trainable import EVALUATION_BATCH, Classifier

__all__ = ["settle"]

IMAGES = 20_000
"""Images of the pass at most; the first ones."""


def settle(model: Classifier, images: Tensor) -> None:
    """Give every batch norm the statistics of `model` as it is, and with them every threshold its place.

    Those that ran along in training lag behind, and fit neither averaged weights nor accumulators that are
    exact. The images are shown as they are, not augmented: a network is used on such images, and nothing is
    drawn at random, so the same network always gets the same statistics, and looking at it more or less
    often does not change its training.

    Parameters
    ----------
    model
        Its buffers change; parameters and mode stay.
    images
        Training images, (N, H, W).
    """
    shown = images[:IMAGES]
    # of equal sizes, since every part counts alike, and one image alone may have no variance
    parts = shown.tensor_split(math.ceil(len(shown) / EVALUATION_BATCH))
    update_bn((part.float() for part in parts), model)
