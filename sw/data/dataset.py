"""Data sets: the embedded digits, any ``.npz`` of the common layout, and the official files by name.

The common layout is ``x_train, y_train, x_test, y_test``: images uint8 (N, H, W), labels integers 0 .. K-1.
The validation part is carved from the training part by a fixed seed; the test part is never chosen from.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from sw.cache import cache_folder
from sw.data.hints import object_hint
from sw.data.layout import LAYOUT, check_keys, check_layout
from sw.data.official import fetch_cifar10_grey, fetch_idx
from sw.data.parts import Dataset, Part
from sw.errors import EngramError
from sw.progress import SILENT, Listener

__all__ = ["NAMES", "load", "load_npz"]

SPLIT_SEED = 20_250_214
MAX_VALIDATION = 5_000
DIGITS_VALIDATION = 0.13
"""Share of the small digits set: 10 % would be too few images to choose a checkpoint by."""

FETCHED: dict[str, tuple[str, Callable[[Listener], dict[str, NDArray]]]] = {
    "mnist": ("mnist.npz", lambda listener: fetch_idx("mnist", listener)),
    "fashion-mnist": ("fashion_mnist.npz", lambda listener: fetch_idx("fashion-mnist", listener)),
    "cifar10-grey": ("cifar10_grey.npz", fetch_cifar10_grey),
}
NAMES = ("digits", *FETCHED)


def load(name_or_path: str, listener: Listener = SILENT) -> Dataset:
    """A data set by name or path.

    A name other than ``digits`` is looked for in the folder ``$ENGRAM_DATA``, then in the cache, then
    downloaded, of which `listener` hears.

    Raises
    ------
    EngramError
        If the name is unknown, the file is not of the layout, or a download fails.
    """
    if name_or_path == "digits":
        return _digits()
    if name_or_path not in FETCHED:
        path = Path(name_or_path)
        if path.suffix != ".npz":
            raise EngramError(
                f"data must be one of {', '.join(NAMES)} or a path ending in .npz, got {name_or_path!r}"
            )
        return load_npz(path, listener=listener)
    file_name, fetch = FETCHED[name_or_path]
    own = os.environ.get("ENGRAM_DATA")
    for place in ([Path(own)] if own else []) + [cache_folder()]:
        if (place / file_name).is_file():
            return load_npz(place / file_name, name_or_path)
    arrays = fetch(listener)
    check_layout(arrays, name_or_path)
    return _split(arrays, name_or_path)


def load_npz(path: Path, name: str | None = None, *, listener: Listener = SILENT) -> Dataset:
    """Read an ``.npz`` of the common layout, without unpickling anything.

    Parameters
    ----------
    path
        The file.
    name
        What the data set is called; the file's name if None.
    listener
        Hears of images that tell less than they seem to.

    Raises
    ------
    EngramError
        If the file cannot be read or is not of the layout.
    """
    foreign = EngramError(
        f"{path} is not a NumPy .npz file, or is damaged; save one with numpy.savez(FILE, x_train=...)"
    )
    try:
        with _archive(path) as archive:
            check_keys(archive.files, str(path))
            arrays = {}
            for key in LAYOUT:
                try:
                    arrays[key] = archive[key]
                except ValueError as error:
                    if "pickle" not in str(error).lower():
                        raise
                    raise EngramError(
                        f"{path}: {key} is an object array, which is never unpickled; {object_hint(key)}"
                    ) from None
    except OSError as error:
        if error.errno is None:
            raise foreign from None
        raise EngramError(
            f"cannot read {path}: {error.strerror}; give one of {', '.join(NAMES)}, or a file"
        ) from None
    except MemoryError:
        raise EngramError(
            f"{path} says that it holds more than fits into memory; it is damaged, or needs a larger machine"
        ) from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        # All of these come from zipfile and NumPy on damaged files, the last one of an unknown compression.
        raise foreign from None
    check_layout(arrays, str(path))
    _warn(arrays, str(path), listener)
    return _split(arrays, name or path.name)


@contextmanager
def _archive(path: Path) -> Iterator[NpzFile]:
    """The opened file, which NumPy would leave open if it is no archive; ValueError for a single array."""
    with path.open("rb") as file:
        opened = np.load(file, allow_pickle=False)
        if not isinstance(opened, NpzFile):
            raise ValueError(f"{path} is one array")
        with opened:
            yield opened


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


def _split(arrays: dict[str, NDArray], name: str, fraction: float = 0.1) -> Dataset:
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
    return _split(arrays, "digits", DIGITS_VALIDATION)
