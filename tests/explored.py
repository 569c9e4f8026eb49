"""Explorations for tests: a small one by formula, and others made of it."""

from dataclasses import replace
from itertools import product
from typing import Any

from sw.explore.objectives import OBJECTIVES, Objective, losses
from sw.explore.pareto import pareto_front
from sw.explore.results import Exploration

__all__ = ["AXES", "exploration", "with_rows"]

AXES: dict[str, list[Any]] = {
    "bundle": ["zoo:digits"],
    "rows": [32, 64, 128],
    "cols": [16],
    "adc_bits": [4, 6, 0],
    "cell_bits": [2, 4],
    "device": ["cmo-hfox"],
}
SOUGHT = ("accuracy", "energy", "latency")


def exploration(**changes: Any) -> Exploration:
    """18 points of which more rows cost accuracy, and more bits cost energy and latency."""
    rows = []
    for number, values in enumerate(product(*AXES.values())):
        point = dict(zip(AXES, values, strict=True))
        bits = point["adc_bits"] or 9
        accuracy = 0.99 - 0.002 * point["rows"] / bits**2 - 0.01 / point["cell_bits"]
        found = {
            "accuracy_mean": accuracy,
            "accuracy_p5": accuracy - 0.002,
            "accuracy_min": accuracy - 0.003,
            "yield": 1.0,
            "energy_paper_nj": 40.0,
            "energy_full_nj": 10.0 + 2.0**bits / (point["rows"] + 1),
            "energy_macs_nj": 6.0,
            "energy_quantiser_nj": 3.0,
            "energy_cells_nj": 1.0,
            "energy_adc_nj": 2.0**bits / (point["rows"] + 1),
            "latency_ns": 10.0 * bits,
            "area_mm2": 0.01 * point["rows"],
            "area_cells_mm2": 0.004 * point["rows"],
            "area_adcs_mm2": 0.006 * point["rows"],
            "storage_bits": 20_000,
        }
        rows.append({"point": number, **point, **found})
    whole = Exploration(
        command="engram explore zoo:digits --rows 32,64,128 --adc-bits 4,6,0 --cell-bits 2,4",
        digest="ab" * 32,
        data="digits",
        bundles={"zoo:digits": "cd" * 32},
        seed=0,
        chips=10,
        images=181,
        test_images=355,
        search="grid",
        axes=AXES,
        objectives={name: OBJECTIVES[name]._asdict() for name in SOUGHT},
        left_out={},
        finished=True,
        rows=rows,
        front=[],
        tested={},
    )
    whole = with_rows(whole, rows)
    tests = {point: {"accuracy_mean": 0.97, "accuracy_p5": 0.965} for point in whole.front}
    return replace(whole, **{"tested": tests, **changes})


def with_rows(found: Exploration, rows: list[dict[str, Any]], *objectives: str) -> Exploration:
    """The same exploration with other rows, perhaps other objectives, and the front that these have."""
    sought = {name: OBJECTIVES[name]._asdict() for name in objectives} or found.objectives
    order = losses(rows, [Objective(**objective) for objective in sought.values()])
    front = [rows[place]["point"] for place in pareto_front(order)] if rows else []
    return replace(found, rows=rows, front=front, objectives=sought)
