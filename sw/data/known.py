"""Data sets by name: their file in a folder, how the official ones are fetched, names of their classes."""

from collections.abc import Callable
from typing import NamedTuple

from numpy.typing import NDArray

from sw.data.official import fetch_cifar10, fetch_idx
from sw.progress import Listener

__all__ = ["KNOWN", "Known"]

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_MNIST = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


class Known(NamedTuple):
    """A data set that has a name.

    Attributes
    ----------
    file
        Its file in ``$ENGRAM_DATA`` or in the cache.
    fetch
        Gives its arrays from the official files.
    class_names
        In the order of the labels; empty where digits say enough.
    """

    file: str
    fetch: Callable[[Listener], dict[str, NDArray]]
    class_names: tuple[str, ...] = ()


KNOWN: dict[str, Known] = {
    "mnist": Known("mnist.npz", lambda listener: fetch_idx("mnist", listener)),
    "fashion-mnist": Known(
        "fashion_mnist.npz", lambda listener: fetch_idx("fashion-mnist", listener), FASHION_MNIST
    ),
    "cifar10": Known("cifar10.npz", lambda listener: fetch_cifar10("cifar10", listener), CIFAR10),
    "cifar10-grey": Known(
        "cifar10_grey.npz", lambda listener: fetch_cifar10("cifar10-grey", listener), CIFAR10
    ),
}
