"""Endurance: worn devices reach only the window that is left."""

import numpy as np
import pytest

from sw.rram.devices.presets import DEVICES
from sw.rram.effects.chip import chip_with_places
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.endurance import Wear
from sw.rram.laws.endurance import Endurance
from tests.helpers.bundles import tiny_design

DESIGN = tiny_design()
LAW = Endurance(onset_cycles=1_000, narrowing_per_decade=0.1, hrs_share=0.5)


def aimed(law, cycles):
    device = DEVICES["ideal"].with_(endurance=law)
    targets = np.zeros((2, DESIGN.features, DESIGN.templates))
    targets[1] = device.g_lrs_siemens
    chip = chip_with_places(targets, DESIGN, device, Conditions(cycles=cycles), 1, 0)
    reached = Wear().aim(targets, chip)
    return np.unique(reached[0]), np.unique(reached[1])


@pytest.mark.parametrize(("law", "cycles"), [(None, 1), (LAW, 1), (LAW, 1_000)])
def test_fresh_devices_reach_every_target(law, cycles):
    assert aimed(law, cycles) == (0.0, 100e-6)


def test_worn_devices_come_to_the_ends_of_a_narrower_window():
    """Two decades beyond the onset a fifth of 100 uS is lost, half of it at each end."""
    low, high = aimed(LAW, 100_000)
    assert (low, high) == (pytest.approx(10e-6), pytest.approx(90e-6))
