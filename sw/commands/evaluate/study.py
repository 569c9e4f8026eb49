"""The studies of ``engram evaluate``: run them, write what they gave, tell a person."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from sw.commands.options.array import Array
from sw.console import answer, messages, terminal
from sw.design import DesignPoint
from sw.durations import written_duration
from sw.evaluation.chips import Chips
from sw.evaluation.studies import (
    ALL,
    NOTHING,
    READ_SECONDS,
    Outcome,
    Rows,
    Study,
    points_of,
    rows_of,
    write_csv,
)
from sw.evaluation.study_pictures import draw_study
from sw.rram.effects.converters import AdcMismatch

__all__ = ["print_study", "run_study", "sure_of_cost"]


def run_study(
    study: Study, run: Chips, array: Array, design: DesignPoint, chips: int, folder: Path
) -> tuple[Rows, list[Path]]:
    """Run every point of a study, then write its rows as CSV and as picture.

    What is done by the time of a Ctrl-C or a failure is written before that goes on.

    Raises
    ------
    EngramError
        If a point cannot be programmed, or a file cannot be written.
    """
    points = points_of(study, *array, design.templates)
    if study is Study.coping and AdcMismatch().off(*array) == array:
        messages.print(
            "the ADCs are all alike: calibration has nothing to trim; see --adc-gain-sigma and others"
        )
    if study is Study.time:
        first, last = (points[end].conditions.read_time_seconds for end in (0, -1))
        if (first, last) != READ_SECONDS:
            messages.print(
                f"read times are {written_duration(first)} to {written_duration(last)}: those that device "
                f"{array.device.name!r} covers",
                soft_wrap=True,
                highlight=False,
            )
    outcomes: list[Outcome] = []
    try:
        with terminal.stage(f"study of {study}", chips * len(points), "chips") as stage:
            for point in points:
                accuracies = run.accuracies(point.device, point.conditions, chips, stage.done)
                outcomes.append(Outcome(point, accuracies))
    finally:
        rows, files = rows_of(study, outcomes, run.images), []
        if rows:
            files = [folder / f"{study}.csv", folder / f"{study}.png"]
            write_csv(rows, files[0])
            draw_study(study, rows, f"{design.name}: {array.device.name}, {_chips(chips)}", files[1])
        if len(outcomes) < len(points):
            where = f", in {files[0]}" if files else ""
            messages.print(
                f"{len(outcomes)} of {len(points)} points of the study of {study} are done{where}",
                soft_wrap=True,
                highlight=False,
            )
    return rows, files


def print_study(study: Study, rows: Rows) -> None:
    """Tell a person."""
    match study:
        case Study.effects:
            table = _effects(rows)
        case Study.time:
            table = _grid(rows, "adc_bits", "read_time_seconds", "{} bit".format, written_duration)
        case Study.coping:
            table = _grid(rows, "stuck_share", "coping", "{:.0%} stuck".format, _way)
    table.title = f"study of {study}: mean accuracy in percent, {_chips(rows[0]['chips'])}"
    if rows[0]["chips"] == 1:
        table.caption = "one chip gives no interval; see --chips"
    answer.print(table)


def _effects(rows: Rows) -> Table:
    table = Table()
    table.add_column("without")
    for heading in ("accuracy", "gained", "95 % sure"):
        table.add_column(heading, justify="right")
    for row in rows:
        sure = sure_of_cost(row)
        cells = ["", ""] if row["without"] == NOTHING else [f"{100 * row['cost']:+.2f}", sure]
        table.add_row(row["without"].replace("_", " "), f"{100 * row['accuracy_mean']:.2f}", *cells)
    return table


def sure_of_cost(row: dict[str, Any]) -> str:
    """Interval of a cost in words, in percent; empty for one chip, which has none."""
    if row["cost_low"] is None:
        return ""
    return f"{100 * row['cost_low']:+.2f} to {100 * row['cost_high']:+.2f}"


def _grid(
    rows: Rows, across: str, down: str, heading: Callable[[Any], str], name: Callable[[Any], str]
) -> Table:
    """Means by two factors, in percent."""
    table = Table()
    table.add_column(down.removesuffix("_seconds").replace("_", " "), no_wrap=True)
    columns = list(dict.fromkeys(row[across] for row in rows))
    for value in columns:
        table.add_column(heading(value), justify="right")
    means = {(row[down], row[across]): f"{100 * row['accuracy_mean']:.2f}" for row in rows}
    for value in dict.fromkeys(row[down] for row in rows):
        table.add_row(name(value), *(means.get((value, column), "") for column in columns))
    return table


def _chips(count: int) -> str:
    return f"{count:,} chip{'s' * (count > 1)}"


def _way(name: str) -> str:
    return {NOTHING: "none", ALL: "all three"}.get(name, name.replace("_", " "))
