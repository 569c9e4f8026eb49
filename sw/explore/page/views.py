"""Contents of page and pictures of an exploration: axes, curves, parts of the energy, some of many points."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sw.energy.accounting import FRONTEND_PARTS
from sw.explore.outcome.results import Exploration
from sw.explore.page.labels import PART, UNIT_OF_PART, more_is_better

__all__ = [
    "BARS",
    "OTHER_COLOUR",
    "PART_COLOURS",
    "WIDE_RATIO",
    "accuracy_curves",
    "better_than",
    "by_point",
    "energy_parts",
    "numbers_in",
    "ordered_values",
    "sought_columns",
    "spread",
    "title_of",
    "varied_axes",
]

Row = dict[str, Any]
WHOLE_ENERGIES = ("energy_full_nj", "energy_paper_nj")

PART_COLOURS = {
    "macs": "#08306b",
    "weight_memory": "#2161a3",
    "activation_memory": "#4f92c9",
    "activations": "#8fbfe0",
    "frontend_controller": "#c5dcf0",
    "quantiser": "#4d7f3b",
    "word_lines": "#9cc07f",
    "cells": "#d9541e",
    "adc": "#f2a33c",
    "classifier": "#7d4ea1",
    "backend_controller": "#c9b3dc",
    "array_control": "#e3d7ec",
}
"""By part of the energy: the front end in blue, what the array changes in other colours."""

OTHER_COLOUR = "#8a8a8a"

BARS = 12
"""Points whose energy is split, beside the recommended one."""

WIDE_RATIO = 20.0
"""Charts of quantities that span more have logarithmic axes."""

SPAN_TO_MEDIAN = 4.0
LEAST_SPAN = 0.01


def title_of(found: Exploration) -> str:
    """Title of the page: the question that the exploration answers."""
    return f"Which array to build for {', '.join(found.bundles)}"


def by_point(found: Exploration) -> dict[int, Row]:
    """Rows by the number of their point."""
    return {row["point"]: row for row in found.rows}


def varied_axes(found: Exploration) -> list[str]:
    """Axes with several values; all that the rows have where there is none."""
    there = [axis for axis in found.axes if all(axis in row for row in found.rows)]
    return [axis for axis in there if len(found.axes[axis]) > 1] or there


def sought_columns(found: Exploration) -> list[str]:
    """Columns of the objectives, as far as every row has a number in them."""
    columns = [objective["column"] for objective in found.objectives.values()]
    return [column for column in dict.fromkeys(columns) if _all_numbers(found, column)]


def numbers_in(found: Exploration) -> list[str]:
    """Columns of the objectives, and then all other columns that can be an objective."""
    others = [column for column in (found.rows or [{}])[0] if more_is_better(column) is not None]
    return list(dict.fromkeys([*sought_columns(found), *(c for c in others if _all_numbers(found, c))]))


def ordered_values(found: Exploration, axis: str) -> list[Any]:
    """Values of an axis that rows have, by size; the ideal ADC, 0 bits, last."""
    values = list(dict.fromkeys(row[axis] for row in found.rows))
    if any(isinstance(value, str) for value in values):
        return sorted(values, key=str)
    return sorted(values, key=lambda value: (axis == "adc_bits" and value == 0, value))


def accuracy_curves(found: Exploration) -> dict[Any, list[tuple[int, Row]]]:
    """For every number of rows, ADC bits in order and the most accurate point that has them.

    The ideal ADC, 0 bits, comes last. Empty where rows or ADC bits are not known.
    """
    best: dict[Any, dict[int, Row]] = {}
    for row in found.rows:
        if not {"rows", "adc_bits", "accuracy_mean"} <= row.keys():
            return {}
        line = best.setdefault(row["rows"], {})
        kept = line.get(row["adc_bits"])
        if kept is None or row["accuracy_mean"] > kept["accuracy_mean"]:
            line[row["adc_bits"]] = row
    return {
        rows: sorted(best[rows].items(), key=lambda pair: (pair[0] == 0, pair[0])) for rows in sorted(best)
    }


def better_than(shares: Sequence[float]) -> float:
    """Where an axis of shares may begin, so that the better ones can be told apart.

    It is below the best by `SPAN_TO_MEDIAN` times the median's distance, at least `LEAST_SPAN`, and never
    below the least.
    """
    best = max(shares)
    span = max(LEAST_SPAN, SPAN_TO_MEDIAN * (best - float(np.median(shares))))
    return max(min(shares), best - span)


def energy_parts(row: Row) -> dict[str, float]:
    """Parts of the full accounting in nJ, by the names in :mod:`sw.energy.accounting`; front end first."""
    parts = {
        column.removeprefix(PART).removesuffix(UNIT_OF_PART): value
        for column, value in row.items()
        if column.startswith(PART) and column.endswith(UNIT_OF_PART) and column not in WHOLE_ENERGIES
    }
    return dict(sorted(parts.items(), key=lambda pair: pair[0] not in FRONTEND_PARTS))


def spread(points: Sequence[int], most: int, always: Sequence[int] = ()) -> list[int]:
    """At most so many points, evenly spread over their order, with those that must be among them."""
    if len(points) > most:
        places = {round(place * (len(points) - 1) / max(1, most - 1)) for place in range(most)}
        points = [points[place] for place in sorted(places)]
    return [*(point for point in always if point not in points), *points]


def _all_numbers(found: Exploration, column: str) -> bool:
    values = [row.get(column) for row in found.rows]
    return bool(values) and all(isinstance(value, int | float) for value in values)
