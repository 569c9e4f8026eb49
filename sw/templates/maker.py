"""Templates of a trained bundle, made anew from the features of its training split.

The front end stays as it is; number and kind of templates, thresholds of the features and the array's sizes
may change. Choices are made by validation accuracy; the test part is looked at once, at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.bundle.provenance import Provenance, Step
from sw.data.parts import PARTS, Dataset, PartName
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.evaluation.scores import accuracy
from sw.farm.farm import HERE, Farm
from sw.progress import OpenStage, unseen
from sw.reference import pipeline
from sw.reference.array_state import ArrayState
from sw.reference.features import feature_maps_of
from sw.reference.quantiser import word_line_values
from sw.templates.clusters import clusters, mean_templates, silhouettes
from sw.templates.sizes import Kind
from sw.templates.thresholds import ThresholdsBy, mean_thresholds, quantile_thresholds, thresholds_kept
from sw.templates.windows import quantile_windows, windows_of_bits

__all__ = ["TAILS", "Learn", "Maker", "Remade"]

Examples = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Word-line bits (N, F) and labels (N,)."""
Learn = Callable[[Examples, Examples, NDArray[np.uint8], int], NDArray[np.uint8]]
"""Learns templates of training and validation examples, from where to begin, for so many classes. It is
handed in by whoever has what trains, which this room knows nothing of."""

TAILS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45)
"""Shares of the images that windows may leave out on either side, of which one is chosen."""
STEP_IMAGES = 1_000
"""Images per step of the quantiser: bounds memory."""


@dataclass(frozen=True)
class Remade:
    """A bundle, and how its templates were chosen among several.

    Attributes
    ----------
    bundle
        The new one.
    answers
        Its classes of the test images, int64 (N,).
    choice
        Rule of its windows; empty where there was nothing to choose.
    silhouettes
        Mean silhouette by clusters per class; empty where their number was given.
    """

    bundle: Bundle
    answers: NDArray[np.int64]
    choice: str = ""
    silhouettes: dict[int, float] = field(default_factory=dict)


