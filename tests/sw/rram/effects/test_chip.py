"""A chip in the making: its stuck devices as the array has them and as the templates see them."""

import numpy as np

from sw.rram.devices.presets import DEVICES
from sw.rram.effects.chip import chip_with_places
from sw.rram.effects.conditions import Conditions
from sw.rram.laws.generators import chip_generator
from tests.helpers.bundles import tiny_design

DESIGN = tiny_design(height=20, width=20)
DEVICE = DEVICES["cmo-hfox"].with_(p_stuck_hrs=0.1, p_stuck_lrs=0.1)


def chip(number=0, **coping):
    rng = np.random.default_rng(1)
    targets = rng.choice([DEVICE.g_hrs_siemens, DEVICE.g_lrs_siemens], (2, DESIGN.features, DESIGN.templates))
    return chip_with_places(targets, DESIGN, DEVICE, Conditions(coping=coping), 3, number)


def test_without_coping_templates_see_the_array_as_it_is():
    made = chip()
    np.testing.assert_array_equal(made.stuck.hrs, made.physical.hrs)
    np.testing.assert_array_equal(np.isnan(made.held), ~(made.physical.hrs | made.physical.lrs))
    assert set(made.held[made.stuck.lrs]) == {DEVICE.g_lrs_siemens}
    assert made.window == (DEVICE.g_hrs_siemens, DEVICE.g_lrs_siemens)


def test_spare_lines_are_in_the_array_and_chosen_by_what_is_stuck():
    made = chip(spare_lines=2)
    assert made.physical.hrs.shape == (2, DESIGN.features, DESIGN.templates + 2)
    assert made.stuck.hrs.shape == (2, DESIGN.features, DESIGN.templates)
    assert np.any(made.places.lines >= DESIGN.templates)
    np.testing.assert_array_equal(made.physical.hrs[..., : DESIGN.templates], chip().physical.hrs)


def test_a_chip_draws_the_numbers_of_its_seed_and_number():
    for number in (0, 4):
        wanted = chip_generator(3, number, "drift").random(5)
        np.testing.assert_array_equal(chip(number).generator("drift").random(5), wanted)
