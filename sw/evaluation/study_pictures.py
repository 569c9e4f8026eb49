"""Pictures of studies as PNG files: what effects cost, accuracy over time and bits, what coping brings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sw.durations import written_duration
from sw.evaluation.studies import ALL, NOTHING, Study
from sw.figures import new_figure, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_study"]

Rows = list[dict[str, Any]]
SHOWN_TIMES = 4
MARKED_SECONDS = {1: "1 s", 60: "1 min", 3_600: "1 h", 86_400: "1 d", 31_557_600: "1 y", 315_576_000: "10 y"}
INTERVALS = "bars: mean of the chips, 95 % sure"
ONE_CHIP = "one chip, which gives no interval"


def draw_study(study: Study, rows: Rows, title: str, path: Path) -> None:
    """Draw the rows of a study, or as many of them as there are.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    match study:
        case Study.effects:
            figure = _effects(rows)
        case Study.time:
            figure = _time(rows)
        case Study.coping:
            figure = _coping(rows)
    figure.suptitle(title, fontsize="medium")
    write_figure(figure, path)


def _effects(rows: Rows) -> "Figure":
    shown = [row for row in rows if row["without"] != NOTHING][::-1]
    figure = new_figure(7, 1.6 + 0.35 * len(shown))
    axes = figure.add_subplot()
    costs = [100 * row["cost"] for row in shown]
    errors = _errors(shown, "cost")
    axes.barh([_words(row["without"]) for row in shown], costs, xerr=errors, color="tab:blue", capsize=3)
    axes.axvline(0, color="black", linewidth=0.8)
    everything = f"with everything {100 * _mean(rows[0]):.2f} %"
    axes.set(xlabel=f"accuracy gained without it, points; {everything}\n{_intervals(rows)}")
    axes.grid(axis="x", alpha=0.4)
    return figure


def _time(rows: Rows) -> "Figure":
    figure = new_figure(10, 4.8)
    over_time, over_bits = figure.subplots(1, 2, sharey=True)
    resolutions = sorted({row["adc_bits"] for row in rows})
    for bits, colour in zip(resolutions, _colours(len(resolutions)), strict=True):
        chosen = [row for row in rows if row["adc_bits"] == bits]
        _line(over_time, [row["read_time_seconds"] for row in chosen], chosen, f"{bits} bits", colour)
    over_time.set(xscale="log", xlabel="read time", ylabel="test accuracy, %")
    times = sorted({row["read_time_seconds"] for row in rows})
    marked = [seconds for seconds in MARKED_SECONDS if times[0] <= seconds <= times[-1]]
    over_time.set_xticks(marked, [MARKED_SECONDS[seconds] for seconds in marked])
    over_time.minorticks_off()
    shown = sorted({times[round(place)] for place in np.linspace(0, len(times) - 1, SHOWN_TIMES)})
    for seconds, colour in zip(shown, _colours(len(shown)), strict=True):
        chosen = [row for row in rows if row["read_time_seconds"] == seconds]
        _line(over_bits, [row["adc_bits"] for row in chosen], chosen, written_duration(seconds), colour)
    over_bits.set(xlabel="ADC bits", xticks=resolutions)
    for axes in (over_time, over_bits):
        axes.grid(alpha=0.4)
        axes.legend(
            fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=4, title=_intervals(rows)
        )
    return figure


def _coping(rows: Rows) -> "Figure":
    figure = new_figure(7, 4)
    axes = figure.add_subplot()
    ways = list(dict.fromkeys(row["coping"] for row in rows))
    for number, way in enumerate(ways):
        chosen = [row for row in rows if row["coping"] == way]
        named = {NOTHING: "no coping", ALL: "all three"}.get(way, _words(way))
        # side by side, so that the intervals can be told apart
        places = [100 * row["stuck_share"] + 0.08 * (number - len(ways) / 2) for row in chosen]
        _line(axes, places, chosen, named, f"C{number}")
    axes.set(
        xlabel="stuck cells, %",
        ylabel="test accuracy, %",
        xticks=sorted({100 * row["stuck_share"] for row in rows}),
    )
    axes.grid(alpha=0.4)
    axes.legend(fontsize="small", title=_intervals(rows))
    return figure


def _line(axes: Any, places: list[float], rows: Rows, label: str, colour: Any) -> None:
    """Means, and between what they lie with 95 % confidence."""
    means = [100 * _mean(row) for row in rows]
    style = {"markersize": 3, "capsize": 2, "elinewidth": 0.8, "color": colour, "label": label}
    axes.errorbar(places, means, yerr=_errors(rows, "accuracy_mean"), fmt="o-", **style)


def _errors(rows: Rows, name: str) -> list[list[float]] | None:
    """How far the interval of a value reaches below and above it, in percent; None for one chip."""
    if not _have_intervals(rows):
        return None
    below = [100 * (row[name] - row[f"{name}_low"]) for row in rows]
    return [below, [100 * (row[f"{name}_high"] - row[name]) for row in rows]]


def _intervals(rows: Rows) -> str:
    return INTERVALS if _have_intervals(rows) else ONE_CHIP


def _have_intervals(rows: Rows) -> bool:
    return all(row["accuracy_mean_low"] is not None for row in rows)


def _colours(count: int) -> list[Any]:
    """From dark to light, but not too light."""
    import matplotlib

    return list(matplotlib.colormaps["viridis"](np.linspace(0, 0.9, count)))


def _mean(row: dict[str, Any]) -> float:
    return row["accuracy_mean"]


def _words(name: str) -> str:
    return name.replace("_", " ")
