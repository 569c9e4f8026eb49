"""Dense: the weights of a layer with all those that are always 0, as the lanes of a unit meet them."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["identities", "with_groups"]


def with_groups(
    weight: NDArray[np.int8], groups: int, inputs: int, channels: tuple[int, int]
) -> NDArray[np.int64]:
    """Weights of a convolution, (out, in, kernel rows, kernel columns).

    Parameters
    ----------
    weight
        (out, in per group, rows, columns).
    groups, inputs
        Of the layer, and how many input channels it has.
    channels
        Output and input channels of the result; those beyond the layer's are 0.
    """
    outputs, own, *kernel = weight.shape
    dense = np.zeros((*channels, *kernel), np.int64)
    blocks = np.zeros((groups, outputs // groups, groups, own, *kernel), np.int64)
    every = np.arange(groups)
    blocks[every, :, every] = weight.reshape(groups, outputs // groups, own, *kernel)
    dense[:outputs, :inputs] = blocks.reshape(outputs, inputs, *kernel)
    return dense


def identities(count: int, second: int, channels: tuple[int, int]) -> NDArray[np.int64]:
    """Weights of an addition of maps with `count` channels; those of the second begin at `second`."""
    dense = np.zeros((*channels, 1, 1), np.int64)
    own = np.arange(count)
    dense[own, own] = dense[own, second + own] = 1
    return dense
