"""Presets and recipes by data set: names that fit together, and the recipes that bundles were made with."""

import subprocess
import sys

import pytest

from sw.data.dataset import NAMES
from sw.errors import EngramError
from sw.training.presets import DESIGNS, PRESETS, RECIPES, preset_named, recipe_for


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
        ("digits", (70, 30, 15), 50, 0.5, False, (0.1, 2.0)),
        ("mnist", (75, 8, 12), 250, 1.0, False, (0.5, 4.0)),
        ("fashion-mnist", (25, 10, 6), 250, 1.0, True, (0.5, 3.0)),
        ("cifar10-grey", (50, 8, 20), 250, 2.0, True, (0.5, 4.0)),
        ("own.npz", (25, 10, 6), 250, 1.0, False, (0.5, 3.0)),
    ],
)
def test_recipes_by_data_set_are_those_that_results_were_made_with(data, epochs, batch, shift, flip, taught):
    recipe = recipe_for(data)
    assert (recipe.epochs, recipe.float_epochs, recipe.teacher_epochs) == epochs
    assert (recipe.batch, recipe.shift, recipe.flip, recipe.learning_rate) == (batch, shift, flip, 1e-2)
    assert recipe.rotate_deg == (5.0 if data == "digits" else 0.0)
    assert (recipe.distil_weight, recipe.temperature) == taught


def test_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(EngramError) as refusal:
        preset_named("resnet")
    assert str(refusal.value) == f"--preset must be one of {', '.join(PRESETS)}, got 'resnet'"


def test_presets_need_no_torch():
    check = "import sys, sw.training.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
