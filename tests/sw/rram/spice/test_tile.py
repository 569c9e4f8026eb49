"""Tiles of a programmed chip: the devices as they lie, and evaluation's view of them."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.check.nodal import nodal_currents
from sw.rram.chip.programming import program_array
from sw.rram.devices.mapping import code_siemens, conductance_codes
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Coping
from sw.rram.spice.tile import programmed_tiles
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

FAULTY = DEVICES["cmo-hfox"].with_(p_stuck_hrs=0.1, p_stuck_lrs=0.1, p_broken_row=0.1)
RESISTIVE = Conditions(
    word_line_ohms=200.0, match_line_ohms=100.0, cell_bits=8, coping=Coping(spare_lines=2, polarity=True)
)


def tiles_of(conditions, device=FAULTY, **changes):
    bundle = random_bundle(tiny_design(**changes), 3)
    return bundle, programmed_tiles(bundle.design, bundle.templates, device, conditions, seed=5)


def test_currents_of_the_devices_are_those_that_the_codes_of_the_chip_come_from():
    bundle, tiles = tiles_of(RESISTIVE)
    design, array, _ = program_array(bundle.design, bundle.templates, FAULTY, RESISTIVE, seed=5)
    levels = random_levels(bundle.design, 3, 1)
    assert [(tile.row, tile.column) for tile in tiles] == [(row, col) for row in range(3) for col in range(2)]
    for tile in tiles:
        used = ~np.isnan(tile.effective[0])
        for of in levels:
            driven = tile.driven(of)
            want = nodal_currents(tile.conductances, driven[np.newaxis].astype(float), 200.0, 100.0)[0]
            assert np.allclose((driven @ tile.effective)[used], want[used], rtol=1e-9)
    first = tiles[0]
    assert first.chip.places.swapped.any()
    seen = first.chip.places.lines[0]
    together = np.concatenate([tile.effective for tile in tiles[:2]], axis=1)[:, seen]
    pairs = np.moveaxis(together.reshape(8, 2, -1), 1, 0)
    straight = np.where(first.chip.places.swapped[:8, np.newaxis], pairs[::-1], pairs)
    assert np.array_equal(conductance_codes(straight, design, FAULTY), array.codes[:, :8])


def test_perfect_lines_leave_the_devices_as_they_are_and_faults_are_counted():
    _, tiles = tiles_of(Conditions())
    for tile in tiles:
        assert np.array_equal(tile.conductances, tile.effective)
    made = tiles[0].chip.physical
    assert sum(tile.stuck for tile in tiles) == (made.hrs | made.lrs | made.open).sum() > 0
    assert any((tile.conductances == 0).any() for tile in tiles)  # on broken word lines


def test_half_a_step_is_that_of_the_converter():
    _, tiles = tiles_of(Conditions(adc={"bits": 4}))
    window = FAULTY.g_lrs_siemens - FAULTY.g_hrs_siemens
    assert tiles[0].half_step_siemens == pytest.approx(8 * window / 15 / 2)
    _, tiles = tiles_of(Conditions(adc={"bits": None}))
    assert tiles[0].half_step_siemens == pytest.approx(window / 2)
    assert tiles[0].half_step_siemens > code_siemens(tiles[0].chip.design, FAULTY) / 2


def test_window_cells_are_no_resistors():
    with pytest.raises(EngramError, match="must be of binary cells"):
        tiles_of(Conditions(), cell="window", thresholds_per_feature=3, cell_bits=4, match_code=2)
