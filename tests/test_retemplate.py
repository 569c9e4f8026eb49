"""Templates made anew: sizes, what is kept, what is chosen, provenance, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from sw.bundle import DataOrigin, from_bytes
from sw.datasets import Dataset
from sw.errors import EngramError
from sw.evaluate import with_ideal_array
from sw.reference import pipeline
from sw.reference.array import ideal_codes
from sw.retemplate import TAILS, design_for, remake, thresholds_kept
from sw.templates import clusters, levels_of_bits, mean_templates, quantile_windows, windows_of_bits
from tests.bundles import random_bundle, random_images, tiny_design

L = 7
TRAINED = random_bundle(tiny_design(thresholds_per_feature=L, templates_per_class=2), 3)


def labelled(count, seed):
    """Images of three classes, which differ in where they are bright."""
    labels = (np.arange(count) % 3).astype(np.uint8)
    images = random_images(TRAINED.design, count, seed) // 3
    for label in range(3):
        images[labels == label, 2 * label : 2 * label + 2] += 160
    return images, labels


DATA = Dataset("bright.npz", *labelled(120, 0), *labelled(45, 1), *labelled(60, 2), classes=3)
BITS = pipeline.levels_of(TRAINED, DATA.x_train)
THERMOMETERS = BITS.reshape(len(BITS), -1, L)


def made(kind, thresholds=None, per_class=None, bundle=TRAINED, **array):
    design = design_for(bundle.design, kind, thresholds, per_class, array)
    return remake(bundle, DATA, kind, design, seed=2, command="engram templates x").bundle


@pytest.mark.parametrize(
    ("had", "kept", "places"),
    [(3, 1, [1]), (3, 2, [0, 2]), (3, 3, [0, 1, 2]), (15, 3, [3, 7, 11]), (15, 7, list(range(1, 15, 2)))],
)
def test_kept_thresholds_are_evenly_spread(had, kept, places):
    assert thresholds_kept(had, kept) == places


@pytest.mark.parametrize("had", range(1, 16))
def test_kept_thresholds_are_different_ones_and_all_when_all_are_kept(had):
    for kept in range(1, had + 1):
        places = thresholds_kept(had, kept)
        assert len(set(places)) == kept and places == sorted(places)
        assert 0 <= places[0] and places[-1] < had
    assert places == list(range(had))


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_means_and_clusters_are_those_of_the_kept_bits(kept):
    places = thresholds_kept(L, kept)
    bits = np.ascontiguousarray(THERMOMETERS[..., places]).reshape(len(BITS), -1)
    means = made("mean", kept)
    assert np.array_equal(means.templates, mean_templates(bits, DATA.y_train, 3))
    assert np.array_equal(means.feature_thresholds, TRAINED.feature_thresholds[..., places])
    found = made("kmeans", kept, 4)
    owners = clusters(bits, DATA.y_train, 3, 4, seed=2)
    assert np.array_equal(found.templates, mean_templates(bits, owners, 12))
    assert found.design.features == TRAINED.design.features // L * kept


def test_keeping_everything_is_the_same_classifier():
    same = made("keep")
    ideal = with_ideal_array(TRAINED)
    assert same.design == ideal.design
    assert np.array_equal(same.templates, TRAINED.templates) and np.array_equal(same.codes, ideal.codes)


def test_keeping_fewer_thresholds_keeps_their_bits():
    kept = made("keep", 3, rows=5, cols=3, cols_per_adc=3)
    stored = TRAINED.templates.reshape(6, -1, L)[..., [1, 3, 5]].reshape(6, -1)
    assert np.array_equal(kept.templates, stored)
    assert (kept.design.rows, kept.design.cols, kept.design.cols_per_adc) == (5, 3, 3)


def test_keeping_windows_keeps_what_they_hold():
    """A level lies within the new window exactly when some old level that looks the same did."""
    windows = made("window", L)
    kept = made("keep", 3, bundle=windows)
    assert kept.design.cell == "window"
    coarse = np.searchsorted([1, 3, 5], np.arange(L + 1), side="left")
    for level in range(4):
        alike = np.flatnonzero(coarse == level)[:, None, None]
        held = ((windows.templates[0] <= alike) & (alike <= windows.templates[1])).any(axis=0)
        within = (kept.templates[0] <= level) & (level <= kept.templates[1])
        assert np.array_equal(within, held)


def test_window_rule_is_the_best_on_the_validation_part():
    design = design_for(TRAINED.design, "window", None, None, {})
    assert (design.cell, design.level_bits, design.features) == ("window", 3, 18)
    result = remake(TRAINED, DATA, "window", design, seed=2)
    levels = levels_of_bits(BITS, L)
    owners = clusters(BITS, DATA.y_train, 3, 2, seed=2)
    rules = {
        f"all but {tail:.0%} on either side": quantile_windows(levels, owners, 6, L, tail) for tail in TAILS
    }
    for matches in range(4, 8):
        name = f"levels that match {matches} of 7 stored bits"
        rules[name] = windows_of_bits(TRAINED.templates, L, matches)
    shares = {}
    for name, windows in rules.items():
        candidate = result.bundle.with_(templates=windows, codes=ideal_codes(windows, design))
        shares[name] = np.mean(pipeline.run(candidate, DATA.x_val).label == DATA.y_val)
    assert shares[result.choice] == max(shares.values())
    assert np.array_equal(result.bundle.templates, rules[result.choice])


@pytest.mark.parametrize("kind", ["keep", "mean", "kmeans", "window"])
def test_metrics_are_the_bundles_own_and_its_cells_are_ideal(kind):
    bundle = made(kind)
    assert from_bytes(bundle.to_bytes(), "x").digest == bundle.digest
    assert bundle.digest == with_ideal_array(bundle).digest
    for part, images, labels in (
        ("validation", DATA.x_val, DATA.y_val),
        ("test", DATA.x_test, DATA.y_test),
    ):
        share = np.mean(pipeline.run(bundle, images).label == labels)
        assert bundle.provenance.metrics[f"{part}.ideal"] == share
        if kind != "keep":  # templates that are kept are random ones
            assert share > 0.7


def test_provenance_goes_on_from_that_of_the_bundle():
    origin = DataOrigin(name="bright.npz", digest=DATA.digest)
    before = TRAINED.provenance.model_copy(
        update={"data": origin, "command": "engram train", "metrics": {"test.float": 0.5, "test.ideal": 0.1}}
    )
    provenance = made("mean", bundle=TRAINED.with_(provenance=before)).provenance
    assert (provenance.command, provenance.seed) == ("engram train; engram templates x", 2)
    assert provenance.data == origin
    assert provenance.metrics["test.float"] == 0.5 and provenance.metrics["test.ideal"] > 0.7
    other = made("mean").provenance  # trained on something else: its accuracies are not of this data
    assert set(other.metrics) == {"validation.ideal", "test.ideal"}


def test_noise_and_programmed_codes_of_before_are_gone():
    programmed = random_bundle(TRAINED.design.with_(cell_bits=4, adc_bits=6), 3, codes="random", noise=True)
    assert made("mean", bundle=programmed).to_bytes() == made("mean").to_bytes()


def test_stages_hear_of_everything_that_is_done():
    heard = {}

    def stage(name, total, note):
        heard[name] = -total

        def done(count):
            heard[name] += count

        return done

    design = design_for(TRAINED.design, "window", None, 3, {})
    remake(TRAINED, DATA, "window", design, stage=stage)
    assert list(heard) == ["features, train", "features, validation", "features, test", "clusters", "windows"]
    assert set(heard.values()) == {0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("kmeans", 8, None, {}),
            "--thresholds must be 1 to 7, as many as features of the bundle have, got 8; "
            "train with more --thresholds-per-feature",
        ),
        (
            ("mean", None, 2, {}),
            "--kind mean makes one template per class, got --per-class 2; use 1, or --kind kmeans or window",
        ),
        (
            ("keep", None, 3, {}),
            "--kind keep keeps 2 per class, got --per-class 3; leave it out, or use --kind kmeans or window",
        ),
        (
            ("window", 2, None, {}),
            "design: window cells need thresholds_per_feature = 2**b - 1 for levels of b bits, got 2",
        ),
        (
            ("kmeans", None, 65, {}),
            "design: templates_per_class: Input should be less than or equal to 64, got 65",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(options, message):
    with pytest.raises(EngramError) as refusal:
        design_for(TRAINED.design, *options)
    assert str(refusal.value) == message


@pytest.mark.parametrize("kind", ["kmeans", "window"])
def test_more_clusters_than_images_are_refused(kind):
    with pytest.raises(EngramError, match="at least 41 training images of every class, got 40; use fewer"):
        made(kind, None, 41)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_more_clusters_than_different_images_are_refused():
    alike = replace(
        DATA, x_train=np.repeat(DATA.x_train[:3], 40, axis=0), y_train=np.repeat(DATA.y_train[:3], 40)
    )
    design = design_for(TRAINED.design, "kmeans", None, 2, {})
    with pytest.raises(EngramError, match="class 0 must have 2 different images for as many clusters"):
        remake(TRAINED, alike, "kmeans", design)
