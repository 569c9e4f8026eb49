"""Accuracy of a bundle: with the ideal array, as programmed, and over many chips with an RRAM device model.

Only the integer reference computes classes here. Front end and quantiser run once; chips re-use the features.
The margin rule is not applied: every image gets an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle, DataOrigin
from sw.errors import EngramError
from sw.reference import pipeline
from sw.reference.adc import full_scale_tables
from sw.reference.array import ideal_codes
from sw.rram.conditions import Conditions
from sw.rram.device import Device
from sw.rram.programming import program

__all__ = [
    "Chips",
    "accuracy",
    "check_labels",
    "check_origin",
    "confusion_matrix",
    "features_of",
    "run_chips",
    "with_ideal_array",
]

STEP_IMAGES = 500


@dataclass(frozen=True, eq=False)
class Chips:
    """What several chips answered.

    Attributes
    ----------
    accuracies
        float64, (chips,).
    worst
        int64, (N,), the classes that the least accurate chip gave; the first of several.
    """

    accuracies: NDArray[np.float64]
    worst: NDArray[np.int64]


def with_ideal_array(bundle: Bundle) -> Bundle:
    """The same classifier with ideal cells and the ideal ADC: each score is the number of matches."""
    ideal = {"cell_bits": bundle.design.level_bits, "adc_bits": None, "match_code": 1, "mismatch_code": 0}
    design = bundle.design.with_(**ideal)
    codes = ideal_codes(bundle.templates, design)
    return bundle.with_(design=design, codes=codes, adc=full_scale_tables(design, 0, 1), read_noise=None)


def features_of(
    bundle: Bundle, images: NDArray[np.uint8], done: Callable[[int], None] = lambda images: None
) -> NDArray[np.uint8]:
    """Word-line values (N, F) of images (N, height, width); `done` hears how many more are finished.

    Raises
    ------
    EngramError
        If the images do not have the size the bundle was trained for.
    """
    parts = []
    for start in range(0, max(len(images), 1), STEP_IMAGES):
        step = images[start : start + STEP_IMAGES]
        parts.append(pipeline.levels_of(bundle, step))
        done(len(step))
    return np.concatenate(parts)


def accuracy(labels: NDArray, truth: NDArray) -> float:
    """Share of equal entries."""
    return float(np.mean(labels == truth))


def confusion_matrix(truth: NDArray, labels: NDArray, classes: int) -> NDArray[np.int64]:
    """Number of images by true class (row) and answered class (column), int64 (classes, classes)."""
    pairs = truth.astype(np.int64) * classes + labels
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def run_chips(
    bundle: Bundle,
    levels: NDArray[np.uint8],
    truth: NDArray,
    device: Device,
    conditions: Conditions,
    *,
    seed: int,
    chips: int,
    done: Callable[[int], None] = lambda chips: None,
) -> Chips:
    """Program chips 0 .. chips - 1 of `seed` and classify the same features with each.

    Parameters
    ----------
    bundle
        Gives templates and design.
    levels, truth
        Word-line values (N, F) and classes (N,).
    device, conditions, seed, chips
        See :func:`sw.rram.programming.program`.
    done
        Hears how many more chips are finished.

    Raises
    ------
    EngramError
        If the conductance codes are too narrow for the device.
    """
    accuracies: list[float] = []
    worst = np.zeros(0, np.int64)
    for chip in range(chips):
        programmed = program(bundle, device, conditions, seed=seed, chip=chip)
        labels = pipeline.classify(programmed, levels)
        share = accuracy(labels, truth)
        if not accuracies or share < min(accuracies):
            worst = labels
        accuracies.append(share)
        done(1)
    return Chips(np.array(accuracies), worst)


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
