"""``engram explore --explain``: what limits a point and what it pays for, as tables and files."""

import json
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.table import Table

from sw.commands.evaluate.study import sure_of_cost
from sw.commands.explore.axes import KINDS
from sw.commands.explore.report import percent
from sw.console import answer
from sw.energy.picture import part_name
from sw.errors import EngramError
from sw.evaluation.studies import write_csv
from sw.explore.driver.lab import Means, open_lab
from sw.explore.driver.question import Question
from sw.explore.outcome.dearest import costs_explained
from sw.explore.outcome.explain import explained
from sw.explore.outcome.results import read_results, write_result
from sw.explore.space.space import Point, Value, values_of

__all__ = ["run_explain"]


def run_explain(
    question: Question, means: Means, folder: Path, text: str, *, quiet: bool
) -> tuple[dict[str, Any], list[Path]]:
    """Explain the point that `text` names; the answer as JSON, and the files that were written."""
    point = _numbered(int(text), folder, question) if text.isdecimal() else _named(text, question)
    setting = question.settings.of(point)
    with open_lab(question, means) as lab:
        rows = explained(lab.explorer, lab.variants, setting, question.images)
        costs = costs_explained(lab.explorer, question.settings, setting, question.space)
    said = {"finished": True, "point": point.as_dict(), "rows": rows, "limits": _limits(rows), "costs": costs}
    write_csv(rows, folder / "explain.csv")
    write_result(folder / "explain.json", (json.dumps(said, indent=1) + "\n").encode())
    if not quiet:
        _print(point, rows, question.chips, question.images)
        _print_costs(costs)
    return said, [folder / "explain.csv", folder / "explain.json"]


def _numbered(number: int, folder: Path, question: Question) -> Point:
    """The point with that number in the results of the folder."""
    found = read_results(folder)
    row = next((row for row in found.rows if row["point"] == number), None)
    if row is None:
        raise EngramError(f"--explain: the results in {folder} have no point {number}")
    if row["bundle"] not in question.bundles:
        raise EngramError(f"--explain: point {number} is of {row['bundle']}; name that bundle")
    theirs, ours = _prices(found.command), _prices(question.step.line)
    if theirs != ours:
        # else one point would have two energies, that of the exploration's table and another one here
        raise EngramError(
            f"--explain: the points in {folder} were priced with {theirs or 'no --macro'}, got "
            f"{ours or 'no --macro'}; give the same options as the exploration had"
        )
    return Point(tuple(found.axes), tuple(row[axis] for axis in found.axes))


def _prices(line: str) -> str:
    """Those options of a command line that say what things cost."""
    pairs = pairwise(shlex.split(line))
    return " ".join(f"{option} {value}" for option, value in pairs if option in ("--macro", "--energy"))


def _named(text: str, question: Question) -> Point:
    """The point with those values; axes that are left out must have one value."""
    given: dict[str, Value] = {}
    for part in text.split(","):
        axis, sign, value = part.partition("=")
        if not sign or (axis not in KINDS and axis != "bundle"):
            raise EngramError(
                f"--explain must be a number or axes such as rows=64,adc_bits=4, got {part!r}; axes: "
                f"{', '.join(['bundle', *KINDS])}"
            )
        (given[axis],) = values_of(value, KINDS.get(axis, str), axis)
    for axis, values in question.space.axes.items():
        if axis not in given and len(values) > 1:
            raise EngramError(f"--explain: {axis} must be given, it has {len(values)} values in this space")
        given.setdefault(axis, values[0])
    if given["bundle"] not in question.bundles:
        raise EngramError(f"--explain: bundle {given['bundle']} is not among those that were named")
    return Point(tuple(given), tuple(given.values()))


def _limits(rows: list[dict[str, Any]]) -> str | None:
    """Name of the effect that costs most, if any does beyond doubt; None for one chip, which leaves doubt."""
    if any(row["cost_low"] is None for row in rows):
        return None
    sure = [row for row in rows if row["without"] not in ("nothing", "all") and row["cost_low"] > 0]
    return max(sure, key=lambda row: row["cost"])["without"] if sure else "nothing"


def _print(point: Point, rows: list[dict[str, Any]], chips: int, images: int) -> None:
    table = Table(title=f"{point}: {chips} chips, {images:,} validation images, %")
    for heading in ("without", "accuracy", "gains", "95 % sure"):
        table.add_column(heading, justify="left" if heading == "without" else "right")
    for row in rows:
        sure = "no chips in it" if row["without"] == "templates" else sure_of_cost(row)
        table.add_row(row["without"], percent(row["accuracy_mean"]), f"{100 * row['cost']:+.2f}", sure)
    answer.print(table)
    limits = _limits(rows) or "unknown, since one chip gives no interval; see --chips"
    answer.print(f"limited most by: {limits}", soft_wrap=True, highlight=False)


def _print_costs(costs: dict[str, Any]) -> None:
    """Energy by part, the largest of them, and what makes that one smaller."""
    table = Table(title="energy of one classification, modelled")
    for heading in ("part", "nJ", "share, %"):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    for row in costs["energy"]:
        table.add_row(part_name(row["part"]), f"{row['energy_nj']:.3g}", f"{100 * row['share']:.1f}")
    answer.print(table)
    words = []
    for place, largest in enumerate(costs["largest"]):
        of = " behind the front end" if place else ""
        share = f"{100 * largest['share']:.2g} % of the energy"
        words.append(f"largest part{of}: {part_name(largest['part'])}, {share}")
        for row in largest["shrinks"]:
            words.append(
                f"  {row['axis']} {row['value']} instead of {row['now']}: {row['part_nj']:.3g} nJ, in all "
                f"{row['energy_full_nj']:.3g} nJ, {row['latency_ns']:,.0f} ns, {row['area_mm2']:.3g} mm2"
            )
        if not largest["shrinks"]:
            words.append(f"  no size of the array makes it smaller; {largest['advice']}")
    answer.print("\n".join(words), soft_wrap=True, highlight=False)
