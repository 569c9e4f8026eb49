"""Average-pools: a depthwise layer whose weights are all 1, and whose levels are those of the mean.

The mean of n values under the kernel, those outside the map included, which are 0, is rounded half up:
``level = (2 * sum + n) // (2 * n)``. So a level begins at the smallest sum that is ``(level - 1/2) * n`` or
more. As the last layer it hands on its sums, and nothing is rounded.
"""

from math import prod

import numpy as np

from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation

__all__ = ["average_parameters"]


def average_parameters(layer: Layer, shape: LayerShape) -> LayerParameters:
    """The integers of an average-pool, the same for all channels.

    From 5 bits on the rule becomes a multiplication and a shift. The multiplier is the reciprocal of n,
    rounded up, with as many digits as fit. It makes no sum reach a level early: what a sum gains by rounding
    up stays below ``1 / (2 * n)`` of a level, which is the least that it can lack.
    """
    channels, count = shape.inputs[0], prod(layer.kernel)
    weight = np.ones(layer.weight_shape(channels), np.int8)
    levels = np.arange(1, layer.thresholds_per_channel + 1)
    thresholds = np.tile(((2 * levels - 1) * count + 1) // 2, (channels, 1)).astype(np.int32)
    if not layer.requantises:
        return LayerParameters(weight, thresholds)
    shift = max(bits for bits in range(32) if -(-(2**bits) // count) < 2**MULTIPLIER_BITS)
    tables = Requantisation(
        np.full(channels, -(-(2**shift) // count), np.int32),
        np.zeros(channels, np.int64),
        np.full(channels, shift, np.int32),
    )
    return LayerParameters(weight, thresholds, tables)
