"""The point that an exploration recommends, and why."""

from typing import Any, NamedTuple

import numpy as np

from sw.errors import EngramError
from sw.explore.outcome.results import Exploration
from sw.explore.page.labels import quantity, written
from sw.explore.page.views import by_point
from sw.explore.space.objectives import Objective, Wish, losses, wish_of

__all__ = ["Choice", "choice_of"]


class Choice(NamedTuple):
    """A point and why it was chosen.

    Attributes
    ----------
    point
        Its number.
    wish
        What ``--recommend`` asked for; None for a compromise.
    reasons
        Sentences.
    rivals
        By objective, the point of the front that is best in it; none where all are alike.
    """

    point: int
    wish: str | None
    reasons: tuple[str, ...]
    rivals: dict[str, int]


def choice_of(found: Exploration) -> Choice | None:
    """The point that was wished for, or else a compromise; None where the front is empty.

    The compromise is the point of the front nearest to having the best of every objective at once: each
    objective is scaled from 0 at the front's best to 1 at its worst, and the distance is Euclidean.
    """
    rows = by_point(found)
    front = [rows[point] for point in found.front if point in rows]
    if not front:
        return None
    objectives = {
        name: Objective(values["column"], values["most"], values.get("unit", ""))
        for name, values in found.objectives.items()
    }
    order = losses(front, list(objectives.values()))
    spans = np.ptp(order, axis=0)
    rivals = {
        name: front[int(order[:, place].argmin())]["point"]
        for place, name in enumerate(objectives)
        if spans[place] > 0
    }
    if found.recommended is not None and found.recommended["point"] in rows:
        wish = str(found.recommended.get("wish", ""))
        reasons = _wished(found, rows[found.recommended["point"]], wish)
        return Choice(found.recommended["point"], wish, reasons, rivals)
    scaled = (order - order.min(axis=0)) / np.where(spans > 0, spans, 1.0)
    nearest = front[int(np.linalg.norm(scaled, axis=1).argmin())]["point"]
    return Choice(nearest, None, (_compromise(len(front), list(objectives)),), rivals)


def _compromise(points: int, names: list[str]) -> str:
    if points == 1:
        return "It is the only point of the front."
    sought = ", ".join(names[:-1]) + f" and {names[-1]}"
    return (
        f"No wish was given with --recommend. Of the {points:,} points of the front this one comes nearest "
        f"to the best {sought} at once: each is scaled from the front's best to its worst, "
        "and all have equal weights."
    )


def _wished(found: Exploration, row: dict[str, Any], text: str) -> tuple[str, ...]:
    try:
        wish = wish_of(text)
    except EngramError:
        return (f"It was asked for with --recommend '{text}'.",)
    within = [each for each in found.rows if _keeps(each, wish)]
    reasons = []
    if wish.bounds:
        bounds = " and ".join(
            f"{quantity(bound.column).short} {'at least' if bound.least else 'at most'} "
            f"{written(bound.column, bound.limit)}"
            for bound in wish.bounds
        )
        reasons.append(f"{len(within):,} of {len(found.rows):,} points have {bounds}.")
    first = wish.aims[0]
    among = "Among them this one has" if wish.bounds else f"Of all {len(found.rows):,} points this one has"
    value = written(first.column, row[first.column])
    reasons.append(f"{among} the {_end(first)}: {value}.")
    equal = sum(each.get(first.column) == row[first.column] for each in within) - 1
    if equal > 0:
        others = f"{equal:,} other{'s have' if equal > 1 else ' has'} the same"
        then = ", then ".join(_end(aim) for aim in wish.aims[1:])
        decided = f"between them the {then} decided" if then else "this is the first of them"
        reasons.append(f"{others}; {decided}.")
    return tuple(reasons)


def _end(aim: Objective) -> str:
    return f"{'highest' if aim.most else 'lowest'} {quantity(aim.column).short}"


def _keeps(row: dict[str, Any], wish: Wish) -> bool:
    values = ((row.get(bound.column), bound) for bound in wish.bounds)
    return all(
        value is not None and (value >= bound.limit if bound.least else value <= bound.limit)
        for value, bound in values
    )
