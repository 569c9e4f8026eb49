"""Pictures of an exploration as PNG files: Pareto front, accuracy over ADC bits by rows, energy by part.

Matplotlib is imported inside the functions, so that commands start fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sw.energy.accounting import FRONTEND_PARTS
from sw.energy.picture import part_name
from sw.explore.outcome.results import Exploration
from sw.explore.page.chosen_point import choice_of
from sw.explore.page.labels import quantity, written_value
from sw.explore.page.views import (
    BARS,
    OTHER_COLOUR,
    PART_COLOURS,
    WIDE_RATIO,
    accuracy_curves,
    better_than,
    by_point,
    energy_parts,
    numbers_in,
    spread,
    title_of,
)
from sw.figures import new_figure, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PICTURES", "draw_exploration"]

CHOSEN, FRONT, BEATEN = "#d9541e", "#1f5fa8", "#a8b1bc"
PICTURES = ("pareto.png", "adc-bits.png", "energy.png")


def draw_exploration(found: Exploration, folder: Path) -> list[Path]:
    """Write the pictures of an exploration, finished or not, each whole or not at all.

    Raises
    ------
    EngramError
        If one cannot be written.
    """
    written = []
    for name, draw in zip(PICTURES, (_pareto, _curves, _energy), strict=True):
        figure = draw(found)
        figure.suptitle(f"{title_of(found)}\n{_measured(found)}", fontsize="medium", parse_math=False)
        write_figure(figure, folder / name)
        written.append(folder / name)
    return written


def _measured(found: Exploration) -> str:
    ended = "" if found.finished else ", interrupted"
    return (
        f"{len(found.rows):,} points, {found.chips:,} chips each, {found.images:,} validation images{ended}"
    )


def _pareto(found: Exploration) -> "Figure":
    """The first objective over every other one; over the best other quantity where there is only one."""
    columns = numbers_in(found)
    across = columns[1 : max(2, len(found.objectives))][:3]
    if not across:
        return _nothing("no points with two quantities to compare")
    figure = new_figure(4.2 * len(across) + 0.8, 4.4)
    choice, front = choice_of(found), set(found.front)
    upright = figure.subplots(1, len(across), sharey=True, squeeze=False)[0]
    chosen = {choice.point} if choice else set()
    everything = {row["point"] for row in found.rows}
    groups = {
        "other points": (everything - front, BEATEN, "o", 8),
        "Pareto front": (front, FRONT, "o", 26),
        "recommended": (chosen, CHOSEN, "*", 160),
    }
    for axes, column in zip(upright, across, strict=True):
        for order, (name, (points, colour, marker, size)) in enumerate(groups.items()):
            rows = [row for row in found.rows if row["point"] in points]
            places = [_amount(column, row) for row in rows], [_amount(columns[0], row) for row in rows]
            style = {"s": size, "c": colour, "marker": marker, "edgecolors": "white", "linewidths": 0.4}
            axes.scatter(*places, label=name, zorder=2 + order, **style)
        axes.set(xlabel=quantity(column).title)
        axes.grid(alpha=0.4)
        _scale(axes, "x", found, column)
    upright[0].set(ylabel=quantity(columns[0]).title)
    _scale(upright[0], "y", found, columns[0])
    handles, names = upright[0].get_legend_handles_labels()
    figure.legend(handles, names, fontsize="small", loc="outside lower center", ncols=3)
    return figure


def _curves(found: Exploration) -> "Figure":
    curves = accuracy_curves(found)
    if not curves:
        return _nothing("no points with rows, ADC bits and accuracy")
    accuracies = [row["accuracy_mean"] for line in curves.values() for _, row in line]
    near = better_than([row["accuracy_mean"] for row in found.rows])
    panels = 2 if near > min(accuracies) else 1  # a second one where the good ones lie too near
    figure = new_figure(3 + 4 * panels, 4.6)
    bits = sorted({each for line in curves.values() for each, _ in line}, key=lambda each: (each == 0, each))
    for axes in figure.subplots(1, panels, squeeze=False)[0]:
        for (rows, line), colour in zip(curves.items(), _colours(len(curves)), strict=True):
            places = [bits.index(each) for each, _ in line]
            values = [_amount("accuracy_mean", row) for _, row in line]
            axes.plot(places, values, "o-", color=colour, label=f"{rows} rows", markersize=4)
        names = [written_value("adc_bits", each) for each in bits]
        axes.set(xlabel="ADC bits", xticks=range(len(bits)), xticklabels=names)
        axes.margins(x=0.08)
        axes.grid(alpha=0.4)
    first, last = figure.axes[0], figure.axes[-1]
    first.set(
        ylabel=f"{quantity('accuracy_mean').title}\nmost accurate of the points with these rows and bits"
    )
    if panels == 2:
        _scale(last, "y", found, "accuracy_mean")
        last.set(title="close-up")
    handles, labels = first.get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", loc="outside lower center", ncols=6)
    return figure


def _energy(found: Exploration) -> "Figure":
    """All parts on the left; on the right those that the array changes."""
    rows, choice = by_point(found), choice_of(found)
    if choice is None or not energy_parts(rows[choice.point]):
        return _nothing("no points of a front with energy by part")
    shown = [rows[point] for point in spread(found.front, BARS, [choice.point])]
    names = [f"{'★ ' if row['point'] == choice.point else ''}{row['point']}" for row in shown]
    figure = new_figure(10, 2.4 + 0.3 * len(shown))
    whole, array = figure.subplots(1, 2, sharey=True)
    for axes, parts in (
        (whole, list(energy_parts(shown[0]))),
        (array, [part for part in energy_parts(shown[0]) if part not in FRONTEND_PARTS]),
    ):
        left = np.zeros(len(shown))
        for part in parts:
            values = np.array([energy_parts(row)[part] for row in shown])
            colour = PART_COLOURS.get(part, OTHER_COLOUR)
            axes.barh(names, values, left=left, color=colour, label=part_name(part))
            left += values
        axes.grid(axis="x", alpha=0.4)
    whole.invert_yaxis()
    whole.set(xlabel="full accounting, nJ per classification", ylabel="point of the front")
    array.set(xlabel="behind the front end, nJ")
    handles, labels = whole.get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", loc="outside lower center", ncols=6)
    return figure


def _nothing(words: str) -> "Figure":
    figure = new_figure(6, 2.5)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"Nothing to draw: {words}.", ha="center", va="center", transform=axes.transAxes)
    return figure


def _scale(axes: Any, direction: str, found: Exploration, column: str) -> None:
    """Logarithmic for wide ranges; for shares, from where the better ones and the recommended one are."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    values = [row[column] for row in found.rows]
    if _is_share(column):
        choice = choice_of(found)
        chosen = [found.row(choice.point)[column]] if choice else []
        low, high = 100 * min([better_than(values), *chosen]), 100 * max(values)
        spare = 0.05 * (high - low or 1)
        axes.set(**{f"{direction}lim": (low - spare, high + spare)})
    elif min(values) > 0 and max(values) > WIDE_RATIO * min(values):
        axes.set(**{f"{direction}scale": "log"})
        axis = getattr(axes, f"{direction}axis")
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _is_share(column: str) -> bool:
    return quantity(column).unit == "%"


def _amount(column: str, row: dict[str, Any]) -> float:
    return 100 * row[column] if _is_share(column) else row[column]


def _colours(count: int) -> list[Any]:
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0, 0.9, count)))
