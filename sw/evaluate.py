"""What an evaluation starts from: data that fit the bundle, features of the images, and the ideal array.

Only the integer reference computes classes. Front end and quantiser run once; :mod:`sw.chips` re-uses the
features. The margin rule is not applied: every image gets an answer.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle, DataOrigin
from sw.errors import EngramError
from sw.reference import pipeline
from sw.reference.adc import full_scale_tables
from sw.reference.array import ideal_codes

__all__ = [
    "accuracy",
    "check_labels",
    "check_origin",
    "confusion_matrix",
    "feature_maps_of",
    "features_of",
    "image_count",
    "with_ideal_array",
]

STEP_IMAGES = 500


def with_ideal_array(bundle: Bundle) -> Bundle:
    """The same classifier with ideal cells and the ideal ADC: each score is the number of matches."""
    ideal = {"cell_bits": bundle.design.level_bits, "adc_bits": None, "match_code": 1, "mismatch_code": 0}
    design = bundle.design.with_(**ideal)
    codes = ideal_codes(bundle.templates, design)
    return bundle.with_(
        design=design, codes=codes, adc=full_scale_tables(design, 0, 1), read_noise=None, pulse=None
    )


def features_of(
    bundle: Bundle, images: NDArray[np.uint8], done: Callable[[int], None] = lambda images: None
) -> NDArray[np.uint8]:
    """Word-line values (N, F) of images (N, height, width); `done` hears how many more are finished.

    Raises
    ------
    EngramError
        If the images do not have the size the bundle was trained for.
    """
    return _in_steps(pipeline.levels_of, bundle, images, done)


def feature_maps_of(
    bundle: Bundle, images: NDArray[np.uint8], done: Callable[[int], None] = lambda images: None
) -> NDArray[np.int32]:
    """Last feature maps (N, C, h, w); the rest as :func:`features_of`."""
    return _in_steps(pipeline.feature_maps_of, bundle, images, done)


def accuracy(labels: NDArray, truth: NDArray) -> float:
    """Share of equal entries."""
    return float(np.mean(labels == truth))


def confusion_matrix(truth: NDArray, labels: NDArray, classes: int) -> NDArray[np.int64]:
    """Number of images by true class (row) and answered class (column), int64 (classes, classes)."""
    pairs = truth.astype(np.int64) * classes + labels
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def check_origin(bundle: Bundle, found: DataOrigin, *, chosen: bool) -> bool:
    """Whether `found` is the data set the bundle was trained on.

    Parameters
    ----------
    bundle
        Remembers its data set's digest.
    found
        What was loaded.
    chosen
        Whether the user asked for this data set; then another one is allowed.

    Raises
    ------
    EngramError
        If the data set is another one and nobody asked for it.
    """
    trained = bundle.provenance.data
    same = trained is not None and trained.digest == found.digest
    if not same and not chosen:
        before = "no data set" if trained is None else f"digest {trained.digest[:12]}"
        raise EngramError(
            f"data set {found.name!r} must be the one the bundle was trained on ({before}), got digest "
            f"{found.digest[:12]}; give --data to evaluate on it all the same"
        )
    return same


def check_labels(bundle: Bundle, truth: NDArray) -> None:
    """Refuse an empty test split, or classes that the bundle does not know, with an EngramError."""
    classes = bundle.design.classes
    if not len(truth):
        raise EngramError("the test split must hold at least one image, got none; use another data set")
    if int(truth.max()) >= classes:
        raise EngramError(
            f"bundle {bundle.design.name!r} knows classes 0 to {classes - 1}, the data set's test split has "
            f"class {int(truth.max())}; use a data set with the same classes"
        )


def image_count(asked: str, available: int, name: str) -> int:
    """How many images of the test split of data set `name` "all" or a number asks for.

    Raises
    ------
    EngramError
        If it is neither, or there are fewer.
    """
    if asked == "all":
        return available
    count = int(asked) if asked.isascii() and asked.isdecimal() else 0
    if not 1 <= count <= available:
        raise EngramError(
            f"--images must be 'all' or 1 to {available}, the test images of {name}, got {asked!r}"
        )
    return count


def _in_steps(
    stage: Callable[[Bundle, NDArray[np.uint8]], NDArray],
    bundle: Bundle,
    images: NDArray[np.uint8],
    done: Callable[[int], None],
) -> NDArray:
    parts = []
    for start in range(0, max(len(images), 1), STEP_IMAGES):
        step = images[start : start + STEP_IMAGES]
        parts.append(stage(bundle, step))
        done(len(step))
    return np.concatenate(parts)
