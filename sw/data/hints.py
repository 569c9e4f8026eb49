"""Hints for arrays that are not of the common layout: the NumPy expression that makes them so.

A hint is the end of a refusal. Its expression is built from what the array holds, step by step (axes first,
then values), so that it can be pasted behind ``numpy.load``.
"""

import re
from collections.abc import Iterable
from math import isqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["image_hint", "key_hint", "label_hint", "names_hint", "object_hint", "value_hint"]

GREY = "[0.299, 0.587, 0.114]"
"""Weights of red, green and blue in luma (ITU-R BT.601)."""
WORDS = {
    "x": {"x", "image", "images", "img", "imgs", "data", "input", "inputs", "samples"},
    "y": {"y", "label", "labels", "target", "targets", "class", "classes"},
    "train": {"train", "tr"},
    "test": {"test", "te"},
}
"""Words in other people's names of the four arrays."""


def image_hint(key: str, images: NDArray) -> str:
    """Words and an expression for images that are not uint8 of shape (N, height, width).

    Parameters
    ----------
    key
        Name of the array in the file, such as ``x_train``.
    images
        The array, of any kind but object.
    """
    if images.dtype.kind not in "biuf":
        return "give the grey values of the images as numbers"
    what, expression = _flattened(key, images)
    if not expression:
        return what
    kind, scaled = _scaled(expression, images)
    words = " and ".join(word for word in (what, kind) if word)
    return f"{words}: take {scaled}" if scaled else words


def value_hint(key: str, images: NDArray) -> str:
    """Words and an expression for numbers that are to be uint8; axes stay as they are."""
    kind, scaled = _scaled(key, images)
    return f"{kind}: take {scaled}" if scaled else kind


def _flattened(key: str, images: NDArray) -> tuple[str, str]:
    """What the axes are, and the images as (N, height, width); no expression where nobody can know."""
    shape = images.shape
    if images.ndim == 3:
        return "", key
    if images.ndim == 2:
        side = isqrt(shape[1])
        size = f"{side}, {side}" if side * side == shape[1] and side > 1 else "height, width"
        return "images lie as rows", f"{key}.reshape(-1, {size})"
    if images.ndim == 4:
        if shape[-1] == 1:
            return "the last axis has one channel", f"{key}[..., 0]"
        if shape[1] == 1:
            return "the second axis has one channel", f"{key}[:, 0]"
        if shape[-1] == 2:
            return "grey values with opacity", f"{key}[..., 0]"
        if shape[-1] in (3, 4):
            return "colour images", f"({key}[..., :3] @ {GREY})"
        if shape[1] in (3, 4):
            return "colour images, channels first", f"(numpy.moveaxis({key}, 1, -1)[..., :3] @ {GREY})"
    return "give one grey image per entry of the first axis", ""


def _scaled(expression: str, images: NDArray) -> tuple[str, str]:
    """What the values are, and the expression with grey values 0..255 as uint8."""
    cast = ".astype(numpy.uint8)"
    rounded = images.dtype.kind == "f" or "@" in expression
    if not images.size:
        return "", f"{expression}{cast}"
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        return "some values are not finite; replace those first", ""
    if images.dtype == np.uint8:
        return "", f"numpy.round({expression}){cast}" if rounded else expression
    if 0 <= low and high <= 1:
        return "values lie from 0 to 1", f"numpy.round({expression} * 255){cast}"
    if -1 <= low and high <= 1:
        return "values lie from -1 to 1", f"numpy.round(({expression} + 1) * 127.5){cast}"
    if 0 <= low and high <= 255:
        whole = f"numpy.round({expression})" if rounded else expression
        return f"values are {images.dtype} from {low:g} to {high:g}", f"{whole}{cast}"
    span = f"({low:g}, {high:g}), (0, 255)"
    scaled = f"numpy.round(numpy.interp({expression}, {span})){cast}"
    return f"values lie from {low:g} to {high:g}", f"{scaled}, with the same bounds for all parts"


def label_hint(key: str, labels: NDArray) -> str:
    """Words and an expression for labels that are not integers of shape (N,); `key` such as ``y_train``."""
    if labels.ndim == 2 and 1 in labels.shape:
        found = label_hint(f"{key}.ravel()", labels.ravel())
        return found or f"one axis is too many: take {key}.ravel()"
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        if np.all(np.count_nonzero(labels, axis=1) == 1):
            return f"these are one-hot: take {key}.argmax(axis=1)"
        if labels.dtype.kind == "f":
            return f"if these are scores of the classes, take {key}.argmax(axis=1)"
        return "an image has one class; several, or none, cannot be learned"
    if labels.ndim != 1:
        return "give one class per image"
    if labels.dtype.kind in "US":
        if all(text.isascii() and text.isdigit() for text in labels.tolist()):
            return f"these are numbers as text: take {key}.astype(numpy.int64)"
        return f"these are texts: {names_hint()}"
    if labels.dtype.kind == "b":
        return f"these are true and false: take {key}.astype(numpy.int64)"
    if labels.dtype.kind == "f":
        if np.all(np.isfinite(labels)) and np.array_equal(labels, np.rint(labels)):
            return f"these are whole numbers: take {key}.astype(numpy.int64)"
        odd = labels[~np.isfinite(labels) | (labels != np.rint(labels))][0]
        return f"{odd:g} is no class; classes are whole numbers from 0 on"
    return "" if labels.dtype.kind in "iu" else "give one whole number per image"


def names_hint() -> str:
    """How to number classes that are named, or numbered with gaps."""
    return (
        "number them by names, y_train = numpy.unique(y_train, return_inverse=True) and then "
        "y_test = numpy.searchsorted(names, y_test)"
    )


def object_hint(key: str) -> str:
    """What to do with an object array, of which nothing is looked at."""
    if key.startswith("x"):
        return "images of different sizes end so: resize them to one size, then numpy.stack(images)"
    return (
        f"save numbers as numpy.array(list({key})).astype(numpy.int64), and texts as numpy.array(list({key}))"
    )


def key_hint(found: Iterable[str]) -> str:
    """How to name the arrays of a file that has others; `found` are its names."""
    names = list(found)
    guessed: dict[str, str] = {}
    for name in names:
        words = set(re.findall(r"[a-z]+", re.sub("(train|test)", r"_\1_", name.lower())))
        role = [each for each in ("x", "y") if words & WORDS[each]]
        part = [each for each in ("train", "test") if words & WORDS[each]]
        if len(role) == len(part) == 1:
            guessed.setdefault(f"{role[0]}_{part[0]}", name)
    if len(guessed) == 4:
        pairs = ", ".join(f'{key}=old["{guessed[key]}"]' for key in sorted(guessed))
        return f"rename them: numpy.savez(FILE, {pairs})"
    if any(re.fullmatch(r"arr_\d+", name) for name in names):
        return (
            "numpy.savez calls arrays arr_0, arr_1 that it gets without names: numpy.savez(FILE, x_train=...)"
        )
    return "save them by these names, the test part apart: numpy.savez(FILE, x_train=..., y_train=..., ...)"
