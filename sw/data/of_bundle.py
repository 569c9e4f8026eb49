"""The data set of a bundle: the one it was trained on, or another that the user names."""

from typing import TYPE_CHECKING

from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.bundle.bundle import DataOrigin
from sw.errors import EngramError

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.data.dataset import Dataset

__all__ = ["check_labels", "check_origin", "dataset_of", "image_count"]


def check_origin(bundle: Bundle, found: DataOrigin, *, chosen: bool) -> bool:
    """Whether `found` is the data set the bundle was trained on.

    Parameters
    ----------
    bundle
        Remembers its data set's digest.
    found
        What was loaded.
    chosen
        Whether the user asked for this data set; then another one is allowed.

    Raises
    ------
    EngramError
        If the data set is another one and nobody asked for it.
    """
    trained = bundle.provenance.data
    same = trained is not None and trained.digest == found.digest
    if not same and not chosen:
        before = "no data set" if trained is None else f"digest {trained.digest[:12]}"
        raise EngramError(
            f"data set {found.name!r} must be the one the bundle was trained on ({before}), got digest "
            f"{found.digest[:12]}; give --data to evaluate on it all the same"
        )
    return same


def check_labels(bundle: Bundle, truth: NDArray) -> None:
    """Refuse an empty test split, or classes that the bundle does not know, with an EngramError."""
    classes = bundle.design.classes
    if not len(truth):
        raise EngramError("the test split must hold at least one image, got none; use another data set")
    if int(truth.max()) >= classes:
        raise EngramError(
            f"bundle {bundle.design.name!r} knows classes 0 to {classes - 1}, the data set's test split has "
            f"class {int(truth.max())}; use a data set with the same classes"
        )


def image_count(asked: str, available: int, name: str) -> int:
    """How many images of the test split of data set `name` "all" or a number asks for.

    Raises
    ------
    EngramError
        If it is neither, or there are fewer.
    """
    if asked == "all":
        return available
    count = int(asked) if asked.isascii() and asked.isdecimal() else 0
    if not 1 <= count <= available:
        raise EngramError(
            f"--images must be 'all' or 1 to {available}, the test images of {name}, got {asked!r}"
        )
    return count


def dataset_of(bundle: "Bundle", chosen: str | None) -> tuple["Dataset", bool]:
    """Load the data set named `chosen`, or for None that of the bundle.

    Returns
    -------
    Dataset, bool
        What was loaded, and whether the bundle was trained on it.

    Raises
    ------
    EngramError
        If it cannot be loaded, or for None if it is not what the bundle was trained on.
    """
    from sw.bundle.bundle import DataOrigin
    from sw.data.dataset import load

    name, trained = chosen, bundle.provenance.data
    if name is None:
        if trained is None:
            raise EngramError(
                f"bundle {bundle.design.name!r} must say which data set it was trained on, it does not; "
                "name one with --data"
            )
        name = trained.name
    dataset = load(name)
    origin = DataOrigin(name=dataset.name, digest=dataset.digest)
    return dataset, check_origin(bundle, origin, chosen=chosen is not None)
