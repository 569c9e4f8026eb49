"""Pictures of studies as PNG files: what effects cost, accuracy over time and bits, what coping brings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sw.durations import written_duration
from sw.pictures import new_figure, write_figure
from sw.studies import ALL, NOTHING, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_study"]

Rows = list[dict[str, Any]]
SHOWN_TIMES = 4


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
    errors = [
        [100 * (row["cost"] - row["cost_low"]) for row in shown],
        [100 * (row["cost_high"] - row["cost"]) for row in shown],
    ]
    axes.barh([_words(row["without"]) for row in shown], costs, xerr=errors, color="tab:blue", capsize=3)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel=f"accuracy gained without it, points; with everything {100 * _mean(rows[0]):.2f} %")
    axes.grid(axis="x", alpha=0.4)
    return figure


def _time(rows: Rows) -> "Figure":
    figure = new_figure(10, 4.2)
    over_time, over_bits = figure.subplots(1, 2, sharey=True)
    for bits in sorted({row["adc_bits"] for row in rows}):
        chosen = [row for row in rows if row["adc_bits"] == bits]
        _line(over_time, [row["read_time_seconds"] for row in chosen], chosen, f"{bits} bits")
    over_time.set(xscale="log", xlabel="read time, s", ylabel="test accuracy, %")
    times = sorted({row["read_time_seconds"] for row in rows})
    step = max(1, -(-(len(times) - 1) // (SHOWN_TIMES - 1)))
    for seconds in times[::step]:
        chosen = [row for row in rows if row["read_time_seconds"] == seconds]
        _line(over_bits, [row["adc_bits"] for row in chosen], chosen, written_duration(seconds))
    over_bits.set(xlabel="ADC bits", xticks=sorted({row["adc_bits"] for row in rows}))
    for axes in (over_time, over_bits):
        axes.grid(alpha=0.4)
        axes.legend(fontsize="small")
    return figure


def _coping(rows: Rows) -> "Figure":
    figure = new_figure(7, 4)
    axes = figure.add_subplot()
    ways = list(dict.fromkeys(row["coping"] for row in rows))
    for way in ways:
        chosen = [row for row in rows if row["coping"] == way]
        named = {NOTHING: "no coping", ALL: "all three"}.get(way, _words(way))
        _line(axes, [100 * row["stuck_share"] for row in chosen], chosen, named)
    axes.set(
        xlabel="stuck cells, %",
        ylabel="test accuracy, %",
        xticks=sorted({100 * row["stuck_share"] for row in rows}),
    )
    axes.grid(alpha=0.4)
    axes.legend(fontsize="small")
    return figure


def _line(axes: Any, places: list[float], rows: Rows, label: str) -> None:
    """Means, and between what they lie with 95 % confidence."""
    (line,) = axes.plot(places, [100 * _mean(row) for row in rows], "o-", markersize=3, label=label)
    low, high = ([100 * row[f"accuracy_mean_{end}"] for row in rows] for end in ("low", "high"))
    axes.fill_between(places, low, high, color=line.get_color(), alpha=0.2, linewidth=0)


def _mean(row: dict[str, Any]) -> float:
    return row["accuracy_mean"]


def _words(name: str) -> str:
    return name.replace("_", " ")
