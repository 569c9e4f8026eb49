"""Study of storage: what smaller templates of one bundle cost in accuracy."""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from sw.design import DesignPoint
from sw.design.point import MAX_FEATURES
from sw.energy.work import storage_bits
from sw.figures import new_figure, write_figure
from sw.templates.maker import Maker
from sw.templates.sizes import Kind, design_for
from sw.templates.thresholds import ThresholdsBy

__all__ = [
    "SEVERAL",
    "Row",
    "Scheme",
    "draw_storage",
    "mark_best",
    "row_of",
    "schemes_for",
]

SEVERAL = 3
"""Templates per class that are tried besides one."""
MADE: dict[ThresholdsBy, Sequence[int]] = {"mean": (1,), "median": (1, 3, 7)}
"""Numbers of thresholds made after training that are tried; of learned thresholds these numbers, and all."""
MARKERS: dict[Kind, str] = {"keep": "o", "mean": "s", "kmeans": "^", "window": "D"}
COLOURS: dict[ThresholdsBy, str] = {"learned": "tab:blue", "mean": "tab:orange", "median": "tab:green"}
Row = dict[str, Any]


class Scheme(NamedTuple):
    """One way to make templates, by the options of ``engram templates``."""

    kind: Kind
    thresholds_by: ThresholdsBy
    thresholds: int
    per_class: int


def schemes_for(design: DesignPoint, several: int = SEVERAL) -> list[Scheme]:
    """Ways that a study compares: kept, mean, k-means and window templates, one and `several` per class.

    Those that no design can have are left out: windows of levels that are not of whole bits, and more binary
    features than are supported.
    """
    had = design.thresholds_per_feature
    learned = sorted({count for count in MADE["median"] if count < had} | {had})
    tried: dict[ThresholdsBy, Sequence[int]] = {"learned": learned, **MADE}
    made: list[tuple[Kind, int]] = [("mean", 1), ("window", 1)]
    if several > 1:
        made += [("kmeans", several), ("window", several)]
    found = []
    for thresholds_by, counts in tried.items():
        kept: list[tuple[Kind, int]] = []
        if thresholds_by == "learned":
            kept = [("keep", design.templates_per_class)]
        for count in counts:
            for kind, per_class in [*kept, *made]:
                window = kind == "window" or (kind == "keep" and design.cell == "window")
                features = prod(design.feature_map_shape) * (1 if window else count)
                if features <= MAX_FEATURES and not (window and count & (count + 1)):
                    found.append(Scheme(kind, thresholds_by, count, per_class))
    return found


def row_of(scheme: Scheme, maker: Maker) -> Row:
    """Make templates of a scheme and tell of them: scheme, sizes, storage in bits, accuracies as shares.

    Bits are those of :func:`sw.energy.work.storage_bits`: templates, feature thresholds, and everything.

    Raises
    ------
    EngramError
        If the data set has too few images for the clusters.
    """
    kind, thresholds_by, thresholds, per_class = scheme
    design = design_for(maker.bundle.design, kind, thresholds, per_class, {}, thresholds_by)
    made = maker.make(kind, design, thresholds_by=thresholds_by)
    storage = storage_bits(made.bundle)
    return {
        **scheme._asdict(),
        "cell": design.cell,
        "templates": design.templates,
        "features": design.features,
        "template_bits": storage["templates"],
        "threshold_bits": storage["feature_thresholds"],
        "storage_bits": storage["total"],
        "validation": made.bundle.provenance.metrics["validation.ideal"],
        "test": made.bundle.provenance.metrics["test.ideal"],
        "choice": made.choice,
    }


def mark_best(rows: list[Row]) -> list[Row]:
    """Rows with `best`: whether no other one has a higher validation accuracy for as few template bits.

    Of equally accurate ones the smallest counts, of equal ones the first. The test part decides nothing.
    """
    best: set[int] = set()
    highest = -1.0
    for place in sorted(
        range(len(rows)), key=lambda at: (rows[at]["template_bits"], -rows[at]["validation"])
    ):
        if rows[place]["validation"] > highest:
            highest = rows[place]["validation"]
            best.add(place)
    return [{**row, "best": place in best} for place, row in enumerate(rows)]


def draw_storage(rows: list[Row], title: str, path: Path) -> None:
    """Draw accuracy over template storage.

    Parameters
    ----------
    rows
        From :func:`mark_best`.
    title
        Of the picture.
    path
        PNG file.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    from matplotlib.ticker import EngFormatter, LogLocator

    figure = new_figure(8, 5.5)
    axes = figure.add_subplot()
    for (kind, marker), (by, colour) in ((a, b) for a in MARKERS.items() for b in COLOURS.items()):
        chosen = [row for row in rows if (row["kind"], row["thresholds_by"]) == (kind, by)]
        if chosen:
            places, shares = _places(chosen, "validation")
            label = f"{kind}, {by} thresholds"
            axes.plot(places, shares, marker, color=colour, alpha=0.7, linestyle="", label=label)
    best = sorted((row for row in rows if row["best"]), key=lambda row: row["template_bits"])
    axes.step(
        *_places(best, "validation"), where="post", color="black", linewidth=0.8, label="best for its storage"
    )
    axes.plot(*_places(best, "test"), "x", color="black", label="these on the test part")
    for row in best:
        axes.annotate(
            f"{row['thresholds']} x {row['per_class']}",
            (row["template_bits"], 100 * row["validation"]),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize="x-small",
        )
    axes.set(
        xscale="log",
        xlabel="storage of the templates, bits; numbers: thresholds per feature x templates per class",
        ylabel="validation accuracy, %",
    )
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.minorticks_off()
    axes.grid(alpha=0.4)
    figure.legend(fontsize="small", loc="outside lower center", ncols=3)
    figure.suptitle(title, fontsize="medium")
    write_figure(figure, path)


def _places(rows: list[Row], part: str) -> tuple[list[int], list[float]]:
    return [row["template_bits"] for row in rows], [100 * row[part] for row in rows]
