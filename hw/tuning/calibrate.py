"""Calibrate: fits the estimator's coefficients to synthesised layer units, folded engines and whole chips.

``python -m hw.tuning.calibrate`` rewrites ``constraints/costs.json``. Every sample is synthesised and packed
for one part of each family, some ten minutes in all on two cores; a run that is interrupted goes on where it
was. What takes more than twice the block RAM of the part does not count: much of it is choice between RAMs.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import typer
from numpy.typing import NDArray
from rich.table import Table
from scipy.optimize import nnls

from constraints.boards import Board
from hw.boards import known as boards
from hw.frontend.cost import COSTS_FILE, Resource
from hw.tuning.measure import Measured, measure
from hw.tuning.samples import Sample, samples
from sw.console import JsonOption, answer, messages, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import write_atomically
from sw.shell.start import start

BOARDS = {"ice40": "icebreaker", "ecp5": "ulx3s-85f", "gowin": "tang_primer_20k"}
"""The one whose part the samples are packed for, of each family."""
CHIP_WEIGHT = 4.0
"""How much more the error of a whole chip counts than that of a part: chips are what is asked for."""
CONSTANTS = ("unit", "chip", "images", "flash")
"""Terms that do not grow with anything."""
SHRINKAGE = 0.02
"""Penalty on the other terms' part in the estimates, against the errors: where samples cannot tell terms
apart, it shares the costs among them, and leaves what is common to all to the constants."""
Costs = dict[str, dict[str, dict[str, float]]]
"""By part, term and resource."""


@dataclass(frozen=True)
class Fit:
    """Coefficients of one family, and the relative error of every sample by resource."""

    costs: Costs
    errors: dict[Resource, NDArray[np.float64]]


@reports_errors
def calibrate(
    jobs: Annotated[int, typer.Option(min=1, help="Samples at a time.")] = 2,
    cache: Annotated[Path, typer.Option(help="Folder that keeps what was measured.")] = Path(
        "build/calibration"
    ),
    families: Annotated[
        list[str] | None,
        typer.Option("--family", help="Only this one, repeatable; the others keep their costs."),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Synthesise the samples, fit non-negative coefficients, write them and show the errors of the fit."""
    if unknown := set(families or ()) - set(BOARDS):
        raise EngramError(f"--family must be one of {', '.join(BOARDS)}, got {min(unknown)!r}")
    chosen = [boards.load(board) for family, board in BOARDS.items() if family in (families or BOARDS)]
    todo = [(board, sample) for board in chosen for sample in samples(board)]
    with terminal.stage("samples", len(todo)) as stage:

        def run(item: tuple[Board, Sample]) -> Measured:
            board, sample = item
            try:
                found = measure(sample.component(), board, cache, on_pins=sample.on_pins)
            except EngramError as error:
                raise EngramError(f"{board.family} {sample.name}: {error}") from None
            stage.note(f"{board.family} {sample.name}")
            stage.done(1)
            return found

        with ThreadPoolExecutor(jobs) as pool:
            measured = list(pool.map(run, todo))
    costs: dict[str, Costs] = json.loads(COSTS_FILE.read_text(encoding="utf-8"))
    summary: dict[str, Any] = {}
    tables = []
    for board in chosen:
        mine = [
            (sample, found)
            for (other, sample), found in zip(todo, measured, strict=True)
            if other == board and found.block_rams <= 2 * board.limits.block_rams
        ]
        fit = fit_costs(mine)
        costs[board.family] = fit.costs
        summary[board.family] = _summary(mine, fit)
        tables.append(_table(board, mine, fit))
    write_atomically(COSTS_FILE, json.dumps(costs, indent=1).encode() + b"\n")
    if json_:
        print_json(summary)
    else:
        for table in tables:
            answer.print(table)
    messages.print(f"written: {COSTS_FILE}", soft_wrap=True, highlight=False)


def fit_costs(measured: list[tuple[Sample, Measured]]) -> Fit:
    """Non-negative coefficients of least squared relative error, one set for all parts together."""
    terms = sorted(
        {(part, term) for sample, _ in measured for part in sample.terms for term in sample.terms[part]}
    )
    matrix = np.array(
        [[sample.terms.get(part, {}).get(term, 0.0) for part, term in terms] for sample, _ in measured]
    )
    weight = np.array([CHIP_WEIGHT if "chip" in sample.terms else 1.0 for sample, _ in measured])
    costs: Costs = {part: {} for part, _ in terms}
    errors = {}
    resource: Resource
    for resource in get_args(Resource):
        target = np.array([getattr(found, resource) for _, found in measured], float)
        relative = matrix * (weight / target)[:, np.newaxis]
        penalty = SHRINKAGE * np.linalg.norm(relative, axis=0)
        penalty[[term in CONSTANTS for _, term in terms]] = 0
        rows = np.concatenate([relative, np.diag(penalty)])
        found, _ = nnls(rows, np.concatenate([weight, np.zeros(len(terms))]))
        for (part, term), value in zip(terms, found, strict=True):
            costs[part].setdefault(term, {})[resource] = round(float(value), 4)
        errors[resource] = matrix @ found / target - 1
    return Fit(costs, errors)


def _summary(measured: list[tuple[Sample, Measured]], fit: Fit) -> dict[str, Any]:
    """Mean and largest error in percent, by part and resource."""
    found: dict[str, Any] = {}
    for part in ("layer", "engine", "chip"):
        # A chip has layers too; what is a chip counts as one only.
        rows = [number for number, (sample, _) in enumerate(measured) if next(iter(sample.terms)) == part]
        found[part] = {
            resource: {
                "mean": round(100 * float(np.abs(errors[rows]).mean()), 1),
                "largest": round(100 * float(np.abs(errors[rows]).max()), 1),
            }
            for resource, errors in fit.errors.items()
        }
    return found


def _table(board: Board, measured: list[tuple[Sample, Measured]], fit: Fit) -> Table:
    table = Table(title=f"estimates for {board.device}")
    table.add_column("sample")
    for column in ("cells", "error", "flip-flops", "error"):
        table.add_column(column, justify="right")
    for number, (sample, found) in enumerate(measured):
        cells, ffs = (f"{fit.errors[resource][number]:+.1%}" for resource in get_args(Resource))
        table.add_row(sample.name, f"{found.cells:,}", cells, f"{found.ffs:,}", ffs)
    return table


if __name__ == "__main__":
    start(calibrate)
