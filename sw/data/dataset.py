"""Data sets: the embedded digits, any ``.npz`` of the common layout, and the official files by name.

The common layout is ``x_train, y_train, x_test, y_test``: images as :mod:`sw.data.axes` has them, labels
integers 0 .. K-1. Values that are not uint8 become so by a rule that is recorded, see :mod:`sw.data.values`.
A file may also hold ``axes``, and ``classes``, the names of the classes.
The validation part is carved from the training part by a fixed seed; the test part is never chosen from.
"""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.data.audio.maps import maps_of, rule_in
from sw.data.audio.recordings import Recordings, read_arrays
from sw.data.axes import arranged, axes_of
from sw.data.known import KNOWN
from sw.data.layout import LAYOUT, check_keys, check_layout, class_names_of
from sw.data.npz import read_npz
from sw.data.parts import Dataset, Part
from sw.data.values import as_bytes, check_values, rule_of
from sw.errors import EngramError
from sw.progress import SILENT, Listener
from sw.reference.inputs.log_mel import LogMel

__all__ = ["NAMES", "load", "load_npz", "recordings_named"]

SPLIT_SEED = 20_250_214
MAX_VALIDATION = 5_000
DIGITS_VALIDATION = 0.13
"""Share of the small digits set: 10 % would be too few images to choose a checkpoint by."""
NAMES = ("digits", *KNOWN)
IMAGES = ("x_train", "x_test")
MORE = ("axes", "classes", "audio", "source")
"""Arrays that a file need not have; the last two are those of maps of recordings."""


def load(name_or_path: str, listener: Listener = SILENT, inputs: Inputs | None = None) -> Dataset:
    """A data set by name or path.

    A name other than ``digits`` is looked for in the folder ``$ENGRAM_DATA``, then in the cache, then
    downloaded.

    Parameters
    ----------
    name_or_path
        One of :data:`NAMES`, or a file.
    listener
        Hears of a download, of the rule that makes uint8 values of others, and of images that tell less than
        they seem to.
    inputs
        Of a bundle that is to take the images: values that are not uint8 become so by its rule. None finds a
        rule for this data set, by its training images. Where it takes images as one pixel, they become that.

    Raises
    ------
    EngramError
        If the name is unknown, the file is not of the layout or does not serve the bundle, or a download
        fails.
    """
    dataset = _loaded(name_or_path, listener, inputs)
    if inputs is None or inputs.flattened is None:
        return dataset
    wanted = inputs.size_for(dataset.size)
    if dataset.size != wanted:
        raise EngramError(
            f"data set {dataset.name!r} must have images of {wanted.words}, as the bundle takes, it has "
            f"{dataset.size.words}; give the one it is for"
        )
    return dataset.in_one_pixel()


def _loaded(name_or_path: str, listener: Listener, inputs: Inputs | None) -> Dataset:
    if name_or_path == "digits":
        return _digits()
    if name_or_path not in KNOWN:
        path = Path(name_or_path)
        if path.suffix != ".npz":
            raise EngramError(
                f"data must be one of {', '.join(NAMES)} or a path ending in .npz, got {name_or_path!r}"
            )
        return load_npz(path, listener=listener, inputs=inputs)
    known = KNOWN[name_or_path]
    there = known.place()
    if there is not None:
        return load_npz(there, name_or_path, listener=listener, inputs=inputs)
    return _made(known.fetched(listener), name_or_path, name_or_path, listener, inputs)


def recordings_named(name: str, listener: Listener = SILENT) -> Recordings:
    """The recordings of a data set with a name, ahead of any rule; raises EngramError if it has none."""
    known = KNOWN[name]
    if known.audio is None:
        with_recordings = ", ".join(each for each, other in KNOWN.items() if other.audio is not None)
        raise EngramError(f"{name} has images, no recordings; those of {with_recordings} have a name")
    path = known.place()
    if path is None:
        return Recordings(known.fetched(listener), known.audio.rate, known.class_names)
    return read_arrays(path)._replace(rate=known.audio.rate, class_names=known.class_names)


def load_npz(
    path: Path, name: str | None = None, *, listener: Listener = SILENT, inputs: Inputs | None = None
) -> Dataset:
    """Read an ``.npz`` of the common layout, without unpickling anything.

    Parameters
    ----------
    path
        The file.
    name
        What the data set is called; the file's name if None.
    listener, inputs
        As for :func:`load`.

    Raises
    ------
    EngramError
        If the file cannot be read, is not of the layout, or does not serve the bundle.
    """
    arrays = read_npz(path, (*LAYOUT, *MORE), f"one of {', '.join(NAMES)}, or a file", check_keys)
    source = str(arrays["source"]) if "audio" in arrays and "source" in arrays else ""
    if name is None and source in KNOWN and KNOWN[source].audio is not None:
        name = source  # so a bundle finds the recordings again, by which the maps are made anew
    return _made(arrays, str(path), name or path.name, listener, inputs)


