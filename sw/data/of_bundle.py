"""The data set of a bundle: the one it was trained on, or another that the user names."""

from typing import TYPE_CHECKING, NamedTuple

from sw.bundle import Bundle
from sw.bundle.inputs import Inputs
from sw.errors import EngramError
from sw.progress import SILENT, Listener

if TYPE_CHECKING:
    from sw.data.parts import Dataset, Part

__all__ = ["Selection", "check_labels", "check_origin", "dataset_of", "inputs_known", "selection_of"]


class Selection(NamedTuple):
    """Test images that a bundle is tried on.

    Attributes
    ----------
    dataset
        Where they come from.
    part
        The images that were asked for, in order from the first, and their labels.
    trained_on
        Whether the bundle was trained on that data set.
    """

    dataset: "Dataset"
    part: "Part"
    trained_on: bool


def dataset_of(bundle: Bundle, chosen: str | None, listener: Listener = SILENT) -> tuple["Dataset", bool]:
    """Load the data set named `chosen`, or for None that of the bundle; `listener` hears of a download.

    Returns
    -------
    Dataset, bool
        The data set, and whether the bundle was trained on it.

    Raises
    ------
    EngramError
        If it cannot be loaded, or for None if it is not what the bundle was trained on.
    """
    from sw.data.dataset import load

    name, trained = chosen, bundle.provenance.data
    if name is None:
        if trained is None:
            raise EngramError(
                f"bundle {bundle.design.name!r} must say which data set it was trained on, it does not; "
                "name one with --data"
            )
        name = trained.name
    dataset = load(name, listener, bundle.inputs)
    return dataset, check_origin(bundle, dataset, chosen=chosen is not None)


def selection_of(
    bundle: Bundle, chosen: str | None, asked: str | int, listener: Listener = SILENT
) -> Selection:
    """The first test images of the data set of a bundle, with labels that the bundle knows.

    Parameters
    ----------
    bundle, chosen, listener
        As for :func:`dataset_of`.
    asked
        As text, what the user typed: "all", or a number that must not be above what there is. As a number,
        a command's own default: so many, or all where there are fewer.

    Raises
    ------
    EngramError
        As :func:`dataset_of`; if `asked` is neither, or a class of the test part is unknown to the bundle.
    """
    dataset, trained_on = dataset_of(bundle, chosen, listener)
    count = asked if isinstance(asked, int) else _image_count(asked, len(dataset.test), dataset.name)
    check_labels(bundle, dataset)
    return Selection(dataset, dataset.test.first(count), trained_on)


def inputs_known(bundle: Bundle, dataset: "Dataset") -> Inputs:
    """Whose names of the classes are told: the bundle's, or the data set's where the bundle has none."""
    return bundle.inputs if bundle.inputs.class_names else dataset.inputs


def check_origin(bundle: Bundle, dataset: "Dataset", *, chosen: bool) -> bool:
    """Whether the bundle was trained on a data set.

    Parameters
    ----------
    bundle
        Remembers its data set's digest.
    dataset
        To be compared.
    chosen
        Whether the user asked for this data set; then another one is allowed.

    Raises
    ------
    EngramError
        If the data set is another one and nobody asked for it.
    """
    trained, found = bundle.provenance.data, dataset.origin
    same = trained is not None and trained.digest == found.digest
    if not same and not chosen:
        before = "no data set" if trained is None else f"digest {trained.digest[:12]}"
        raise EngramError(
            f"data set {found.name!r} must be the one the bundle was trained on ({before}), got digest "
            f"{found.digest[:12]}; give --data to evaluate on it all the same"
        )
    return same


def check_labels(bundle: Bundle, dataset: "Dataset") -> None:
    """Refuse an empty test split, or classes that the bundle does not know, with an EngramError."""
    classes, truth = bundle.design.classes, dataset.test.labels
    known, found = bundle.inputs.class_names, dataset.inputs.class_names
    if known and found and known != found:
        pairs = enumerate(zip(known, found, strict=False))
        label = next((label for label, (own, other) in pairs if own != other), 0)
        raise EngramError(
            f"bundle {bundle.design.name!r} must have the classes of the data set, its class {label} is "
            f"{known[label]!r}, that of {dataset.name!r} {found[label]!r}; number the data set's as the "
            "bundle's"
        )
    if not len(truth):
        raise EngramError("the test split must hold at least one image, got none; use another data set")
    if int(truth.max()) >= classes:
        raise EngramError(
            f"bundle {bundle.design.name!r} knows classes 0 to {classes - 1}, the data set's test split has "
            f"class {int(truth.max())}; use a data set with the same classes"
        )


def _image_count(asked: str, available: int, name: str) -> int:
    """How many images of the test split of data set `name` "all" or a number asks for."""
    if asked == "all":
        return available
    count = int(asked) if asked.isascii() and asked.isdecimal() else 0
    if not 1 <= count <= available:
        raise EngramError(
            f"--images must be 'all' or 1 to {available}, the test images of {name}, got {asked!r}"
        )
    return count
