"""Stage 2, quantiser: feature map to word-line values."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["word_line_values"]


def word_line_values(feature_map: NDArray[np.int64], thresholds: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Compare every feature with its own thresholds.

    Feature order is pixel by pixel, channels within a pixel, thermometer levels within a channel: the order
    in which an engine that finishes all channels of a pixel delivers them. Value f is 1 when the feature is
    at least its threshold.

    Parameters
    ----------
    feature_map
        Integers, (N, C, h, w).
    thresholds
        int32, (h, w, C, L).

    Returns
    -------
    ndarray
        uint8, (N, h * w * C * L), values 0 and 1.
    """
    features = feature_map.transpose(0, 2, 3, 1)[..., np.newaxis]  # (N, h, w, C, 1)
    return (features >= thresholds).astype(np.uint8).reshape(len(feature_map), -1)