def _made(
    arrays: dict[str, NDArray], place: str, name: str, listener: Listener, inputs: Inputs | None
) -> Dataset:
    """The data set of arrays that `place`, their file, holds; raises EngramError as :func:`load`."""
    audio = _audio_rule(arrays, place, name, inputs)
    if name in KNOWN and KNOWN[name].audio is not None and "audio" not in arrays:
        assert audio is not None
        with listener.waiting("log-mel maps of the recordings"):
            arrays = maps_of(arrays, audio)
    axes = axes_of(arrays["axes"], place) if "axes" in arrays else None
    images = {key: arranged(arrays[key], axes, key, place) for key in IMAGES}
    check_layout({**arrays, **images}, place)
    for key in IMAGES:
        check_values(images[key], key, place)
    affine = rule_of(images["x_train"], place) if inputs is None else inputs.affine
    integers, clipped = as_bytes(images, affine, place)
    kind = images["x_train"].dtype
    if affine is not None and kind != np.uint8:
        listener.say(
            f"{place}: {kind} values become 0..255 as {affine.words}; {clipped:.3%} of them are clipped"
        )
    arrays = {**arrays, **integers}
    if name not in KNOWN:
        _warn(arrays, place, listener)
    names, classes = KNOWN[name].class_names if name in KNOWN else (), int(arrays["y_train"].max()) + 1
    if "classes" in arrays:
        names = class_names_of(arrays["classes"], classes, place)
    elif len(names) != classes:  # a file of that name with a part of the classes
        names = ()
    return _split(arrays, name, Inputs(class_names=names, affine=affine, audio=audio))


def _audio_rule(arrays: dict[str, NDArray], place: str, name: str, inputs: Inputs | None) -> LogMel | None:
    """The rule by which the maps were made, or are to be made of recordings; None for images.

    Raises
    ------
    EngramError
        If the maps of a file were made by another rule than those that a bundle was trained on.
    """
    wanted = None if inputs is None else inputs.audio
    if "audio" in arrays:
        found = rule_in(arrays["audio"], place)
        if wanted not in (None, found):
            odd = next(
                field for field, value in wanted.model_dump().items() if value != getattr(found, field)
            )
            raise EngramError(
                f"{place}: maps must be made as those that the bundle was trained on, {odd} is "
                f"{getattr(found, odd)} and not {getattr(wanted, odd)}; make them anew with engram data audio"
            )
        return found
    return wanted or KNOWN[name].audio if name in KNOWN and KNOWN[name].audio is not None else None


def _warn(arrays: dict[str, NDArray], name: str, listener: Listener) -> None:
    """Tell of classes with one training image, and of test images that were trained with."""
    alone = np.flatnonzero(np.bincount(arrays["y_train"].astype(np.uint8)) == 1)
    if len(alone):
        named = ", ".join(map(str, alone[:5])) + (", ..." if len(alone) > 5 else "")
        listener.warn(
            f"{name}: only one training image of class {named}; it serves for training and for validation"
        )
    seen = set(map(_mark, arrays["x_train"]))
    again = sum(_mark(image) in seen for image in arrays["x_test"])
    if again:
        listener.warn(
            f"{name}: {again} of {len(arrays['x_test'])} test images are training images too; accuracy on "
            "these says nothing about new ones"
        )


def _mark(image: NDArray[np.uint8]) -> bytes:
    """What equal images have in common; short, so that a large data set is not held twice."""
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _split(
    arrays: dict[str, NDArray], name: str, inputs: Inputs = NOTHING_TOLD, fraction: float = 0.1
) -> Dataset:
    """Carve the validation part from the training part: a fraction of every class, at most 5,000 images.

    Both parts have every class: without it in training nothing could be learned, without it in validation
    epochs would be chosen that give it up. So the only image of a class is in both.
    """
    images, labels = arrays["x_train"], arrays["y_train"].astype(np.uint8)
    validation = _stratified(labels, min(fraction, MAX_VALIDATION / len(labels)))
    train = ~validation | (np.bincount(labels)[labels] == 1)
    return Dataset(
        name,
        train=Part(images[train], labels[train]),
        validation=Part(images[validation], labels[validation]),
        test=Part(arrays["x_test"], arrays["y_test"].astype(np.uint8)),
        classes=int(labels.max()) + 1,
        inputs=inputs,
    )


def _stratified(labels: NDArray, fraction: float) -> NDArray[np.bool_]:
    """Mask of a fixed random choice of `fraction` of every class, at least one image of each."""
    rng = np.random.default_rng(SPLIT_SEED)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[rng.permutation(members)[: max(1, int(len(members) * fraction))]] = True
    return chosen


def _digits() -> Dataset:
    """The 1,797 8x8 digits that come with scikit-learn; 20 % are the test part."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    grey = digits.images.astype(np.int64)  # 0..16
    images = ((grey * 255 + 8) // 16).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    test = _stratified(labels, 0.2)
    arrays = {
        "x_train": images[~test],
        "y_train": labels[~test],
        "x_test": images[test],
        "y_test": labels[test],
    }
    return _split(arrays, "digits", fraction=DIGITS_VALIDATION)
