"""Values of a data set as uint8: taken as they are, or made by an affine rule that is recorded with them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sw.data.hints import value_hint
from sw.errors import EngramError
from sw.reference.inputs.affine import LARGEST_INTEGER, Affine

__all__ = ["as_bytes", "check_values", "rule_of"]

LEFT_OUT = 0.0005
"""Share of the training values at either end that the rule may clip: one wild value of a sensor would take
the bits of all others. Images with more of their darkest and brightest value keep their whole range."""


def check_values(images: NDArray, key: str, name: str) -> None:
    """Refuse values that are not finite, or too large for exact integers; raises EngramError."""
    if images.dtype.kind == "f":
        odd = np.count_nonzero(~np.isfinite(images))
        if odd:
            raise EngramError(
                f"{name}: {key} must hold finite numbers, {odd:,} of {images.size:,} are NaN or infinite; "
                "replace those first"
            )
    elif images.dtype.itemsize > 4 or images.dtype == np.uint32:
        low, high = int(images.min()), int(images.max())
        if low < -LARGEST_INTEGER or high > LARGEST_INTEGER:
            raise EngramError(
                f"{name}: {key} must hold integers of up to 32 bits, got {low} to {high}; take "
                f"{key}.astype(numpy.float64)"
            )


def rule_of(images: NDArray, name: str) -> Affine | None:
    """The rule for training images: none for uint8, else from their lowest value but few to the highest.

    Raises
    ------
    EngramError
        If all values are equal, or differ by too little.
    """
    if images.dtype == np.uint8:
        return None
    ends = np.quantile(images, LEFT_OUT, method="lower"), np.quantile(images, 1 - LEFT_OUT, method="higher")
    lowest, highest = map(float, ends)
    if lowest == highest:  # more than all but a few are equal
        lowest, highest = float(images.min()), float(images.max())
    try:
        return Affine.between(lowest, highest)
    except ValueError:
        raise EngramError(
            f"{name}: x_train must hold values that differ, got {images.dtype} from {lowest:g} to "
            f"{highest:g}; "
            "give others, or subtract what they have in common"
        ) from None


def as_bytes(
    arrays: Mapping[str, NDArray], affine: Affine | None, name: str
) -> tuple[dict[str, NDArray[np.uint8]], float]:
    """Images by name as uint8, and the share of values that were clipped; uint8 stays as it is.

    Parameters
    ----------
    arrays
        Images whose values were checked.
    affine
        The rule for other types than uint8; None where there is none.
    name
        Of the data set, for messages.

    Raises
    ------
    EngramError
        If there is no rule, and one is needed.
    """
    made, clipped = {}, 0
    for key, images in arrays.items():
        if images.dtype == np.uint8:
            made[key] = images
        elif affine is None:
            raise EngramError(
                f"{name}: {key} must be uint8, as the images that the bundle was trained on, got "
                f"{images.dtype} from {images.min():g} to {images.max():g}; {value_hint(key, images)}"
            )
        else:
            made[key], out = affine.apply(images)
            clipped += out
    return made, clipped / max(1, sum(images.size for images in arrays.values()))
