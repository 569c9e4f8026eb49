"""Data sets by name: their file in a folder, how the official ones are fetched, names of their classes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from numpy.typing import NDArray

from sw.cache import cache_folder
from sw.data.official import fetch_cifar10, fetch_idx
from sw.errors import EngramError
from sw.progress import Listener
from sw.reference.inputs.log_mel import LogMel

__all__ = ["KNOWN", "Known"]

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_MNIST = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
SPOKEN_DIGITS = LogMel(rate=8_000, samples=8_000, window=400, hop=250, highest_hz=4_000)
"""Maps of 32 bands by 31 frames: a second at 8 kHz, in frames of 50 ms every 31.25 ms."""
MAKE_SPOKEN_DIGITS = (
    "make it of https://github.com/Jakobovski/free-spoken-digit-dataset: x_train and x_test int16 (N, 8000), "
    "a second of each recording, y_train and y_test; recordings 0 to 4 of each speaker and digit are the test"
)
"""Nobody publishes a checksum of that archive, so it is not fetched."""


class Known(NamedTuple):
    """A data set that has a name.

    Attributes
    ----------
    file
        Its file in ``$ENGRAM_DATA`` or in the cache.
    fetch
        Gives its arrays from the official files; None where nobody can tell that a file is the official one.
    class_names
        In the order of the labels; empty where digits say enough.
    audio
        How its recordings become maps, where nobody asks for another rule; None for images.
    advice
        How to make the file of a data set that is not fetched.
    """

    file: str
    fetch: Callable[[Listener], dict[str, NDArray]] | None
    class_names: tuple[str, ...] = ()
    audio: LogMel | None = None
    advice: str = ""

    def place(self) -> Path | None:
        """Its file in the folder ``$ENGRAM_DATA`` or in the cache; None where it is in neither."""
        own = os.environ.get("ENGRAM_DATA")
        folders = ([Path(own)] if own else []) + [cache_folder()]
        return next((path for folder in folders if (path := folder / self.file).is_file()), None)

    def fetched(self, listener: Listener) -> dict[str, NDArray]:
        """Its arrays from the official files; raises EngramError if they cannot be had."""
        if self.fetch is None:
            raise EngramError(
                f"{self.file} must be in the folder $ENGRAM_DATA, it is not there; {self.advice}"
            )
        return self.fetch(listener)


KNOWN: dict[str, Known] = {
    "mnist": Known("mnist.npz", lambda listener: fetch_idx("mnist", listener)),
    "fashion-mnist": Known(
        "fashion_mnist.npz", lambda listener: fetch_idx("fashion-mnist", listener), FASHION_MNIST
    ),
    "cifar10": Known("cifar10.npz", lambda listener: fetch_cifar10("cifar10", listener), CIFAR10),
    "cifar10-grey": Known(
        "cifar10_grey.npz", lambda listener: fetch_cifar10("cifar10-grey", listener), CIFAR10
    ),
    "spoken-digits": Known("spoken_digits_8khz.npz", None, audio=SPOKEN_DIGITS, advice=MAKE_SPOKEN_DIGITS),
}
