"""Study of storage: what is tried, what the rows say, which are the best, the picture."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image

from sw.data.parts import Dataset, Part
from sw.design import Layer
from sw.energy.work import storage_bits
from sw.errors import EngramError
from sw.templates.maker import Maker
from sw.templates.sizes import design_for
from sw.templates.study import Scheme, draw_storage, mark_best, row_of, schemes_for
from tests.helpers.bundles import random_bundle, random_images, tiny_design

DESIGN = tiny_design(thresholds_per_feature=3, templates_per_class=2)
BUNDLE = random_bundle(DESIGN, 3)


def labelled(count, seed):
    return random_images(DESIGN, count, seed), (np.arange(count) % 3).astype(np.uint8)


DATA = Dataset("noise.npz", Part(*labelled(60, 0)), Part(*labelled(30, 1)), Part(*labelled(30, 2)), classes=3)


def test_every_scheme_is_tried_once_and_fits():
    found = schemes_for(DESIGN, 4)
    assert len(set(found)) == len(found)
    assert {scheme.kind for scheme in found} == {"keep", "mean", "kmeans", "window"}
    assert {scheme[1:3] for scheme in found} == {
        ("learned", 1),
        ("learned", 3),
        ("mean", 1),
        ("median", 1),
        ("median", 3),
        ("median", 7),
    }
    assert {scheme.per_class for scheme in found} == {1, 2, 4}
    for kind, by, thresholds, per_class in found:
        design_for(DESIGN, kind, thresholds, per_class, {}, by)


@pytest.mark.parametrize(("had", "learned"), [(1, {1}), (2, {1, 2}), (15, {1, 3, 7, 15})])
def test_learned_thresholds_are_all_or_as_many_as_windows_take(had, learned):
    found = schemes_for(tiny_design(thresholds_per_feature=had))
    assert {scheme.thresholds for scheme in found if scheme.thresholds_by == "learned"} == learned
    assert not any(scheme.thresholds == 2 for scheme in found if scheme.kind == "window")


def test_one_template_per_class_is_not_tried_twice():
    found = schemes_for(tiny_design(), 1)
    assert len(set(found)) == len(found)
    assert {scheme.per_class for scheme in found} == {1} and "kmeans" not in {s.kind for s in found}


def test_sizes_that_no_design_has_are_left_out():
    wide = tiny_design(
        height=64, width=64, layers=(Layer(kind="pointwise1x1", out_channels=3),), templates_per_class=1
    )
    found = schemes_for(wide)
    assert Scheme("window", "median", 7, 1) in found and Scheme("mean", "median", 3, 1) in found
    assert Scheme("mean", "median", 7, 1) not in found
    windows = tiny_design(thresholds_per_feature=3, cell="window", cell_bits=2)
    assert Scheme("keep", "learned", 3, 1) in schemes_for(windows)


@pytest.mark.parametrize("scheme", [Scheme("kmeans", "median", 7, 3), Scheme("window", "learned", 3, 2)])
def test_a_row_is_about_the_bundle_that_its_options_make(scheme):
    kind, by, thresholds, per_class = scheme
    design = design_for(DESIGN, kind, thresholds, per_class, {}, by)
    made = Maker(BUNDLE, DATA, seed=5).make(kind, design, thresholds_by=by)
    row = row_of(scheme, Maker(BUNDLE, DATA, seed=5))
    assert {name: row[name] for name in Scheme._fields} == scheme._asdict()
    metrics = made.bundle.provenance.metrics
    assert (row["validation"], row["test"]) == (metrics["validation.ideal"], metrics["test.ideal"])
    assert (row["templates"], row["features"], row["cell"]) == (
        design.templates,
        design.features,
        design.cell,
    )
    assert row["choice"] == made.choice
    storage = storage_bits(made.bundle)
    assert row["template_bits"] == storage["templates"] == made.bundle.templates.size * design.level_bits
    assert (row["threshold_bits"], row["storage_bits"]) == (storage["feature_thresholds"], storage["total"])


def test_the_best_are_chosen_by_validation_alone():
    shares = [(10, 0.5), (10, 0.6), (20, 0.6), (5, 0.2), (40, 0.9), (30, 0.9), (30, 0.9), (50, 0.1)]
    rows = [{"template_bits": bits, "validation": share, "test": 0.0} for bits, share in shares]
    best = [row["best"] for row in mark_best(rows)]
    assert best == [False, True, False, True, False, True, False, False]
    assert best == [row["best"] for row in mark_best([row | {"test": 1 - row["validation"]} for row in rows])]


def test_the_picture_shows_all_rows(tmp_path):
    maker = Maker(BUNDLE, DATA)
    rows = [row_of(scheme, maker) for scheme in schemes_for(DESIGN)]
    draw_storage(mark_best(rows), "tiny", tmp_path / "all.png")
    draw_storage(mark_best(rows[:1]), "tiny", tmp_path / "one.png")
    drawn, one = (image.imread(tmp_path / name)[..., :3] for name in ("all.png", "one.png"))
    assert drawn.std() > 0.05 and one.std() > 0.01
    assert drawn.shape != one.shape or not np.array_equal(drawn, one)


def test_too_few_images_are_refused():
    few = replace(DATA, train=DATA.train.first(6))
    with pytest.raises(EngramError, match="templates need at least 3 training images of every class, got 2"):
        row_of(Scheme("kmeans", "mean", 1, 3), Maker(BUNDLE, few))
