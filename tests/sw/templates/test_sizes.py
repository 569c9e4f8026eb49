"""Sizes for templates made anew: what is left out, and what is refused."""

import pytest

from sw.errors import EngramError
from sw.templates.sizes import AUTO, MOST_CLUSTERS, design_for
from tests.helpers.bundles import tiny_design

DESIGN = tiny_design(thresholds_per_feature=7, templates_per_class=2)


@pytest.mark.parametrize(
    ("had", "kind", "by", "thresholds"),
    [
        (5, "kmeans", "learned", 5),
        (5, "kmeans", "median", 5),
        (5, "kmeans", "mean", 1),
        (5, "window", "learned", 3),
        (5, "window", "median", 3),
        (5, "window", "mean", 1),
        (1, "window", "learned", 1),
    ],
)
def test_thresholds_that_are_left_out(had, kind, by, thresholds):
    trained = tiny_design(thresholds_per_feature=had)
    design = design_for(trained, kind, None, None, {}, by)
    assert design.thresholds_per_feature == thresholds
    assert design.cell_bits == (thresholds.bit_length() if kind == "window" else 1)


@pytest.mark.parametrize(("kind", "per_class"), [("keep", 2), ("mean", 1), ("kmeans", 2), ("window", 2)])
def test_templates_per_class_that_are_left_out(kind, per_class):
    assert design_for(DESIGN, kind, None, None, {}).templates_per_class == per_class


@pytest.mark.parametrize(("classes", "most"), [(3, MOST_CLUSTERS), (102, MOST_CLUSTERS), (250, 4)])
def test_silhouettes_choose_among_numbers_that_fit(classes, most):
    trained = tiny_design(classes=classes)
    assert design_for(trained, "kmeans", None, AUTO, {}).templates_per_class == most


def test_made_thresholds_may_be_more_than_the_bundle_has():
    design = design_for(DESIGN, "window", 15, None, {}, "median")
    assert (design.thresholds_per_feature, design.level_bits, design.features) == (15, 4, 18)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("kmeans", 8, None, {}),
            "--thresholds must be 1 to 7, as many as features of the bundle have, got 8; "
            "train with more --thresholds-per-feature, or use --thresholds-by median",
        ),
        (
            ("mean", None, 2, {}),
            "--kind mean makes one template per class, got --per-class 2; use 1, or "
            "--kind kmeans, window or learned",
        ),
        (
            ("keep", None, 3, {}),
            "--kind keep keeps 2 per class, got --per-class 3; leave it out, or use "
            "--kind kmeans, window or learned",
        ),
        (
            ("window", 2, None, {}),
            "design: window cells need thresholds_per_feature = 2**b - 1 for levels of b bits, got 2",
        ),
        (
            ("kmeans", None, 65, {}),
            "design: templates_per_class: Input should be less than or equal to 64, got 65",
        ),
        (
            ("kmeans", 3, None, {}, "mean"),
            "--thresholds-by mean makes one threshold per feature, got --thresholds 3; use 1, or "
            "--thresholds-by median",
        ),
        (
            ("keep", None, None, {}, "median"),
            "--kind keep keeps templates that belong to the learned thresholds, got --thresholds-by median; "
            "leave it out, or use another --kind",
        ),
        (
            ("kmeans", 16, None, {}, "median"),
            "design: thresholds_per_feature: Input should be less than or equal to 15, got 16",
        ),
        (
            ("mean", None, "auto", {}),
            "--kind mean makes one template per class, got --per-class auto; use 1, or --kind kmeans, "
            "window or learned",
        ),
        (
            ("keep", None, "auto", {}),
            "--kind keep keeps 2 per class, got --per-class auto; leave it out, or use --kind kmeans, "
            "window or learned",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(options, message):
    with pytest.raises(EngramError) as refusal:
        design_for(DESIGN, *options)
    assert str(refusal.value) == message
