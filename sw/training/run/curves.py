"""How a training went, as a picture: loss, validation accuracy and non-zero MACs over the epochs."""

import csv
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sw.errors import EngramError
from sw.figures import new_figure, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curves", "read_log"]

Rows = list[dict[str, Any]]
NUMBERS = ("epoch", "loss", "validation", "macs_nonzero")
"""Columns that are drawn, besides ``phase``; the last two may be empty or absent."""
PANELS = (
    ("loss", 1.0, "loss", "tab:orange"),
    ("validation", 100.0, "validation accuracy, %", "tab:blue"),
    ("macs_nonzero", 1e-3, "non-zero MACs, thousands", "tab:green"),
)
"""Column, factor, label and colour, from top to bottom."""


def read_log(path: Path) -> Rows:
    """Rows of a log that :class:`sw.training.run.folder.RunPart` wrote; what is drawn as numbers, None where
    empty.

    Raises
    ------
    EngramError
        If the file cannot be read, or has no epochs and losses.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows: Rows = list(csv.DictReader(file))
        for row in rows:
            for name in NUMBERS:
                row[name] = float(row[name]) if row.get(name) else None
            if row["epoch"] is None or row["loss"] is None:
                raise ValueError
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, TypeError, csv.Error):
        raise EngramError(
            f"{path} must be the log of a training with an epoch and a loss in every row"
        ) from None
    return rows


def draw_curves(logs: dict[str, Rows], title: str, path: Path) -> None:
    """Draw the logs side by side, one column each; those without rows are left out.

    A dot marks the last epoch, which was kept, dotted lines where a phase begins. Non-zero MACs are drawn
    where a log has them. The range of the accuracy is that after the first tenth of the epochs, else the
    climb from chance would hide everything.

    Parameters
    ----------
    logs
        Rows by the name of what was trained, at least one of them not empty.
    title
        Of the whole picture.
    path
        PNG file.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    shown = {name: rows for name, rows in logs.items() if rows}
    panels = {name: [each for each in PANELS if _has(rows, each[0])] for name, rows in shown.items()}
    height = max(len(chosen) for chosen in panels.values())
    figure = new_figure(1.2 + 3.8 * len(shown), 0.8 + 2.2 * height)
    for place, (name, rows) in enumerate(shown.items()):
        column: list[Axes] = []
        for number, panel in enumerate(panels[name]):
            axes = figure.add_subplot(height, len(shown), 1 + place + number * len(shown))
            _line(axes, rows, *panel)
            column.append(axes)
        _mark_phases(column, rows)
        column[0].set_title(name, fontsize="medium")
        column[-1].set_xlabel("epoch")
    figure.suptitle(title, fontsize="medium")
    write_figure(figure, path)


def _has(rows: Rows, column: str) -> bool:
    return any(row[column] is not None for row in rows)


def _line(axes: "Axes", rows: Rows, column: str, factor: float, label: str, colour: str) -> None:
    from matplotlib.ticker import MaxNLocator

    drawn = [row for row in rows if row[column] is not None]
    values = [factor * row[column] for row in drawn]
    axes.plot([row["epoch"] for row in drawn], values, ".-", markersize=3, color=colour, linewidth=1.2)
    # one range for all panels of a log, also where a column begins late
    axes.set_xlim(rows[0]["epoch"] - 1, rows[-1]["epoch"] + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(label)
    axes.grid(alpha=0.4)
    if column == "macs_nonzero":
        axes.set_ylim(0, 1.08 * max(values) or 1)
    if column == "validation":
        settled = [value for value in values[len(values) // 10 :] if isfinite(value)]
        low, high = min(settled, default=0), max(settled, default=100)
        spare = max(0.08 * (high - low), 0.5)
        axes.set_ylim(low - spare, high + spare)
        _mark_kept(axes, rows[-1])


def _mark_kept(axes: "Axes", last: dict[str, Any]) -> None:
    if last["validation"] is not None:
        percent, epoch = 100 * last["validation"], last["epoch"]
        axes.plot([epoch], [percent], "o", color="black", label=f"kept: {percent:.2f} %, epoch {epoch:.0f}")
        axes.legend(fontsize="small", loc="lower right")


def _mark_phases(column: "list[Axes]", rows: Rows) -> None:
    """Dotted lines where the phase changes; names at the top of the first picture."""
    phases = [row.get("phase") or "" for row in rows]
    starts = [place for place in range(len(rows)) if place == 0 or phases[place] != phases[place - 1]]
    if len(starts) == 1:
        return
    low, high = column[0].get_ylim()
    column[0].set_ylim(low, high + 0.6 * (high - low))  # room for the names
    style: dict[str, Any] = {"va": "top", "rotation": "vertical", "fontsize": "small"}
    for place in starts:
        where = rows[place]["epoch"] - 0.5
        for axes in column:
            axes.axvline(where, color="gray", linestyle=":", linewidth=1)
        column[0].text(where, 0.98, f" {phases[place]}", transform=column[0].get_xaxis_transform(), **style)
