"""Stage 2, quantiser: feature map to word-line values."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["word_line_values"]


def word_line_values(
    feature_map: NDArray[np.signedinteger],
    thresholds: NDArray[np.int32],
    cell: Literal["binary", "window"] = "binary",
) -> NDArray[np.uint8]:
    """Compare every feature with its own thresholds.

    Feature order is pixel by pixel, channels within a pixel, thermometer levels within a channel: the order
    in which an engine that finishes all channels of a pixel delivers them. For binary cells value f is 1 when
    the feature is at least its threshold. For window cells there is one value per feature: how many of its
    thresholds it reaches.

    Parameters
    ----------
    feature_map
        Integers, (N, C, h, w).
    thresholds
        int32, (h, w, C, L).
    cell
        Kind of the cells that the values drive.

    Returns
    -------
    ndarray
        uint8, (N, h * w * C * L), values 0 and 1; for window cells (N, h * w * C), levels 0 .. L.
    """
    features = feature_map.transpose(0, 2, 3, 1)[..., np.newaxis]  # (N, h, w, C, 1)
    reached = features >= thresholds
    values = reached if cell == "binary" else reached.sum(axis=-1)
    return values.astype(np.uint8).reshape(len(feature_map), -1)
