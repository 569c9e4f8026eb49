"""Explanation of costs: the parts of a point's energy, and which sizes make the largest one smaller.

Costs are modelled, so a neighbour is not guessed at but priced: every size of the array is moved alone, to
the values of the space, half and twice as large. Accuracy is left out, since it takes chips.
"""

from typing import Any

from sw.energy.accounting import FRONTEND_PARTS
from sw.errors import EngramError
from sw.explore.compute.explorer import Explorer
from sw.explore.space.settings import Setting, Settings
from sw.explore.space.space import Point, Space

__all__ = ["ADVICE", "costs_explained"]

MOVED = ("rows", "cols", "cols_per_adc", "adc_bits")
"""Sizes that keep the templates."""
WHOLE = ("energy_full_nj", "energy_paper_nj")
LESS = 0.99
"""Of a part: what does not take a hundredth away from it is no help."""

STUDENT = "a smaller student does: fewer or narrower layers, fewer bits, pruning (engram train --help)"
FEATURES = "fewer features do: fewer channels in the last layer, a smaller map, or fewer thresholds"
CELLS = "fewer templates per class or thresholds per feature do, or cells of another macro"
ADVICE = {
    "macs": STUDENT,
    "weight_memory": STUDENT,
    "activation_memory": STUDENT,
    "activations": STUDENT,
    "frontend_controller": STUDENT,
    "quantiser": FEATURES,
    "word_lines": FEATURES,
    "cells": CELLS,
    "adc": "converters of another macro may, or fewer templates per class",
    "array_control": "another macro may",
    "classifier": "fewer templates per class do",
    "backend_controller": FEATURES,
}
"""What makes a part smaller where no size of the array does."""


def costs_explained(explorer: Explorer, settings: Settings, setting: Setting, space: Space) -> dict[str, Any]:
    """Where the energy of a point goes, and what would take the most out of the largest parts.

    Parameters
    ----------
    explorer, settings
        Price points, and make them.
    setting
        The point; the range of its ADCs is known.
    space
        Values that were asked for.

    Returns
    -------
    dict
        ``energy``: rows of ``part``, ``energy_nj`` and ``share``, largest first. ``largest``: the first of
        them, and the first one behind the front end where that is another: ``part`` and ``share``;
        ``shrinks``, for every size that makes the part smaller the best of its values, most useful first, as
        ``axis``, ``now``, ``value``, ``part_nj``, and ``energy_full_nj``, ``latency_ns``, ``area_mm2`` of
        that point; ``advice``, what else does.
    """
    costs = explorer.costs(setting)
    whole = costs["energy_full_nj"]
    parts = {
        column.removeprefix("energy_").removesuffix("_nj"): value
        for column, value in costs.items()
        if column.startswith("energy_") and column.endswith("_nj") and column not in WHOLE
    }
    rows: list[dict[str, Any]] = [
        {"part": part, "energy_nj": value, "share": value / whole}
        for part, value in sorted(parts.items(), key=lambda pair: -pair[1])
    ]
    behind = next(row for row in rows if row["part"] not in FRONTEND_PARTS)
    chosen = [rows[0]] if behind is rows[0] else [rows[0], behind]
    neighbours = {axis: list(_priced(explorer, settings, setting, space, axis)) for axis in MOVED}
    largest = []
    for row in chosen:
        shrinks = _shrinking(row["part"], row["energy_nj"], neighbours)
        named = {name: row[name] for name in ("part", "share")}
        largest.append({**named, "shrinks": shrinks, "advice": ADVICE[row["part"]]})
    return {"energy": rows, "largest": largest}


def _shrinking(part, energy_nj, neighbours):
    """Of every axis the value that makes a part smallest, if it does; most useful first."""
    column, found = f"energy_{part}_nj", []
    for axis, points in neighbours.items():
        if not points:
            continue
        now, value, costs = min(points, key=lambda each: (each[2][column], each[2]["energy_full_nj"]))
        if costs[column] < LESS * energy_nj:
            moved = {"axis": axis, "now": now, "value": value, "part_nj": costs[column]}
            found.append(moved | {name: costs[name] for name in ("energy_full_nj", "latency_ns", "area_mm2")})
    return sorted(found, key=lambda row: row["part_nj"])


def _priced(explorer, settings, setting, space, axis):
    """Other values of one size that can exist: what it is now, the value, and costs of that point."""
    point = setting.point.as_dict()
    now = point[axis]
    near = {now - 1, now + 1} if axis == "adc_bits" else {now // 2, 2 * now}
    for value in sorted((set(space.axes[axis]) | near) - {now, 0}):
        moved = point | {axis: value}
        try:
            other = settings.of(Point(tuple(moved), tuple(moved.values())))
        except EngramError:
            continue
        yield now, value, explorer.costs(other)
