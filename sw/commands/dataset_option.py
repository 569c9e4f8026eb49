"""The data set of a bundle: the one it was trained on, or another that the user names."""

from typing import TYPE_CHECKING

from sw.errors import EngramError

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.datasets import Dataset

__all__ = ["dataset_of"]


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
    from sw.bundle import DataOrigin
    from sw.datasets import load
    from sw.evaluate import check_origin

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
