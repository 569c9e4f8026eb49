"""Templates of a trained bundle, made anew from the features of its training split.

The front end stays as it is; number and kind of templates, thresholds per feature and the array's sizes may
change. Choices are made by validation accuracy; the test part is looked at once, at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle, DataOrigin, Provenance
from sw.datasets import Dataset
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.evaluate import accuracy, features_of
from sw.reference import pipeline
from sw.reference.adc import full_scale_tables
from sw.reference.array import ideal_codes
from sw.templates import clusters, levels_of_bits, mean_templates, quantile_windows, windows_of_bits
from sw.version import engram_version

__all__ = ["TAILS", "Kind", "Remade", "design_for", "remake", "thresholds_kept"]

Kind = Literal["keep", "mean", "kmeans", "window"]
Stage = Callable[[str, int, str], Callable[[int], None]]
"""Opens a stage of the work, of so many items of that name; what it gives hears how many more are done."""

TAILS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45)
"""Shares of the images that windows may leave out on either side, of which one is chosen."""


@dataclass(frozen=True)
class Remade:
    """A bundle, and how its templates were chosen among several; empty where there was nothing to choose."""

    bundle: Bundle
    choice: str


def thresholds_kept(thresholds: int, kept: int) -> list[int]:
    """Which of L sorted thresholds stay when `kept` of them do: evenly spread, the middle one for 1."""
    return [round((place + 1) * (thresholds + 1) / (kept + 1)) - 1 for place in range(kept)]


def design_for(
    design: DesignPoint, kind: Kind, thresholds: int | None, per_class: int | None, array: dict[str, int]
) -> DesignPoint:
    """Design with ideal cells for such templates.

    Parameters
    ----------
    design
        Of the trained bundle.
    kind
        ``keep`` keeps the kind of cell, ``mean`` and ``kmeans`` make binary cells, ``window`` window cells.
    thresholds
        Per feature; None keeps them all, or for window cells as many as levels of whole bits take.
    per_class
        Templates of each class; None keeps their number, which for ``mean`` is 1.
    array
        Sizes of the array that change, by their names in the design.

    Raises
    ------
    EngramError
        If the sizes do not fit together.
    """
    had = design.thresholds_per_feature
    if kind == "keep":
        cell: str = design.cell
    else:
        cell = "window" if kind == "window" else "binary"
    if thresholds is None:
        thresholds = had if cell == "binary" else 2 ** ((had + 1).bit_length() - 1) - 1
    if not 1 <= thresholds <= had:
        raise EngramError(
            f"--thresholds must be 1 to {had}, as many as features of the bundle have, got {thresholds}; "
            "train with more --thresholds-per-feature"
        )
    if per_class is None:
        per_class = 1 if kind == "mean" else design.templates_per_class
    if kind == "mean" and per_class != 1:
        raise EngramError(
            f"--kind mean makes one template per class, got --per-class {per_class}; "
            "use 1, or --kind kmeans or window"
        )
    if kind == "keep" and per_class != design.templates_per_class:
        raise EngramError(
            f"--kind keep keeps {design.templates_per_class} per class, got --per-class {per_class}; "
            "leave it out, or use --kind kmeans or window"
        )
    rows = array.get("rows", design.rows)
    sizes: dict[str, Any] = {
        "thresholds_per_feature": thresholds,
        "templates_per_class": per_class,
        "cell": cell,
        "match_code": 1,
        "mismatch_code": 0,
        "cell_bits": thresholds.bit_length() if cell == "window" else 1,
        "adc_bits": None,
        "row_lanes": min(design.row_lanes, rows),
        **array,
    }
    return design.with_(**sizes)


def remake(
    bundle: Bundle,
    dataset: Dataset,
    kind: Kind,
    design: DesignPoint,
    *,
    seed: int = 0,
    command: str = "",
    stage: Stage = lambda name, total, note: lambda count: None,
) -> Remade:
    """Make the templates anew, with ideal cells and the ideal ADC.

    Parameters
    ----------
    bundle
        Gives front end, thresholds and, for ``keep``, templates.
    dataset
        What it was trained on, or another one of the same sizes.
    kind
        ``keep``: as stored. ``mean``: the median of every bit in each class. ``kmeans``: the same of clusters
        within each class. ``window``: windows of levels, by the best of several rules.
    design
        From :func:`design_for`.
    seed
        Of the clusters.
    command
        Recorded in the bundle behind what made the bundle before.
    stage
        Progress.

    Raises
    ------
    EngramError
        If the data set does not fit, or has fewer different images than clusters.
    """
    if dataset.classes != design.classes:
        raise EngramError(
            f"data set {dataset.name!r} must have the {design.classes} classes of bundle {design.name!r}, "
            f"got {dataset.classes}; use one that does"
        )
    fewest = int(np.bincount(dataset.y_train, minlength=design.classes).min())
    if kind != "keep" and fewest < design.templates_per_class:
        raise EngramError(
            f"templates need at least {design.templates_per_class} training images of every class, "
            f"got {fewest}; use fewer --per-class"
        )
    kept = thresholds_kept(bundle.design.thresholds_per_feature, design.thresholds_per_feature)
    stored = _kept_templates(bundle, kept)
    thermometer = _thermometer(bundle, design, kept)
    bits = {}
    for name, images in (("train", dataset.x_train), ("validation", dataset.x_val), ("test", dataset.x_test)):
        if name != "train" or kind != "keep":
            bits[name] = features_of(thermometer, images, stage(f"features, {name}", len(images), "images"))
    owners = dataset.y_train.astype(np.int64)
    if kind in ("kmeans", "window") and design.templates_per_class > 1:
        owners = _owners(bits["train"], dataset, design, seed, stage("clusters", design.classes, "classes"))
    window = design.cell == "window"
    levels = {name: levels_of_bits(each, len(kept)) if window else each for name, each in bits.items()}

    def holding(templates: NDArray[np.uint8]) -> Bundle:
        codes = ideal_codes(templates, design)
        return thermometer.with_(design=design, templates=templates, codes=codes)

    def share(candidate: Bundle, name: str, truth: NDArray) -> float:
        return accuracy(pipeline.classify(candidate, levels[name]), truth)

    choice = ""
    if kind == "keep":
        made = holding(stored)
    elif kind == "window":
        candidates = _windows(bundle, stored, levels["train"], owners, design)
        done = stage("windows", len(candidates), "rules")
        shares = []
        for templates in candidates.values():
            shares.append(share(holding(templates), "validation", dataset.y_val))
            done(1)
        choice = list(candidates)[int(np.argmax(shares))]
        made = holding(candidates[choice])
    else:
        made = holding(mean_templates(bits["train"], owners, design.templates))
    metrics = {
        "validation.ideal": share(made, "validation", dataset.y_val),
        "test.ideal": share(made, "test", dataset.y_test),
    }
    return Remade(made.with_(provenance=_provenance(bundle, dataset, metrics, command, seed)), choice)


def _thermometer(bundle: Bundle, design: DesignPoint, kept: list[int]) -> Bundle:
    """The front end with these thresholds of each feature, as binary cells, and nothing stored."""
    binary = design.with_(cell="binary", cell_bits=1)
    blank = np.zeros((binary.templates, binary.features), np.uint8)
    return bundle.with_(
        design=binary,
        feature_thresholds=np.ascontiguousarray(bundle.feature_thresholds[..., kept]),
        templates=blank,
        codes=ideal_codes(blank, binary),
        adc=full_scale_tables(binary, 0, 1),
        read_noise=None,
        pulse=None,
    )


def _kept_templates(bundle: Bundle, kept: list[int]) -> NDArray[np.uint8]:
    """The stored templates for features with these thresholds only."""
    if bundle.design.cell == "window":
        return np.searchsorted(kept, bundle.templates, side="left").astype(np.uint8)
    stored = bundle.templates.reshape(len(bundle.templates), -1, bundle.design.thresholds_per_feature)
    return np.ascontiguousarray(stored[..., kept]).reshape(len(stored), -1)


def _owners(
    bits: NDArray[np.uint8], dataset: Dataset, design: DesignPoint, seed: int, done: Callable[[int], None]
) -> NDArray[np.int64]:
    owners = clusters(bits, dataset.y_train, design.classes, design.templates_per_class, seed, done)
    empty = np.bincount(owners, minlength=design.templates) == 0
    if empty.any():
        label = int(np.argmax(empty)) // design.templates_per_class
        raise EngramError(
            f"class {label} must have {design.templates_per_class} different images for as many clusters, "
            "it has fewer; use fewer --per-class"
        )
    return owners


def _windows(
    bundle: Bundle,
    stored: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    owners: NDArray[np.int64],
    design: DesignPoint,
) -> dict[str, NDArray[np.uint8]]:
    """Candidates by what they are called: quantiles, and what the stored templates say if they fit."""
    top, count = design.thresholds_per_feature, design.templates
    found = {
        f"all but {tail:.0%} on either side": quantile_windows(levels, owners, count, top, tail)
        for tail in TAILS
    }
    if bundle.design.templates == count:
        if bundle.design.cell == "window":
            found["as stored"] = stored
        else:
            for matches in range(top // 2 + 1, top + 1):
                name = f"levels that match {matches} of {top} stored bits"
                found[name] = windows_of_bits(stored, top, matches)
    return found


def _provenance(
    bundle: Bundle, dataset: Dataset, metrics: dict[str, float], command: str, seed: int
) -> Provenance:
    before, origin = bundle.provenance, DataOrigin(name=dataset.name, digest=dataset.digest)
    return Provenance(
        engram_version=engram_version(),
        data=origin,
        command=f"{before.command}; {command}" if before.command else command,
        seed=seed,
        metrics={**(before.metrics if before.data == origin else {}), **metrics},
    )
