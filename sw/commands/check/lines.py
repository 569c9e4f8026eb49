"""``engram check lines``: how fast crossbars with resistive lines are solved, and how exactly."""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sw.console import JsonOption, SeedOption, answer, print_json, reports_errors, terminal

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Solved", "check_lines", "solve"]

SIZES = ((128, 32), (256, 64), (784, 100))
"""Word-line pairs and match lines."""
SEGMENT_OHMS = (1.0, 2.5, 5.0)
READ_VOLTS = 0.2


@dataclass(frozen=True)
class Solved:
    """One crossbar, solved for many queries, some of them held against the nodal equations.

    Attributes
    ----------
    rows, cols
        Word-line pairs and match lines.
    segment_ohms
        Resistance of a segment, of word lines and match lines alike.
    drop
        Mean share of the match-line current that the lines cost.
    factorisation_seconds, queries_seconds
        To effective conductances, and from there to the currents of all queries.
    queries_per_second
        Both together.
    nodal_seconds
        Of one sparse LU and the nodal solutions of the compared patterns.
    error
        Largest relative difference of a compared current from its nodal solution.
    """

    rows: int
    cols: int
    segment_ohms: float
    drop: float
    factorisation_seconds: float
    queries_seconds: float
    queries_per_second: float
    nodal_seconds: float
    error: float


@reports_errors
def check_lines(
    queries: Annotated[int, typer.Option(min=1, help="Patterns of each crossbar.")] = 10_000,
    compared: Annotated[int, typer.Option(min=1, help="Of these, held against the nodal equations.")] = 10,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Solve crossbars of binary cells, 8 and 90 uS, with resistive word lines and match lines.

    The effective conductances are found once per crossbar, then queries are one matrix product; a few of them
    are also solved node by node.
    """
    found = []
    with terminal.stage("crossbars", len(SIZES) * len(SEGMENT_OHMS)) as stage:
        for rows, cols in SIZES:
            for ohms in SEGMENT_OHMS:
                stage.note(f"{rows} x {cols}, {ohms:g} ohm")
                found.append(solve(rows, cols, ohms, queries=queries, compared=compared, seed=seed))
                stage.done(1)
    if json:
        print_json({"queries": queries, "crossbars": [asdict(each) for each in found]})
    else:
        answer.print(_table(found))


def solve(rows: int, cols: int, segment_ohms: float, *, queries: int, compared: int, seed: int) -> Solved:
    """One crossbar with random stored bits and random queries.

    Parameters
    ----------
    rows, cols
        Word-line pairs and match lines.
    segment_ohms
        Resistance of a segment of either kind of line.
    queries, compared
        Patterns, and how many of them are also solved node by node.
    seed
        Of stored bits and patterns.
    """
    import numpy as np

    from sw.rram.check.nodal import nodal_currents
    from sw.rram.devices.files import device_named
    from sw.rram.laws.line_resistance import effective_conductances

    rng = np.random.default_rng(seed)
    device = device_named("cmo-hfox")
    states = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
    stored = rng.integers(0, 2, (rows, cols))
    conductances = states[np.stack([1 - stored, stored], axis=1)].reshape(2 * rows, cols)
    bits = rng.integers(0, 2, (queries, rows))
    volts = READ_VOLTS * np.stack([1 - bits, bits], axis=2).reshape(queries, 2 * rows)

    started = time.perf_counter()
    effective = effective_conductances(conductances, segment_ohms, segment_ohms)
    factorised = time.perf_counter()
    currents = volts @ effective
    answered = time.perf_counter()
    nodal = nodal_currents(conductances, volts[:compared], segment_ohms, segment_ohms)
    finished = time.perf_counter()
    return Solved(
        rows=rows,
        cols=cols,
        segment_ohms=segment_ohms,
        drop=1 - float(currents.sum() / (volts @ conductances).sum()),
        factorisation_seconds=factorised - started,
        queries_seconds=answered - factorised,
        queries_per_second=queries / (answered - started),
        nodal_seconds=finished - answered,
        error=float(np.abs(currents[:compared] / nodal - 1).max()),
    )


def _table(found: list[Solved]) -> "Table":
    from rich.table import Table

    table = Table(title="crossbars with resistive lines")
    headings = ("crossbar", "ohm", "lost", "factorised", "queries/s", "nodal", "error")
    for heading in headings:
        table.add_column(heading, justify="right")
    for each in found:
        table.add_row(
            f"{each.rows} x {each.cols}",
            f"{each.segment_ohms:g}",
            f"{each.drop:.1%}",
            f"{each.factorisation_seconds:.3f} s",
            f"{each.queries_per_second:,.0f}",
            f"{each.nodal_seconds:.2f} s",
            f"{each.error:.1e}",
        )
    return table
