"""From points to the record of an exploration: rows, front, test accuracies."""

from collections.abc import Sequence
from typing import Any

from sw.explore.compute.explorer import Explorer
from sw.explore.outcome.pareto import pareto_front
from sw.explore.space.objectives import Objective, eligible, losses
from sw.explore.space.settings import Setting

__all__ = ["front_of", "rows_of", "tested_rows"]

Row = dict[str, Any]


def rows_of(explorer: Explorer, settings: Sequence[Setting]) -> list[Row]:
    """Rows of the points that are done; `point` is their place among all of them."""
    found = ((number, explorer.row(setting)) for number, setting in enumerate(settings))
    return [{"point": number, **row} for number, row in found if row is not None]


def front_of(rows: Sequence[Row], objectives: dict[str, Objective]) -> list[int]:
    """Numbers of the points of the front, the best by the first objective before the others.

    Points that do not fit the FPGA are not on it where figures of the FPGA are sought.
    """
    columns = [objective.column for objective in objectives.values()]
    rows = [row for row in rows if eligible(row, columns)]
    order = losses(rows, list(objectives.values()))
    front = pareto_front(order)
    return [rows[place]["point"] for place in sorted(front, key=lambda place: tuple(order[place]))]


def tested_rows(explorer: Explorer, settings: Sequence[Setting], front: Sequence[int]) -> dict[int, Row]:
    """Accuracies on the test images of those points of the front that have them."""
    found = {number: explorer.test_row(settings[number]) for number in front}
    return {number: row for number, row in found.items() if row is not None}
