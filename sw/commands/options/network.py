"""Options of commands that take a network in an ONNX file, and the images it is tried on."""

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from sw.console import terminal
from sw.design.images import ImageSize
from sw.errors import EngramError

if TYPE_CHECKING:
    from sw.data.parts import Dataset
    from sw.importing.student import InputRule, Student

__all__ = ["InputOffset", "InputScale", "NetworkArgument", "Trial", "rule_of", "trial_of"]

NUMBER = re.compile(r"[-+]?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,2})?|[-+]?\d{1,30}/\d{1,30}")
"""Bounded, because a fraction of a long number or a large exponent takes all memory."""
RANDOM_IMAGES = 100

NetworkArgument = Annotated[
    Path, typer.Argument(metavar="NET.onnx", help="QONNX or QDQ, weights inside or beside it.")
]
InputScale = Annotated[
    str | None,
    typer.Option(
        "--input-scale",
        metavar="S[,S...]",
        help="The network takes (pixel - offset) * S of pixels 0 .. 255; one S, or one for each channel.",
        show_default="1/255",
    ),
]
InputOffset = Annotated[
    str | None,
    typer.Option(
        "--input-offset",
        metavar="O[,O...]",
        help="Grey level that the network takes as 0; one, or one for each channel.",
        show_default="0",
    ),
]


class Trial(NamedTuple):
    """Images that a network is tried on.

    Attributes
    ----------
    images
        uint8, (N, H, W) or (N, H, W, C).
    dataset
        Where they come from; None for random ones.
    whole
        Whether they are the whole test part.
    """

    images: NDArray[np.uint8]
    dataset: "Dataset | None"
    whole: bool

    @property
    def words(self) -> str:
        """For people."""
        count = f"{len(self.images):,} "
        return count + ("random images" if self.dataset is None else f"test images of {self.dataset.name}")


def rule_of(scale: str | None, offset: str | None) -> "InputRule":
    """What the network takes for a pixel; raises EngramError if a person wrote no numbers."""
    from sw.importing.student import InputRule

    given = {"scale": scale, "offset": offset}
    return InputRule(**{name: _numbers(name, text) for name, text in given.items() if text is not None})


def _numbers(name: str, text: str) -> tuple[Fraction, ...]:
    parts = [part.strip() for part in text.split(",")]
    try:
        if all(NUMBER.fullmatch(part) for part in parts):
            return tuple(Fraction(part) for part in parts)
    except ZeroDivisionError:
        pass
    raise EngramError(
        f"--input-{name} must be numbers such as 1/255 or 0.5, with commas between, got {text!r}"
    )


def trial_of(student: "Student", data: str | None, count: int | None, seed: int) -> Trial:
    """Images for a network: the first test images of a data set, or without one random ones.

    Parameters
    ----------
    student
        Says the size of an image. Where it takes images as one pixel, those of the data set become that.
    data
        Name or file of a data set.
    count
        How many; None for the whole test part, or 100 random ones.
    seed
        Of random images.

    Raises
    ------
    EngramError
        If the data set cannot be loaded or has images of another size.
    """
    channels, height, width = student.image.map_shape
    size = ImageSize(height, width, channels)
    if data is None:
        rng = np.random.default_rng(seed)
        images = rng.integers(0, 256, (count or RANDOM_IMAGES, *size.shape), dtype=np.uint8)
        return Trial(images, None, whole=False)
    from sw.data.dataset import load

    dataset = load(data, terminal)
    if student.image.pixel and dataset.size != size and dataset.size.values == size.values:
        dataset = dataset.in_one_pixel()
    if dataset.size != size:
        raise EngramError(
            f"data set {dataset.name!r} must have images of {height} x {width} pixels and {channels} "
            f"channels, as {student.graph.path.name} takes, it has {dataset.size.words}; give the one the "
            "network is for"
        )
    part = dataset.test
    if count is not None and count > len(part):
        raise EngramError(
            f"--images must be 1 to {len(part)}, the test images of {dataset.name}, got {count}"
        )
    chosen = part if count is None else part.first(count)
    return Trial(chosen.images, dataset, whole=len(chosen) == len(part))
