"""Templates made anew: sizes, what is kept, what is chosen, provenance, refusals."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sw.bundle.file import from_bytes
from sw.bundle.ideal import with_ideal_array
from sw.bundle.provenance import Provenance, Step
from sw.data.parts import Dataset, Part
from sw.errors import EngramError
from sw.progress import unseen
from sw.reference import pipeline
from sw.reference.array_state import ArrayState
from sw.reference.quantiser import word_line_values
from sw.templates.clusters import clusters, mean_templates, silhouettes
from sw.templates.maker import TAILS, Maker
from sw.templates.sizes import AUTO, design_for
from sw.templates.thresholds import mean_thresholds, quantile_thresholds, thresholds_kept
from sw.templates.windows import quantile_windows, windows_of_bits
from tests.helpers.bundles import random_bundle, random_images, tiny_design

STEP = Step(command="templates", seed=2)
L = 7
TRAINED = random_bundle(tiny_design(thresholds_per_feature=L, templates_per_class=2), 3)


def labelled(count, seed):
    """Images of three classes, which differ in where they are bright."""
    labels = (np.arange(count) % 3).astype(np.uint8)
    images = random_images(TRAINED.design, count, seed) // 3
    for label in range(3):
        images[labels == label, 2 * label : 2 * label + 2] += 160
    return images, labels


DATA = Dataset(
    "bright.npz", Part(*labelled(120, 0)), Part(*labelled(45, 1)), Part(*labelled(60, 2)), classes=3
)
BITS = pipeline.levels_of(TRAINED, DATA.train.images)
THERMOMETERS = BITS.reshape(len(BITS), -1, L)


def made(kind, thresholds=None, per_class=None, bundle=TRAINED, by="learned", **array):
    design = design_for(bundle.design, kind, thresholds, per_class, array, by)
    maker = Maker(bundle, DATA, seed=2)
    return maker.make(kind, design, thresholds_by=by, step=STEP).bundle


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_means_and_clusters_are_those_of_the_kept_bits(kept):
    places = thresholds_kept(L, kept)
    bits = np.ascontiguousarray(THERMOMETERS[..., places]).reshape(len(BITS), -1)
    means = made("mean", kept)
    assert np.array_equal(means.templates, mean_templates(bits, DATA.train.labels, 3))
    assert np.array_equal(means.feature_thresholds, TRAINED.feature_thresholds[..., places])
    found = made("kmeans", kept, 4)
    owners = clusters(bits, DATA.train.labels, 3, 4, seed=2)
    assert np.array_equal(found.templates, mean_templates(bits, owners, 12))
    assert found.design.features == TRAINED.design.features // L * kept


def test_keeping_everything_is_the_same_classifier():
    same = made("keep")
    ideal = with_ideal_array(TRAINED)
    assert same.design == ideal.design
    assert np.array_equal(same.templates, TRAINED.templates) and np.array_equal(
        same.array.codes, ideal.array.codes
    )


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


@pytest.mark.parametrize(("by", "count"), [("mean", 1), ("median", 1), ("median", 4), ("median", 15)])
def test_thresholds_are_made_of_the_training_images(by, count):
    maps = pipeline.feature_maps_of(TRAINED, DATA.train.images)
    thresholds = mean_thresholds(maps) if by == "mean" else quantile_thresholds(maps, count)
    bundle = made("mean", count, by=by)
    assert np.array_equal(bundle.feature_thresholds, thresholds)
    bits = word_line_values(maps, thresholds)
    assert np.array_equal(bundle.templates, mean_templates(bits, DATA.train.labels, 3))
    found = made("kmeans", count, 3, by=by)
    owners = clusters(bits, DATA.train.labels, 3, 3, seed=2)
    assert np.array_equal(found.templates, mean_templates(bits, owners, 9))


@pytest.mark.parametrize(("count", "per_class"), [(1, 2), (15, 1), (15, 2)])
def test_windows_of_new_thresholds_are_quantiles_only(count, per_class):
    """What is stored belongs to the learned thresholds, even where the numbers agree."""
    design = design_for(TRAINED.design, "window", count, per_class, {}, "median")
    result = Maker(TRAINED, DATA, seed=2).make("window", design, thresholds_by="median")
    maps = pipeline.feature_maps_of(TRAINED, DATA.train.images)
    thresholds = quantile_thresholds(maps, count)
    owners = DATA.train.labels
    if per_class > 1:
        owners = clusters(word_line_values(maps, thresholds), owners, 3, per_class, seed=2)
    levels = word_line_values(maps, thresholds, "window")
    rules = {
        f"all but {tail:.0%} on either side": quantile_windows(levels, owners, 3 * per_class, count, tail)
        for tail in TAILS
    }
    assert np.array_equal(result.bundle.templates, rules[result.choice])
    assert result.bundle.design.level_bits == count.bit_length()


@pytest.mark.parametrize("kind", ["kmeans", "window"])
def test_silhouettes_choose_the_number_of_clusters(kind):
    design = design_for(TRAINED.design, kind, None, AUTO, {})
    result = Maker(TRAINED, DATA, seed=2).make(kind, design, by_silhouette=True)
    assert result.silhouettes == silhouettes(BITS, DATA.train.labels, 3, 10, 2)
    assert list(result.silhouettes) == list(range(2, 11))
    count = result.bundle.design.templates_per_class
    assert result.silhouettes[count] == max(result.silhouettes.values())
    assert (
        result.bundle.to_bytes()
        == made(kind, None, count).with_(provenance=result.bundle.provenance).to_bytes()
    )


def test_a_maker_computes_features_and_clusters_once():
    heard = []

    def stage(name, total, note):
        heard.append(name)
        return unseen(name, total, note)

    maker = Maker(TRAINED, DATA, seed=2, stage=stage)
    features = ["features, train", "features, validation", "features, test"]
    for kind, by in (("kmeans", "median"), ("window", "median"), ("window", "learned"), ("keep", "learned")):
        design = design_for(TRAINED.design, kind, 7, 2, {}, by)
        again = maker.make(kind, design, thresholds_by=by, step=STEP)
        assert again.bundle.to_bytes() == made(kind, 7, 2, by=by).to_bytes()
    assert [name for name in heard if name != "windows"] == [*features, "clusters", "clusters"]


def test_window_rule_is_the_best_on_the_validation_part():
    design = design_for(TRAINED.design, "window", None, None, {})
    assert (design.cell, design.level_bits, design.features) == ("window", 3, 18)
    result = Maker(TRAINED, DATA, seed=2).make("window", design)
    levels = THERMOMETERS.sum(axis=2, dtype=np.uint8)
    owners = clusters(BITS, DATA.train.labels, 3, 2, seed=2)
    rules = {
        f"all but {tail:.0%} on either side": quantile_windows(levels, owners, 6, L, tail) for tail in TAILS
    }
    for matches in range(4, 8):
        name = f"levels that match {matches} of 7 stored bits"
        rules[name] = windows_of_bits(TRAINED.templates, L, matches)
    shares = {}
    for name, windows in rules.items():
        candidate = result.bundle.with_(templates=windows, array=ArrayState.ideal(windows, design))
        shares[name] = np.mean(
            pipeline.run(candidate, DATA.validation.images).label == DATA.validation.labels
        )
    assert shares[result.choice] == max(shares.values())
    assert np.array_equal(result.bundle.templates, rules[result.choice])


@pytest.mark.parametrize(
    ("kind", "by"),
    [
        ("keep", "learned"),
        *((kind, by) for kind in ("mean", "kmeans", "window") for by in ("learned", "mean", "median")),
    ],
)
def test_metrics_are_the_bundles_own_and_its_cells_are_ideal(kind, by):
    bundle = made(kind, by=by)
    assert from_bytes(bundle.to_bytes(), "x").digest == bundle.digest
    assert bundle.digest == with_ideal_array(bundle).digest
    for part, images, labels in (
        ("validation", DATA.validation.images, DATA.validation.labels),
        ("test", DATA.test.images, DATA.test.labels),
    ):
        share = np.mean(pipeline.run(bundle, images).label == labels)
        assert bundle.provenance.metrics[f"{part}.ideal"] == share
        if kind != "keep":  # templates that are kept are random ones
            assert share > 0.7


def test_provenance_goes_on_from_that_of_the_bundle():
    before = Provenance(
        data=DATA.origin,
        steps=(Step(command="train"),),
        metrics={"test.float": 0.5, "test.ideal": 0.1},
    )
    provenance = made("mean", bundle=TRAINED.with_(provenance=before)).provenance
    assert provenance.steps == (*before.steps, STEP)
    assert provenance.data == DATA.origin
    assert provenance.metrics["test.float"] == 0.5 and provenance.metrics["test.ideal"] > 0.7
    other = made("mean").provenance  # trained on something else: its accuracies are not of this data
    assert set(other.metrics) == {"validation.ideal", "test.ideal"}


def test_noise_and_programmed_codes_of_before_are_gone():
    programmed = random_bundle(TRAINED.design.with_(cell_bits=4, adc_bits=6), 3, codes="random", noise=True)
    assert made("mean", bundle=programmed).to_bytes() == made("mean").to_bytes()


def test_stages_hear_of_everything_that_is_done():
    heard = {}

    @contextmanager
    def stage(name, total, note):
        heard[name] = -total

        def done(count):
            heard[name] += count

        yield SimpleNamespace(done=done)

    design = design_for(TRAINED.design, "window", None, 3, {})
    Maker(TRAINED, DATA, stage=stage).make("window", design)
    assert list(heard) == ["features, train", "features, validation", "features, test", "clusters", "windows"]
    assert set(heard.values()) == {0}


@pytest.mark.parametrize("kind", ["kmeans", "window"])
def test_more_clusters_than_images_are_refused(kind):
    with pytest.raises(EngramError, match="at least 41 training images of every class, got 40; use fewer"):
        made(kind, None, 41)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_more_clusters_than_different_images_are_refused():
    alike = replace(
        DATA, train=Part(np.repeat(DATA.train.images[:3], 40, axis=0), np.repeat(DATA.train.labels[:3], 40))
    )
    design = design_for(TRAINED.design, "kmeans", None, 2, {})
    with pytest.raises(EngramError, match="class 0 must have 2 different images for as many clusters"):
        Maker(TRAINED, alike).make("kmeans", design)


def test_silhouettes_need_images_that_differ():
    alike = replace(
        DATA, train=Part(np.repeat(DATA.train.images[:3], 40, axis=0), np.repeat(DATA.train.labels[:3], 40))
    )
    design = design_for(TRAINED.design, "kmeans", None, AUTO, {})
    with pytest.raises(EngramError, match="silhouettes need at least 2 different images of every class"):
        Maker(TRAINED, alike).make("kmeans", design, by_silhouette=True)
    few = replace(DATA, train=DATA.train.first(6))
    with pytest.raises(EngramError, match="at least 3 training images of every class, got 2"):
        Maker(TRAINED, few).make("kmeans", design, by_silhouette=True)
