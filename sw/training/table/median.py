"""Of trainings that differ in the seed, the bundle of median validation accuracy, which says so."""

from collections.abc import Callable, Sequence

from sw.bundle import Bundle
from sw.bundle.provenance import Seeds
from sw.errors import EngramError
from sw.training.table.gains import Facts, grouped

__all__ = ["FEWEST", "median_bundle", "median_of"]

FEWEST = 3
"""With fewer seeds there is nothing in the middle."""


def median_of(found: Sequence[Facts]) -> tuple[Facts, Seeds]:
    """The training of median validation accuracy, and the accuracies of all of them, by seed.

    Of an even number it is the lower one of the two in the middle; of equal accuracies, that of the lower
    seed stands lower. Test accuracies have no say.

    Raises
    ------
    EngramError
        If there are fewer than :data:`FEWEST`, or they differ in more than the seed.
    """
    rows = grouped(found, join_seeds=True)
    if len(rows) != 1:
        raise EngramError(
            f"a median needs trainings that differ in the seed alone, got {len(rows)} kinds of them; "
            "leave the others out"
        )
    (row,) = rows
    if len(row) < FEWEST:
        raise EngramError(f"a median needs {FEWEST} seeds or more, got {len(row)}; train further seeds")
    seeds = Seeds(
        seeds=tuple(facts.seed for facts in row),
        validation=tuple(facts.validation.ideal for facts in row),
        test=tuple(facts.accuracy.ideal for facts in row),
    )
    ordered = sorted(row, key=lambda facts: (facts.validation.ideal, facts.seed))
    return ordered[(len(row) - 1) // 2], seeds


def median_bundle(found: Sequence[Facts], bundle_of: Callable[[str], Bundle]) -> Bundle:
    """The bundle of :func:`median_of`, with the accuracies of all seeds in its provenance.

    Parameters
    ----------
    found
        The trainings.
    bundle_of
        Gives the bundle behind the `source` of one.

    Raises
    ------
    EngramError
        As :func:`median_of`; if the bundle there is another than that of the training.
    """
    chosen, seeds = median_of(found)
    bundle = bundle_of(chosen.source)
    if bundle.digest != chosen.digest:
        raise EngramError(
            f"{chosen.source} must hold the bundle of its training, it holds another; repeat its command"
        )
    made = bundle.provenance.model_copy(update={"median_of": seeds, "recorded": None})
    return bundle.with_(provenance=made)
