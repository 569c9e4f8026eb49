"""Objectives and constraints, by name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError

__all__ = [
    "FPGA",
    "OBJECTIVES",
    "Bound",
    "Objective",
    "Wish",
    "eligible",
    "losses",
    "objectives_named",
    "reason_for",
    "recommended",
    "wish_of",
]


class Objective(NamedTuple):
    """A figure to make as large or as small as possible.

    Attributes
    ----------
    column
        Of the results.
    most
        Whether more is better.
    unit
        Of the column; empty for shares and counts.
    """

    column: str
    most: bool = False
    unit: str = ""


OBJECTIVES: dict[str, Objective] = {
    "accuracy": Objective("accuracy_mean", most=True),
    "accuracy_p5": Objective("accuracy_p5", most=True),
    "yield": Objective("yield", most=True),
    "energy": Objective("energy_full_nj", unit="nJ"),
    "energy_full": Objective("energy_full_nj", unit="nJ"),
    "energy_paper": Objective("energy_paper_nj", unit="nJ"),
    "latency": Objective("latency_ns", unit="ns"),
    "throughput": Objective("throughput_per_s", most=True, unit="/s"),
    "energy_delay": Objective("energy_delay_nj_ns", unit="nJ ns"),
    "area": Objective("area_mm2", unit="mm2"),
    "storage": Objective("storage_bits", unit="bit"),
    "lut": Objective("fpga_luts"),
    "bram": Objective("fpga_brams"),
    "cycles": Objective("fpga_cycles"),
}
"""By name; ``energy`` is the full accounting, ``energy_delay`` that times the latency of the array."""

FPGA = ("lut", "bram", "cycles")
"""Objectives that take the estimator of a board."""

BOUND = re.compile(r"\s*([a-z_0-9]+)\s*(>=|<=)\s*([0-9.eE+-]+)\s*")
AIM = re.compile(r"\s*(min|max)\s+([a-z_0-9]+)\s*")


class Bound(NamedTuple):
    """A column that must be at least or at most something."""

    column: str
    least: bool
    limit: float


class Wish(NamedTuple):
    """Bounds, and what is best among the points within them, in order of importance."""

    bounds: tuple[Bound, ...]
    aims: tuple[Objective, ...]
    names: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Columns of the objectives that it names, bounds included."""
        return [OBJECTIVES[name].column for name in self.names]


def objectives_named(text: str) -> dict[str, Objective]:
    """Objectives by name, from names separated by commas; raises EngramError for unknown ones."""
    names = [name.strip() for name in text.split(",")]
    found = {name: _objective(name, "--objectives") for name in names}
    columns = [objective.column for objective in found.values()]
    if len(set(columns)) < len(names):
        raise EngramError(f"--objectives must be different ones, got {text!r}")
    return found


def wish_of(text: str) -> Wish:
    """A wish such as ``accuracy>=0.98,min energy``.

    Raises
    ------
    EngramError
        If it cannot be read, or has nothing to make least or most.
    """
    bounds, aims, names = [], [], []
    for part in text.split(","):
        if bound := BOUND.fullmatch(part):
            try:
                limit = float(bound[3])
            except ValueError:
                raise EngramError(f"--recommend: a bound must be a number, got {bound[3]!r}") from None
            bounds.append(Bound(_objective(bound[1], "--recommend").column, bound[2] == ">=", limit))
            names.append(bound[1])
        elif aim := AIM.fullmatch(part):
            objective = _objective(aim[2], "--recommend")
            aims.append(objective._replace(most=aim[1] == "max"))
            names.append(aim[2])
        else:
            raise EngramError(
                "--recommend must be bounds and aims such as 'accuracy>=0.98,min energy', "
                f"got {part.strip()!r}"
            )
    if not aims:
        raise EngramError(f"--recommend must have an aim, such as 'min energy', got {text!r}")
    return Wish(tuple(bounds), tuple(aims), tuple(names))


def losses(rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Values (points, objectives) of which less is better."""
    signs = np.array([-1.0 if objective.most else 1.0 for objective in objectives])
    values = [[row[objective.column] for objective in objectives] for row in rows]
    return np.array(values, np.float64).reshape(len(rows), len(objectives)) * signs


def eligible(row: Mapping[str, Any], columns: Iterable[str]) -> bool:
    """Whether a row may be chosen by these columns: by figures of an FPGA only where it fits the FPGA."""
    return row.get("fpga_fits", True) or not any(column.startswith("fpga_") for column in columns)


def recommended(rows: Sequence[Mapping[str, Any]], wish: Wish) -> int:
    """Place of the row that fulfils a wish best, the first of equal ones.

    Raises
    ------
    EngramError
        If no row is within the bounds; it says how near the best comes.
    """
    within = [place for place, row in enumerate(rows) if _fulfils(row, wish)]
    if within:
        order = losses([rows[place] for place in within], wish.aims)
        return within[int(np.lexsort((*reversed(order.T),))[0])]
    rows = [row for row in rows if eligible(row, wish.columns)]
    if not rows:
        raise EngramError("--recommend: no point fits the FPGA; take another --board, or widen the space")
    for bound in wish.bounds:
        best = (max if bound.least else min)(row[bound.column] for row in rows)
        if not _holds({bound.column: best}, bound):
            sign = ">=" if bound.least else "<="
            raise EngramError(
                f"--recommend: no point has {bound.column} {sign} {bound.limit:g}, the best has {best:g}; "
                "loosen the bound, or widen the space"
            )
    raise EngramError("--recommend: no point keeps all bounds at once; loosen one, or widen the space")


def reason_for(rows: Sequence[Mapping[str, Any]], wish: Wish) -> str:
    """Why :func:`recommended` picks what it picks, in words."""
    within = sum(_fulfils(row, wish) for row in rows)
    bounds = " and ".join(
        f"{bound.column} {'>=' if bound.least else '<='} {bound.limit:g}" for bound in wish.bounds
    )
    aims = ", then ".join(f"the {'highest' if aim.most else 'lowest'} {aim.column}" for aim in wish.aims)
    among = f"{within:,} points with {bounds}" if bounds else f"{within:,} points"
    return f"{aims} of {among}"


def _fulfils(row: Mapping[str, Any], wish: Wish) -> bool:
    return eligible(row, wish.columns) and all(_holds(row, bound) for bound in wish.bounds)


def _holds(row: Mapping[str, Any], bound: Bound) -> bool:
    value = row[bound.column]
    return value >= bound.limit if bound.least else value <= bound.limit


def _objective(name: str, option: str) -> Objective:
    if name not in OBJECTIVES:
        raise EngramError(f"{option}: unknown objective {name!r}; known: {', '.join(OBJECTIVES)}")
    return OBJECTIVES[name]