class Maker:
    """Makes templates for one bundle from one data set, as often as asked; the front end runs once.

    Parameters
    ----------
    bundle
        Gives front end, learned thresholds and, for ``keep``, templates.
    dataset
        What it was trained on, or another one of the same sizes.
    seed
        Of clusters and of the images that silhouettes are about.
    stage
        Hears of the stages of the work.
    maps
        Gives the feature maps (N, C, h, w) of a part of the data set, where they are known; else the front
        end computes them.
    farm
        Computes clusters, one class at a time.

    Raises
    ------
    EngramError
        If the data set has other classes.
    """

    def __init__(
        self,
        bundle: Bundle,
        dataset: Dataset,
        *,
        seed: int = 0,
        stage: OpenStage = unseen,
        maps: Callable[[PartName], NDArray[np.int32]] | None = None,
        farm: Farm = HERE,
    ) -> None:
        classes = bundle.design.classes
        if dataset.classes != classes:
            raise EngramError(
                f"data set {dataset.name!r} must have the {classes} classes of bundle "
                f"{bundle.design.name!r}, got {dataset.classes}; use one that does"
            )
        self.bundle, self.dataset, self.seed, self.stage = bundle, dataset, seed, stage
        self._known_maps, self._farm = maps, farm
        self._maps: dict[PartName, NDArray[np.int32]] = {}
        self._clusters: dict[tuple[ThresholdsBy, int, int], NDArray[np.int64]] = {}

    def make(
        self,
        kind: Kind,
        design: DesignPoint,
        *,
        thresholds_by: ThresholdsBy = "learned",
        by_silhouette: bool = False,
        step: Step | None = None,
        learn: Learn | None = None,
    ) -> Remade:
        """Make the templates anew, with ideal cells and the ideal ADC.

        Parameters
        ----------
        kind, design, thresholds_by
            As :func:`sw.templates.sizes.design_for` took them, and what it gave.
        by_silhouette
            Whether every class gets as many clusters as have the highest silhouette, mean over the classes:
            2 up to those of `design`; the fewest of equally good numbers.
        step
            Recorded in the bundle behind the steps of the bundle before; None for templates that no command
            asked for.
        learn
            For ``learned``.

        Raises
        ------
        EngramError
            If the images do not fit, or there are fewer different ones than clusters.
        """
        self._check_images(kind, 3 if by_silhouette else design.templates_per_class)
        thresholds = self._thresholds(thresholds_by, design.thresholds_per_feature)
        levels = {
            part: _levels(self._maps_of(part), thresholds, design.cell)
            for part in PARTS
            if part != "train" or kind != "keep"
        }
        owners = self.dataset.train.labels.astype(np.int64)
        found: dict[int, float] = {}
        if kind in ("kmeans", "window", "learned") and design.templates_per_class > 1:
            binary = design.cell == "binary"
            bits = levels["train"] if binary else _levels(self._maps_of("train"), thresholds, "binary")
            if by_silhouette:
                found = self._silhouettes(bits, design)
                design = design.with_(templates_per_class=max(found, key=found.__getitem__))
            owners = self._owners(bits, design, thresholds_by)

        def holding(templates: NDArray[np.uint8]) -> Bundle:
            return self.bundle.with_(
                design=design,
                feature_thresholds=thresholds,
                templates=templates,
                array=ArrayState.ideal(templates, design),
            )

        def share(candidate: Bundle, part: PartName) -> float:
            return accuracy(pipeline.classify(candidate, levels[part]), self.dataset.parts[part].labels)

        choice = ""
        if kind == "keep":
            made = holding(self._kept_templates(design))
        elif kind == "window":
            candidates = self._windows(levels["train"], owners, design, thresholds_by)
            shares = []
            with self.stage("windows", len(candidates), "rules") as stage:
                for templates in candidates.values():
                    shares.append(share(holding(templates), "validation"))
                    stage.done(1)
            choice = list(candidates)[int(np.argmax(shares))]
            made = holding(candidates[choice])
        else:
            templates = mean_templates(levels["train"], owners, design.templates)
            if kind == "learned":
                assert learn is not None
                parts = self.dataset.parts
                train = levels["train"], parts["train"].labels
                validation = levels["validation"], parts["validation"].labels
                templates = learn(train, validation, templates, design.classes)
            made = holding(templates)
        answers = pipeline.classify(made, levels["test"])
        metrics = {
            "validation.ideal": share(made, "validation"),
            "test.ideal": accuracy(answers, self.dataset.test.labels),
        }
        return Remade(made.with_(provenance=self._provenance(metrics, step)), answers, choice, found)

    def _check_images(self, kind: Kind, needed: int) -> None:
        fewest = int(np.bincount(self.dataset.train.labels, minlength=self.bundle.design.classes).min())
        if kind != "keep" and fewest < needed:
            raise EngramError(
                f"templates need at least {needed} training images of every class, got {fewest}; "
                "use fewer --per-class"
            )

    def _maps_of(self, part: PartName) -> NDArray[np.int32]:
        if part not in self._maps:
            if self._known_maps is not None:
                self._maps[part] = self._known_maps(part)
                return self._maps[part]
            images = self.dataset.parts[part].images
            with self.stage(f"features, {part}", len(images), "images") as stage:
                self._maps[part] = feature_maps_of(self.bundle, images, stage.done)
        return self._maps[part]

    def _thresholds(self, thresholds_by: ThresholdsBy, count: int) -> NDArray[np.int32]:
        match thresholds_by:
            case "learned":
                kept = thresholds_kept(self.bundle.design.thresholds_per_feature, count)
                return np.ascontiguousarray(self.bundle.feature_thresholds[..., kept])
            case "mean":
                return mean_thresholds(self._maps_of("train"))
            case "median":
                return quantile_thresholds(self._maps_of("train"), count)

    def _silhouettes(self, bits: NDArray[np.uint8], design: DesignPoint) -> dict[int, float]:
        most, labels = design.templates_per_class, self.dataset.train.labels
        with self.stage("silhouettes", design.classes, "classes") as stage:
            found = silhouettes(bits, labels, design.classes, most, self.seed, stage.done)
        if not found:
            raise EngramError(
                "silhouettes need at least 2 different images of every class, some class has all alike; "
                "use a number for --per-class"
            )
        return found

    def _owners(
        self, bits: NDArray[np.uint8], design: DesignPoint, thresholds_by: ThresholdsBy
    ) -> NDArray[np.int64]:
        per_class = design.templates_per_class
        key = thresholds_by, design.thresholds_per_feature, per_class
        if key not in self._clusters:
            labels = self.dataset.train.labels
            with self.stage("clusters", design.classes, "classes") as stage:
                asked = design.classes, per_class, self.seed
                owners = clusters(bits, labels, *asked, stage.done, self._farm)
            empty = np.bincount(owners, minlength=design.templates) == 0
            if empty.any():
                label = int(np.argmax(empty)) // per_class
                raise EngramError(
                    f"class {label} must have {per_class} different images for as many clusters, "
                    "it has fewer; use fewer --per-class"
                )
            self._clusters[key] = owners
        return self._clusters[key]

    def _kept_templates(self, design: DesignPoint) -> NDArray[np.uint8]:
        """The stored templates for features with fewer thresholds."""
        had, stored = self.bundle.design.thresholds_per_feature, self.bundle.templates
        kept = thresholds_kept(had, design.thresholds_per_feature)
        if self.bundle.design.cell == "window":
            return np.searchsorted(kept, stored, side="left").astype(np.uint8)
        bits = stored.reshape(len(stored), -1, had)
        return np.ascontiguousarray(bits[..., kept]).reshape(len(stored), -1)

    def _windows(
        self,
        levels: NDArray[np.uint8],
        owners: NDArray[np.int64],
        design: DesignPoint,
        thresholds_by: ThresholdsBy,
    ) -> dict[str, NDArray[np.uint8]]:
        """Candidates by name: quantiles, and what the stored templates say if they fit."""
        top, count = design.thresholds_per_feature, design.templates
        found = {
            f"all but {tail:.0%} on either side": quantile_windows(levels, owners, count, top, tail)
            for tail in TAILS
        }
        if thresholds_by == "learned" and self.bundle.design.templates == count:
            stored = self._kept_templates(design)
            if self.bundle.design.cell == "window":
                found["as stored"] = stored
            else:
                for matches in range(top // 2 + 1, top + 1):
                    name = f"levels that match {matches} of {top} stored bits"
                    found[name] = windows_of_bits(stored, top, matches)
        return found

    def _provenance(self, metrics: dict[str, float], step: Step | None) -> Provenance:
        before, origin = self.bundle.provenance, self.dataset.origin
        return Provenance(
            data=origin,
            steps=before.steps if step is None else (*before.steps, step),
            metrics={**(before.metrics if before.data == origin else {}), **metrics},
        )


def _levels(
    maps: NDArray[np.int32], thresholds: NDArray[np.int32], cell: Literal["binary", "window"]
) -> NDArray[np.uint8]:
    parts = [
        word_line_values(maps[start : start + STEP_IMAGES], thresholds, cell)
        for start in range(0, max(len(maps), 1), STEP_IMAGES)
    ]
    return np.concatenate(parts)
