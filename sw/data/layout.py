"""The common layout of a data set, ``x_train, y_train, x_test, y_test``: what is refused, and in which words.

Images are numbers, see :mod:`sw.data.axes`, labels integers 0 .. K-1, of which the training part has every
one.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from sw.bundle.inputs import Inputs
from sw.data.hints import key_hint, label_hint, names_hint
from sw.errors import EngramError
from sw.validation import validated

__all__ = ["LAYOUT", "check_keys", "check_layout", "class_names_of"]

LAYOUT = ("x_train", "y_train", "x_test", "y_test")
MAX_CLASSES = 256


def check_keys(found: Collection[str], name: str) -> None:
    """Refuse a file that lacks an array; raises EngramError with the names that it has."""
    missing = [key for key in LAYOUT if key not in found]
    if missing:
        raise EngramError(
            f"{name} must hold {', '.join(LAYOUT)}; missing: {', '.join(missing)}, "
            f"found: {', '.join(found)[:200] or 'nothing'}; {key_hint(found)}"
        )


def check_layout(arrays: Mapping[str, NDArray], name: str) -> None:
    """Refuse arrays that are not of the layout.

    Parameters
    ----------
    arrays
        The four, by their names, images with their axes in order; others are ignored.
    name
        What the data set is called in messages.

    Raises
    ------
    EngramError
        With what must hold, what came, and the NumPy expression that helps.
    """
    for part in ("train", "test"):
        _check_part(arrays[f"x_{part}"], arrays[f"y_{part}"], part, name)
    sizes = [arrays[f"x_{part}"].shape[1:] for part in ("train", "test")]
    if sizes[0] != sizes[1]:
        raise EngramError(
            f"{name}: training and test images must have one size, got {sizes[0]} and {sizes[1]}; "
            "resize one of the parts"
        )
    _check_classes(arrays["y_train"], name)
    _check_test_classes(arrays["y_test"], int(arrays["y_train"].max()) + 1, name)


def _check_part(images: NDArray, labels: NDArray, part: str, name: str) -> None:
    x, y = f"x_{part}", f"y_{part}"
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise EngramError(
            f"{name}: {y} must be integers of shape (N,), got {labels.dtype} of shape {labels.shape}; "
            f"{label_hint(y, labels)}"
        )
    if len(images) != len(labels):
        last = images.shape[-1] == len(labels)
        hint = f"images lie on the last axis: take numpy.moveaxis({x}, -1, 0)" if last else "one label each"
        raise EngramError(
            f"{name}: {x} and {y} must have one length, got {len(images)} and {len(labels)}; {hint}"
        )
    if not images.size:
        hint = "set some training images apart" if part == "test" else "add images"
        raise EngramError(f"{name}: {x} must hold at least one image, got shape {images.shape}; {hint}")


def _check_classes(labels: NDArray, name: str) -> None:
    present = np.unique(labels)
    lowest, highest = int(present[0]), int(present[-1])
    wanted = f"{name}: y_train must hold every class 0 .. K-1, with K from 2 to {MAX_CLASSES}"
    if lowest < 0:
        raise EngramError(f"{wanted}, got {lowest}; leave images without a class out, or {names_hint()}")
    if len(present) == 1:
        raise EngramError(f"{wanted}, got class {lowest} alone; add images of another class")
    if len(present) > MAX_CLASSES:
        raise EngramError(f"{wanted}, got {len(present)} classes; join some of them")
    if highest + 1 == len(present):
        return
    if highest - lowest + 1 == len(present):
        raise EngramError(
            f"{wanted}, got {lowest} to {highest}; take y_train - {lowest} and y_test - {lowest}"
        )
    # Not np.arange(highest): a label may be as large as 2**63, and three numbers are enough to be told.
    missing: list[int] = []
    expected = 0
    for label in present.tolist():
        missing += range(expected, min(label, expected + 4))
        expected = label + 1
    named = ", ".join(map(str, missing[:3])) + (", ..." if len(missing) > 3 else "")
    raise EngramError(
        f"{wanted}, got {len(present)} classes up to {highest}, without {named}; "
        f"add images of what is missing, or {names_hint()}"
    )


def class_names_of(names: NDArray, classes: int, place: str) -> tuple[str, ...]:
    """Texts of an array ``classes`` of the file `place`, one for each of its classes.

    Raises
    ------
    EngramError
        If there are more or fewer, they are no texts, or they are not fit to be printed.
    """
    if names.dtype.kind != "U" or names.shape != (classes,):
        raise EngramError(
            f"{place}: classes must be {classes} names, in the order of the labels, got {names.dtype} of "
            "shape "
            f"{names.shape}; leave it out or save classes=numpy.array([...])"
        )
    return validated(Inputs, {"class_names": names.tolist()}, f"{place}: classes").class_names


def _check_test_classes(labels: NDArray, classes: int, name: str) -> None:
    odd = labels[(labels < 0) | (labels >= classes)]
    if len(odd):
        raise EngramError(
            f"{name}: y_test must hold the classes of y_train, 0 to {classes - 1}, got {int(odd[0])} "
            f"({len(odd)} of {len(labels)} labels are unknown); add training images of it, or leave it out"
        )
