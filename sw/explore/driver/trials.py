"""Trials: what a search asks for, computed batch by batch and told to it."""

from collections.abc import Iterator, Sequence

from sw.errors import EngramError
from sw.explore.compute.explorer import Explorer
from sw.explore.space.objectives import Objective, eligible
from sw.explore.space.search import Search
from sw.explore.space.settings import Settings

__all__ = ["driven"]


def driven(
    search: Search, explorer: Explorer, settings: Settings, objectives: Sequence[Objective], trials: int
) -> Iterator[int]:
    """Compute that many trials of a search.

    Parameters
    ----------
    search
        Asks for points, and goes on from them.
    explorer, settings
        Compute points, and give the parts that they are made of.
    objectives
        Figures to make as large or as small as possible.
    trials
        Of the whole search, earlier ones included.

    Yields
    ------
    int
        How many more trials are done, after every batch; those of an earlier run come with the first.
    """
    told = 0
    columns = [objective.column for objective in objectives]
    for batch in search.batches(trials):
        there = {}
        for trial in batch:
            try:
                there[trial] = settings.of(trial.point)
            except EngramError:
                continue
        computed = list({setting.point: setting for setting in there.values()}.values())
        explorer.compute(computed)
        explorer.estimate(computed)
        for trial in batch:
            row = explorer.row(there[trial]) if trial in there else None
            if row is not None and not eligible(row, columns):
                row = None
            search.tell(trial, None if row is None else [row[column] for column in columns])
        yield batch[-1].number + 1 - told
        told = batch[-1].number + 1
