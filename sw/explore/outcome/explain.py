"""Explanation: what limits a point, found by switching each effect off on the same chips.

What chips lose to effects is what they gain without. What the templates lose is what a dense layer on the
same word-line values has more than the ideal array: both know nothing of RRAM.
"""

from typing import Any

import numpy as np

from sw.bundle.ideal import with_ideal_array
from sw.evaluation.scores import accuracy
from sw.evaluation.studies import Outcome, Study, points_of, rows_of
from sw.explore.compute.explorer import Explorer
from sw.explore.compute.images import Images
from sw.explore.compute.variants import Variants
from sw.explore.space.settings import Setting
from sw.reference import pipeline

__all__ = ["dense_accuracy", "explained"]

DENSE_IMAGES = 10_000
"""Training images, the first ones, that the dense layer is fitted to."""


def explained(
    explorer: Explorer, variants: Variants, setting: Setting, images: int | None
) -> list[dict[str, Any]]:
    """Rows of what is switched off: mean accuracy on the validation images, and what it gains.

    Parameters
    ----------
    explorer, variants
        Compute.
    setting
        The point.
    images
        Validation images.

    Returns
    -------
    list
        ``without``: nothing, each effect that is on, all of them, templates. ``accuracy_mean``; ``cost``, how
        much more that is, with its 95 % interval ``cost_low`` to ``cost_high`` over chips, None for one chip.
        The cost of templates is that against the ideal array, where no chips differ.
    """
    explorer.compute([setting])
    conditions = explorer.conditions(setting)
    points = points_of(Study.effects, setting.device, conditions, setting.design.templates)
    variations = [setting._replace(device=point.device, conditions=point.conditions) for point in points]
    explorer.compute(variations)
    outcomes = []
    for point, variation in zip(points, variations, strict=True):
        accuracies = explorer.accuracies(variation, "validation")
        assert accuracies is not None
        outcomes.append(Outcome(point, accuracies))
    validation = variants.images(setting.variant, "validation", images)
    rows = [
        {name: row[name] for name in ("without", "accuracy_mean", "cost", "cost_low", "cost_high")}
        for row in rows_of(Study.effects, outcomes, len(validation.truth))
    ]
    ideal = accuracy(
        pipeline.classify(with_ideal_array(variants.bundle(setting.variant)), validation.levels),
        validation.truth,
    )
    train = variants.images(setting.variant, "train", DENSE_IMAGES)
    dense = dense_accuracy(train, validation)
    cost = dense - ideal
    limit = {
        "without": "templates",
        "accuracy_mean": dense,
        "cost": cost,
        "cost_low": cost,
        "cost_high": cost,
    }
    return [*rows, limit]


def dense_accuracy(train: Images, validation: Images) -> float:
    """Of a dense layer in floats, fitted by least squares (ridge, weight 1) to word-line values."""
    from sklearn.linear_model import RidgeClassifier
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        layer = RidgeClassifier(alpha=1.0).fit(train.levels.astype(np.float32), train.truth)
        answers = layer.predict(validation.levels.astype(np.float32))
    return accuracy(answers, validation.truth)
