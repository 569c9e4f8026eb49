"""The data of the page's charts: columns of all points, their names, and which points are marked."""

import math
from typing import Any

from sw.energy.accounting import FRONTEND_PARTS
from sw.energy.picture import part_name
from sw.explore.outcome.results import Exploration
from sw.explore.page.chosen_point import Choice
from sw.explore.page.labels import PART, UNIT_OF_PART, more_is_better, quantity, written_value
from sw.explore.page.views import (
    BARS,
    OTHER_COLOUR,
    PART_COLOURS,
    WIDE_RATIO,
    better_than,
    energy_parts,
    numbers_in,
    ordered_values,
    spread,
    varied_axes,
)

__all__ = ["page_data"]

DIGITS = 6


def page_data(found: Exploration, choice: Choice | None) -> dict[str, Any]:
    """Plain values for the scripts of the page.

    Returns
    -------
    dict
        ``count`` points. ``columns`` by name, in the order of the rows: numbers of 6 digits, None where
        there is none; for axes, places in ``axes[axis]["texts"]``. ``labels`` by column. ``from``: where
        shares begin in charts. ``varied`` axes. ``most``: whether more of the first objective is better.
        ``front``, ``chosen``, ``bars``: places of rows. ``told``, ``details``, ``dimensions``: columns for
        the pointer, for the point picked, and for parallel coordinates. ``parts`` of the energy.
    """
    place_of = {row["point"]: place for place, row in enumerate(found.rows)}
    front = [place_of[point] for point in found.front if point in place_of]
    chosen = place_of[choice.point] if choice else None
    numbers, varied = numbers_in(found), varied_axes(found)
    axes = {axis: ordered_values(found, axis) for axis in dict.fromkeys([*varied, *_sizes_of_curves(found)])}
    parts = energy_parts(found.rows[0]) if found.rows else {}
    part_columns = [f"{PART}{part}{UNIT_OF_PART}" for part in parts]
    sought = [
        objective["column"] for objective in found.objectives.values() if objective["column"] in numbers
    ]
    shown = dict.fromkeys([*numbers, *part_columns])
    bars = spread(front, BARS, [] if chosen is None else [chosen]) if parts else []
    return {
        "count": len(found.rows),
        "columns": {"point": [row["point"] for row in found.rows]}
        | {column: [_number(row.get(column)) for row in found.rows] for column in shown}
        | {axis: [values.index(row[axis]) for row in found.rows] for axis, values in axes.items()},
        "axes": {
            axis: {"texts": [written_value(axis, value) for value in values]} for axis, values in axes.items()
        },
        "labels": {
            column: {
                "short": quantity(column).short,
                "title": quantity(column).title,
                "heading": quantity(column).heading,
                "unit": quantity(column).unit,
            }
            for column in [*shown, *axes]
        },
        "from": {
            column: better_than([row[column] for row in found.rows])
            for column in numbers
            if quantity(column).unit == "%"
        },
        "wide_ratio": WIDE_RATIO,
        "most": bool(sought) and more_is_better(sought[0]) is not False,
        "varied": varied,
        "front": front,
        "chosen": chosen,
        "bars": bars,
        "told": sought,
        "details": list(numbers),
        "dimensions": [*varied, *sought],
        "parts": [
            {
                "name": part_name(part),
                "column": column,
                "colour": PART_COLOURS.get(part, OTHER_COLOUR),
                "frontend": part in FRONTEND_PARTS,
            }
            for part, column in zip(parts, part_columns, strict=True)
        ],
    }


def _sizes_of_curves(found: Exploration) -> list[str]:
    return [axis for axis in ("rows", "adc_bits") if all(axis in row for row in found.rows)]


def _number(value: Any) -> float | int | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
