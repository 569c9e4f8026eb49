"""The common layout: what is refused, and in which words."""

import numpy as np
import pytest

from sw.data.layout import check_keys, check_layout
from sw.errors import EngramError

LABELS = np.arange(60) % 3
GOOD = {
    "x_train": np.zeros((60, 4, 5), np.uint8),
    "y_train": LABELS,
    "x_test": np.zeros((9, 4, 5), np.uint8),
    "y_test": np.arange(9) % 3,
}
CLASSES = "y_train must hold every class 0 .. K-1, with K from 2 to 256, got "

REFUSALS = {
    "other channels in the test": (
        {"x_test": np.zeros((9, 4, 5, 3), np.uint8)},
        "training and test images must have one size, got (4, 5) and (4, 5, 3); resize one of the parts",
    ),
    "one-hot labels": (
        {"y_train": np.eye(3, dtype=np.int64)[LABELS]},
        "y_train must be integers of shape (N,), got int64 of shape (60, 3); these are one-hot: take",
    ),
    "names": (
        {"y_test": np.array(["ant", "bee", "cat"] * 3)},
        "y_test must be integers of shape (N,), got <U3 of shape (9,); these are texts: number them",
    ),
    "lengths differ": (
        {"y_train": LABELS[:50]},
        "x_train and y_train must have one length, got 60 and 50; one label each",
    ),
    "images on the last axis": (
        {"x_train": np.zeros((4, 5, 60), np.uint8)},
        "x_train and y_train must have one length, got 4 and 60; images lie on the last axis: take",
    ),
    "no test images": (
        {"x_test": np.zeros((0, 4, 5), np.uint8), "y_test": np.zeros(0, int)},
        "x_test must hold at least one image, got shape (0, 4, 5); set some training images apart",
    ),
    "no training images": (
        {"x_train": np.zeros((0, 4, 5), np.uint8), "y_train": np.zeros(0, int)},
        "x_train must hold at least one image, got shape (0, 4, 5); add images",
    ),
    "no pixels": (
        {"x_train": np.zeros((60, 0, 5), np.uint8)},
        "x_train must hold at least one image, got shape (60, 0, 5); add images",
    ),
    "sizes differ": (
        {"x_test": np.zeros((9, 5, 5), np.uint8)},
        "training and test images must have one size, got (4, 5) and (5, 5); resize one of the parts",
    ),
    "labels from 1": (
        {"y_train": LABELS + 1},
        CLASSES + "1 to 3; take y_train - 1 and y_test - 1",
    ),
    "a class missing": (
        {"y_train": np.where(LABELS == 1, 5, LABELS)},
        CLASSES
        + "3 classes up to 5, without 1, 3, 4; add images of what is missing, or number them by names, ",
    ),
    "many classes missing": (
        {"y_train": np.where(LABELS == 1, 2**62, LABELS)},
        CLASSES + "3 classes up to 4611686018427387904, without 1, 3, 4, ...; add images",
    ),
    "unlabelled images": (
        {"y_train": LABELS - 1},
        CLASSES + "-1; leave images without a class out, or number them by names, ",
    ),
    "one class": (
        {"y_train": LABELS * 0},
        CLASSES + "class 0 alone; add images of another class",
    ),
    "too many classes": (
        {"x_train": np.zeros((257, 4, 5), np.uint8), "y_train": np.arange(257)},
        CLASSES + "257 classes; join some of them",
    ),
    "unknown test class": (
        {"y_test": np.arange(9)},
        "y_test must hold the classes of y_train, 0 to 2, got 3 (6 of 9 labels are unknown); add",
    ),
    "negative test class": (
        {"y_test": np.full(9, -1)},
        "y_test must hold the classes of y_train, 0 to 2, got -1 (9 of 9 labels are unknown); add",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_other_layouts_are_refused_with_what_to_do(case):
    changes, message = REFUSALS[case]
    with pytest.raises(EngramError) as refusal:
        check_layout(GOOD | changes, "own.npz")
    said = str(refusal.value)
    assert said.startswith(f"own.npz: {message}") and "\n" not in said


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.int64])
def test_labels_of_any_integers_are_taken(kind):
    check_layout(GOOD | {"y_train": LABELS.astype(kind), "y_test": np.zeros(9, kind)}, "own.npz")


def test_missing_arrays_are_named_with_what_there_is():
    check_keys([*GOOD, "more"], "own.npz")
    with pytest.raises(EngramError) as refusal:
        check_keys(["x_train", "X_test"], "own.npz")
    assert str(refusal.value) == (
        "own.npz must hold x_train, y_train, x_test, y_test; missing: y_train, x_test, y_test, "
        "found: x_train, X_test; save them by these names, the test part apart: "
        "numpy.savez(FILE, x_train=..., y_train=..., ...)"
    )
    with pytest.raises(EngramError, match="found: nothing; "):
        check_keys([], "own.npz")
