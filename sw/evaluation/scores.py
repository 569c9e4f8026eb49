"""Input of an evaluation: data that fit the bundle, features of the images, and the ideal array.

Only the integer reference computes classes. Front end and quantiser run once; :mod:`sw.evaluation.chips`
re-uses the features. The margin rule is not applied: every image gets an answer.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["accuracy", "confusion_matrix"]


def accuracy(labels: NDArray, truth: NDArray) -> float:
    """Share of equal entries."""
    return float(np.mean(labels == truth))


def confusion_matrix(truth: NDArray, labels: NDArray, classes: int) -> NDArray[np.int64]:
    """Number of images by true class (row) and answered class (column), int64 (classes, classes)."""
    pairs = truth.astype(np.int64) * classes + labels
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
