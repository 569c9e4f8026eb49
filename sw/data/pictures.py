"""Pictures of the user's own for a classifier: a PNG, a folder of them, or an ``.npz``; of its size."""

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.data.axes import arranged, axes_of
from sw.data.values import as_bytes, check_values
from sw.design import DesignPoint
from sw.design.images import ImageSize, size_of
from sw.errors import EngramError

__all__ = ["Pictures", "read_pictures"]

SUFFIX = ".png"
MODES = {1: "L", 3: "RGB"}
"""What pictures are read as, by channels."""
KEYS = (("images", "labels"), ("x_test", "y_test"))
"""Names of the arrays in an ``.npz``: its own, or those of a data set's test part."""


class Pictures(NamedTuple):
    """Images that need not come from a data set.

    Attributes
    ----------
    names
        What each is called.
    images
        uint8, (N, height, width) or (N, height, width, C), values as in the images of the training.
    labels
        int64, (N,), or None where nobody says what they show.
    """

    names: list[str]
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None


def read_pictures(path: Path, design: DesignPoint, inputs: Inputs = NOTHING_TOLD) -> Pictures:
    """The pictures at `path` for a classifier of that design.

    Parameters
    ----------
    path
        A picture, a folder of them, or an ``.npz``.
    design
        Gives the size. Pictures become grey for one channel, and have colours for three.
    inputs
        Of the bundle: values in an ``.npz`` that are not uint8 become so by its rule, and images have the
        size that it tells.

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
        return _from_arrays(path, design, inputs)
    else:
        files = [path]
    size = inputs.size_for(design.image_size)
    images = np.stack([_picture(file, size) for file in files]).reshape(-1, *design.image_size.shape)
    return Pictures([file.name for file in files], images, None)


def _picture(path: Path, size: ImageSize) -> NDArray[np.uint8]:
    from PIL import Image

    if size.channels not in MODES:
        raise EngramError(
            f"{path} is a picture, which has 1 or 3 channels, the bundle takes {size.channels}; give a .npz"
        )
    try:
        with Image.open(path) as picture:
            deep = picture.mode.startswith(("I", "F"))  # more than 8 bits, which would be cut off
            values = np.asarray(picture.convert(MODES[size.channels]))
    except OSError as error:
        why = error.strerror or "it is no picture, or damaged"
        raise EngramError(f"cannot read {path}: {why}; give a PNG file, a folder of them or a .npz") from None
    except (ValueError, SyntaxError, zlib.error, Image.DecompressionBombError):  # PIL on damaged files
        raise EngramError(f"{path} must be a picture, it is damaged; save it anew") from None
    if deep:
        raise EngramError(f"{path} must have 8 bits per pixel, it has more; save it with 256 grey values")
    _check_size(values.shape, str(path), size)
    return values


def _from_arrays(path: Path, design: DesignPoint, inputs: Inputs) -> Pictures:
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
            axes = axes_of(archive["axes"], str(path)) if "axes" in archive.files else None
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
    key = named[0]
    images = arranged(images, axes, key, str(path))
    if not images.size:
        raise EngramError(f"{path}: {key} must hold at least one image, got shape {images.shape}; add images")
    _check_size(images.shape[1:], str(path), inputs.size_for(design.image_size))
    check_values(images, key, str(path))
    images = as_bytes({key: images}, inputs.affine, str(path))[0][key]
    if labels is not None and (labels.shape != (len(images),) or labels.dtype.kind not in "iu"):
        raise EngramError(
            f"{path}: {named[1]} must be {len(images)} integers, got {labels.dtype} of {labels.shape}; "
            "leave them out or give one for each image"
        )
    images = images.reshape(-1, *design.image_size.shape)
    names = [f"{path.name}[{number}]" for number in range(len(images))]
    return Pictures(names, images, None if labels is None else labels.astype(np.int64))


def _check_size(shape: tuple[int, ...], name: str, wanted: ImageSize) -> None:
    """Refuse an image (height, width) or (height, width, C) of another size; raises EngramError."""
    found = size_of((1, *shape))
    if found.channels != wanted.channels:
        raise EngramError(
            f"{name} must have {wanted.channels} channel{'s' * (wanted.channels > 1)}, got {found.channels}; "
            "give images as those of the training"
        )
    if found != wanted:
        raise EngramError(
            f"{name} must be {wanted.width} x {wanted.height} pixels, got {found.width} x {found.height}; "
            "scale it to that size"
        )
