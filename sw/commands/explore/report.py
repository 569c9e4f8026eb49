"""Output of ``engram explore`` at the terminal."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from sw.console import answer
from sw.explore.outcome.results import Exploration
from sw.explore.space.objectives import Objective

__all__ = ["percent", "print_front"]

SHOWN = 25
SHORT = {
    "cols_per_adc": "share",
    "adc_bits": "adc",
    "cell_bits": "cell",
    "templates_per_class": "tpl",
    "thresholds": "thr",
    "accuracy": "acc",
    "accuracy_p5": "acc p5",
    "energy": "nJ",
    "energy_full": "nJ",
    "energy_paper": "nJ paper",
    "latency": "ns",
    "throughput": "/s",
    "energy_delay": "nJ ns",
    "area": "mm2",
    "storage": "bits",
}
"""Headings that leave room for the values."""


def print_front(found: Exploration, objectives: dict[str, Objective]) -> None:
    """The front as a table, evenly thinned out where it is long."""
    axes = [axis for axis, values in found.axes.items() if len(values) > 1]
    places = list(range(len(found.front)))
    if len(places) > SHOWN:
        places = sorted({round(place * (len(places) - 1) / (SHOWN - 1)) for place in range(SHOWN)})
    of = f", {len(places)} of them shown" if len(places) < len(found.front) else ""
    share = f"{len(found.front)} of {len(found.rows):,} points"
    table = Table(
        title=f"Pareto front on {found.images:,} validation images: {share}{of}",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    for heading in ("point", *axes, *objectives, "test"):
        table.add_column(SHORT.get(heading, heading), justify="right")
    rows = {row["point"]: row for row in found.rows}
    for number in (found.front[place] for place in places):
        row, tested = rows[number], found.tested.get(number)
        cells = [_cell(row[objective.column], name) for name, objective in objectives.items()]
        test = percent(tested["accuracy_mean"]) if tested else "-"
        table.add_row(str(number), *(str(row[axis]) for axis in axes), *cells, test)
    answer.print(table)


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.2f}"


def _cell(value: float, name: str) -> str:
    if name.startswith(("accuracy", "yield")):
        return percent(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
