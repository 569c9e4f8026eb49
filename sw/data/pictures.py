"""Pictures of the user's own for a classifier: a PNG, a folder of them, or an ``.npz``; grey, of its size."""

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.errors import EngramError

__all__ = ["Pictures", "read_pictures"]

SUFFIX = ".png"
KEYS = (("images", "labels"), ("x_test", "y_test"))
"""Names of the arrays in an ``.npz``: its own, or those of a data set's test part."""


class Pictures(NamedTuple):
    """Images that need not come from a data set.

    Attributes
    ----------
    names
        What each is called.
    images
        uint8, (N, height, width), grey values as in the images of the training.
    labels
        int64, (N,), or None where nobody says what they show.
    """

    names: list[str]
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None


def read_pictures(path: Path, design: DesignPoint) -> Pictures:
    """The pictures at `path` for a classifier of that design.

    Raises
    ------
    EngramError
        If nothing is there, a picture cannot be read, or is of another size; nothing is ever scaled, because
        the chip gets exactly what the reference gets.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == SUFFIX)
        if not files:
            raise EngramError(f"folder {path} must hold pictures *{SUFFIX}, it has none; give another one")
    elif path.suffix == ".npz":
        return _from_arrays(path, design)
    else:
        files = [path]
    images = np.stack([_picture(file, design) for file in files])
    return Pictures([file.name for file in files], images, None)


def _picture(path: Path, design: DesignPoint) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            deep = picture.mode.startswith(("I", "F"))  # more than 8 bits, which would be cut off
            grey = np.asarray(picture.convert("L"))
    except OSError as error:
        why = error.strerror or "it is no picture, or damaged"
        raise EngramError(f"cannot read {path}: {why}; give a PNG file, a folder of them or a .npz") from None
    except (ValueError, SyntaxError, zlib.error, Image.DecompressionBombError):  # PIL on damaged files
        raise EngramError(f"{path} must be a picture, it is damaged; save it anew") from None
    if deep:
        raise EngramError(f"{path} must have 8 bits per pixel, it has more; save it with 256 grey values")
    _check_size(grey, str(path), design)
    return grey


def _from_arrays(path: Path, design: DesignPoint) -> Pictures:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            named = next((pair for pair in KEYS if pair[0] in archive.files), None)
            if named is None:
                raise EngramError(
                    f"{path} must hold an array 'images' or 'x_test', found: "
                    f"{', '.join(archive.files)[:200] or 'nothing'}; save it with "
                    "numpy.savez(FILE, images=...)"
                )
            images = archive[named[0]]
            labels = archive[named[1]] if named[1] in archive.files else None
    except OSError as error:
        raise EngramError(
            f"cannot read {path}: {error.strerror or 'it is damaged'}; give another file"
        ) from None
    except (ValueError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error):
        # all of these come from zipfile and NumPy, for one array instead of an archive too
        raise EngramError(
            f"{path} is not a NumPy .npz file of numbers; save one with numpy.savez(FILE, images=...)"
        ) from None
    if images.ndim != 3 or images.dtype != np.uint8 or not len(images):
        raise EngramError(
            f"{path}: {named[0]} must be uint8 of shape (N, height, width), got {images.dtype} of "
            f"{images.shape}; convert it with .astype(numpy.uint8)"
        )
    _check_size(images[0], str(path), design)
    if labels is not None and (labels.shape != (len(images),) or labels.dtype.kind not in "iu"):
        raise EngramError(
            f"{path}: {named[1]} must be {len(images)} integers, got {labels.dtype} of {labels.shape}; "
            "leave them out or give one for each image"
        )
    names = [f"{path.name}[{number}]" for number in range(len(images))]
    return Pictures(names, images, None if labels is None else labels.astype(np.int64))


def _check_size(image: NDArray, name: str, design: DesignPoint) -> None:
    height, width = image.shape
    if (height, width) != (design.height, design.width):
        raise EngramError(
            f"{name} must be {design.width} x {design.height} pixels, got {width} x {height}; scale it to "
            "that size"
        )
