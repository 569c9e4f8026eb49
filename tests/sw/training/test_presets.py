"""Presets and recipes by data set: names that fit together, and the recipes that bundles were made with."""

import subprocess
import sys

import numpy as np
import pytest

from sw.data.dataset import NAMES
from sw.data.parts import Dataset, Part
from sw.errors import EngramError
from sw.training.presets import DESIGNS, PRESETS, RECIPES, preset_named, recipe_for


def named(name, images):
    """A data set of two classes with so many training images."""
    part = Part(np.zeros((images, 4, 4), np.uint8), (np.arange(images) % 2).astype(np.uint8))
    return Dataset(name, part, part.first(2), part.first(2), classes=2)


def test_names_are_those_of_data_sets():
    assert set(DESIGNS) <= set(NAMES)
    assert set(RECIPES) == set(NAMES)
    assert {preset.data for preset in PRESETS.values()} <= set(NAMES)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_trains_ideal_cells_and_as_many_means_as_there_can_be(name):
    preset = preset_named(name)
    assert preset.design.cell_bits == 1 and preset.design.adc_bits is None
    assert preset.templates != "mean" or preset.design.templates_per_class == 1


@pytest.mark.parametrize(
    ("data", "epochs", "batch", "shift", "flip", "taught"),
    [
        ("digits", (160, 30, 15), 100, 0.5, False, (0.1, 2.0)),
        ("mnist", (75, 8, 12), 250, 1.0, False, (0.5, 4.0)),
        ("fashion-mnist", (25, 10, 6), 250, 1.0, True, (0.5, 3.0)),
        ("cifar10-grey", (50, 8, 20), 250, 2.0, True, (0.5, 4.0)),
        ("own.npz", (25, 10, 6), 250, 1.0, False, (0.5, 3.0)),
    ],
)
def test_recipes_by_data_set_are_those_that_results_were_made_with(data, epochs, batch, shift, flip, taught):
    recipe = recipe_for(named(data, 1_000))
    assert (recipe.epochs, recipe.float_epochs, recipe.teacher_epochs) == epochs
    assert (recipe.batch, recipe.shift, recipe.flip) == (batch, shift, flip)
    assert (recipe.learning_rate, recipe.rotate_deg) == ((3e-2, 5.0) if data == "digits" else (1e-2, 0.0))
    assert (recipe.distil_weight, recipe.temperature) == taught


@pytest.mark.parametrize("images", [2, 18, 32, 47, 48, 97, 300, 545, 993, 999])
def test_few_images_are_seen_often_enough_in_batches_of_one_size(images):
    recipe = recipe_for(named("own.npz", images))
    batches = [
        len(batch) for batch in np.array_split(np.arange(images), range(recipe.batch, images, recipe.batch))
    ]
    assert min(batches) > 1 and max(batches) <= 48
    for epochs, least in ((recipe.epochs, 500), (recipe.float_epochs, 200), (recipe.teacher_epochs, 100)):
        assert least <= epochs * len(batches) < least + len(batches)


def test_few_images_of_a_known_set_change_nothing():
    assert recipe_for(named("mnist", 10)) == RECIPES["mnist"]


def test_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(EngramError) as refusal:
        preset_named("resnet")
    assert str(refusal.value) == f"--preset must be one of {', '.join(PRESETS)}, got 'resnet'"


def test_presets_need_no_torch():
    check = "import sys, sw.training.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
