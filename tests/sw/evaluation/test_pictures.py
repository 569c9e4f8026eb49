"""Pictures: what they show is tested on numbers, that they are drawn on pixels."""

import numpy as np
import pytest
from matplotlib import image

from sw.design import Layer
from sw.errors import EngramError
from sw.evaluation import pictures
from tests.helpers.bundles import random_bundle, tiny_design


def pixels(path):
    """Opaque RGB of a PNG file, and a check that something was drawn."""
    drawn = image.imread(path)[..., :3]
    assert drawn.std() > 0.05
    return drawn


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 7, 12, 32])
@pytest.mark.parametrize("levels", [1, 3])
def test_every_feature_is_in_the_mosaic_once(channels, levels):
    design = tiny_design(
        height=4,
        width=3,
        thresholds_per_feature=levels,
        layers=(Layer(kind="pointwise1x1", out_channels=channels),),
    )
    bundle = random_bundle(design, 1)
    maps = pictures.template_maps(bundle)
    assert len(maps) == design.templates
    for template in range(design.templates):
        shown = maps[template][maps[template] >= 0]
        assert len(shown) == 4 * 3 * channels
        assert shown.sum() == bundle.templates[template].sum()
        assert shown.max() <= levels


def test_mosaic_by_hand():
    design = tiny_design(height=2, width=2, layers=(Layer(kind="pointwise1x1", out_channels=2),))
    bundle = random_bundle(design, 1)
    templates = bundle.templates.copy()
    templates[0] = [1, 0, 0, 1, 1, 1, 0, 0]  # pixel by pixel, two channels each
    gap = -1
    assert pictures.template_maps(bundle.with_(templates=templates))[0].tolist() == [
        [gap, gap, gap, gap, gap, gap, gap],
        [gap, 1, 0, gap, 0, 1, gap],
        [gap, 1, 0, gap, 1, 0, gap],
        [gap, gap, gap, gap, gap, gap, gap],
    ]


def test_windows_are_shown_by_their_middle_and_those_of_all_levels_not_at_all():
    design = tiny_design(height=2, width=2, layers=(), cell="window", thresholds_per_feature=3, cell_bits=2)
    bundle = random_bundle(design, 1)
    windows = bundle.templates.copy()
    windows[:, 0] = [[0, 0, 1, 2], [3, 1, 1, 3]]
    gap = -1
    assert pictures.template_maps(bundle.with_(templates=windows))[0].tolist() == [
        [gap, gap, gap, gap],
        [gap, gap, 0.5, gap],
        [gap, 1, 2.5, gap],
        [gap, gap, gap, gap],
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"templates_per_class": 5},
        {"thresholds_per_feature": 3},
        {"layers": ()},
        {"classes": 200, "templates_per_class": 2},
        {"cell": "window", "thresholds_per_feature": 3, "cell_bits": 2},
    ],
    ids=["one per class", "five per class", "thermometer", "pixels", "too many to show", "windows"],
)
def test_templates_are_drawn(changes, tmp_path):
    pictures.draw_templates(random_bundle(tiny_design(**changes), 1), tmp_path / "t.png")
    pixels(tmp_path / "t.png")


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_confusion_matrix_is_drawn(classes, tmp_path):
    matrix = np.random.default_rng(classes).integers(0, 9, (classes, classes))
    pictures.draw_confusion(matrix, "title", tmp_path / "new" / "c.png")
    pixels(tmp_path / "new" / "c.png")


def test_a_class_without_images_is_drawn(tmp_path):
    alone = np.array([[3, 0], [0, 0]])
    pictures.draw_confusion(alone, "title", tmp_path / "c.png")
    pictures.draw_confusion(alone, "title", tmp_path / "by-class.png", by_class=True)
    assert not np.array_equal(pixels(tmp_path / "c.png"), pixels(tmp_path / "by-class.png"))


@pytest.mark.parametrize("shares", [[0.9], [0.9, 0.95, 0.92]])
def test_chips_are_drawn(shares, tmp_path):
    pictures.draw_chips(np.array(shares), 0.97, "title", tmp_path / "chips.png")
    pixels(tmp_path / "chips.png")


def test_different_numbers_give_different_pictures(tmp_path):
    for name, value in (("a", 1), ("b", 1), ("c", 8)):
        pictures.draw_confusion(np.array([[9, value], [1, 9]]), "title", tmp_path / f"{name}.png")
    a, b, c = (pixels(tmp_path / f"{name}.png") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngramError, match="cannot write"):
        pictures.draw_confusion(np.eye(2, dtype=int), "title", tmp_path / "file" / "c.png")
