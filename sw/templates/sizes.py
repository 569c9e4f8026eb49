"""Sizes of a classifier whose templates are made anew: what must hold of them, and what follows."""

from typing import Any, Literal

from sw.design import DesignPoint
from sw.design.point import MAX_TEMPLATES
from sw.errors import EngramError
from sw.templates.thresholds import ThresholdsBy

__all__ = ["AUTO", "MOST_CLUSTERS", "Kind", "design_for"]

Kind = Literal["keep", "mean", "kmeans", "window", "learned"]
"""``keep``: as stored. ``mean``: the median of every bit in each class. ``kmeans``: that median in each
of several clusters of a class. ``window``: windows of levels, by the best of several rules. ``learned``: by
gradient descent from those of ``kmeans``."""
AUTO: Literal["auto"] = "auto"
"""The number of templates per class whose clusters have the best silhouette."""
MOST_CLUSTERS = 10
"""Largest number per class that :data:`AUTO` tries."""


def design_for(
    design: DesignPoint,
    kind: Kind,
    thresholds: int | None,
    per_class: int | Literal["auto"] | None,
    array: dict[str, int],
    thresholds_by: ThresholdsBy = "learned",
) -> DesignPoint:
    """Design with ideal cells for such templates.

    Parameters
    ----------
    design
        Of the trained bundle.
    kind
        ``keep`` keeps the kind of cell, ``mean``, ``kmeans`` and ``learned`` make binary cells, ``window``
        window cells.
    thresholds
        Per feature; None is 1 for thresholds by the mean, else as many as in `design`, or for window cells as
        many of them as levels of whole bits take.
    per_class
        Templates of each class; None keeps their number, which for ``mean`` is 1. For :data:`AUTO` the result
        has the largest number that is tried.
    array
        Sizes of the array that change, by their names in the design.
    thresholds_by
        Where the thresholds come from.

    Raises
    ------
    EngramError
        If the sizes do not fit together.
    """
    if kind == "keep":
        cell: str = design.cell
    else:
        cell = "window" if kind == "window" else "binary"
    thresholds = _thresholds(design, kind, cell, thresholds, thresholds_by)
    if per_class is None:
        per_class = 1 if kind == "mean" else design.templates_per_class
    if kind == "mean" and per_class != 1:
        raise EngramError(
            f"--kind mean makes one template per class, got --per-class {per_class}; "
            "use 1, or --kind kmeans, window or learned"
        )
    if kind == "keep" and per_class != design.templates_per_class:
        raise EngramError(
            f"--kind keep keeps {design.templates_per_class} per class, got --per-class {per_class}; "
            "leave it out, or use --kind kmeans, window or learned"
        )
    rows = array.get("rows", design.rows)
    most = min(MOST_CLUSTERS, MAX_TEMPLATES // design.classes)
    sizes: dict[str, Any] = {
        "thresholds_per_feature": thresholds,
        "templates_per_class": most if per_class == AUTO else per_class,
        "cell": cell,
        "match_code": 1,
        "mismatch_code": 0,
        "cell_bits": thresholds.bit_length() if cell == "window" else 1,
        "adc_bits": None,
        "row_lanes": min(design.row_lanes, rows),
        **array,
    }
    return design.with_(**sizes)


def _thresholds(
    design: DesignPoint, kind: Kind, cell: str, thresholds: int | None, thresholds_by: ThresholdsBy
) -> int:
    had = design.thresholds_per_feature
    if kind == "keep" and thresholds_by != "learned":
        raise EngramError(
            "--kind keep keeps templates that belong to the learned thresholds, got "
            f"--thresholds-by {thresholds_by}; leave it out, or use another --kind"
        )
    if thresholds is None and thresholds_by == "mean":
        thresholds = 1
    elif thresholds is None:
        thresholds = had if cell == "binary" else 2 ** ((had + 1).bit_length() - 1) - 1
    if thresholds_by == "learned" and not 1 <= thresholds <= had:
        raise EngramError(
            f"--thresholds must be 1 to {had}, as many as features of the bundle have, got {thresholds}; "
            "train with more --thresholds-per-feature, or use --thresholds-by median"
        )
    if thresholds_by == "mean" and thresholds != 1:
        raise EngramError(
            f"--thresholds-by mean makes one threshold per feature, got --thresholds {thresholds}; "
            "use 1, or --thresholds-by median"
        )
    return thresholds
