"""Statistics of batch norms, taken anew from one fixed set of training images."""

import math

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from sw.training.loop.trainable import EVALUATION_BATCH, Classifier

__all__ = ["settle"]

IMAGES = 20_000
"""Images that are shown at most; the first ones."""


def settle(model: Classifier, images: Tensor) -> None:
    """Give every batch norm the statistics of `model` as it is, and with them every threshold its place.

    Those that ran along in training lag behind, and fit neither averaged weights nor accumulators that are
    exact. The images are shown as they are, not augmented: a network is used on such images, and nothing is
    drawn at random, so the same network always gets the same statistics, and looking at it more or less
    often does not change its training.

    A part is settled behind parts that are settled already, and work as in evaluation. With statistics of
    every batch instead, a level that lies next to a threshold comes out above it in one batch and below it in
    another. Of an even background that is half of all pixels, and the statistics behind it would be those of
    a network that there never is.

    Parameters
    ----------
    model
        Its buffers change; parameters and mode stay.
    images
        Training images, (N, H, W) or (N, H, W, C).
    """
    shown = images[:IMAGES]
    # of equal sizes, since every batch counts alike, and one image alone may have no variance
    batches = shown.tensor_split(math.ceil(len(shown) / EVALUATION_BATCH))
    mode = model.training
    for part, run in model.in_turn():
        norms = [each for each in part.modules() if isinstance(each, _BatchNorm)]
        if not norms:
            continue
        model.eval()
        part.train()
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a mean over all batches
        with torch.no_grad():
            for batch in batches:
                run(batch.float())
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    model.train(mode)
