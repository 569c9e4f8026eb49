"""Stuck cells and broken lines."""

import numpy as np
import pytest

from sw.reference.array import cell_currents
from sw.rram.devices.mapping import conductance_codes
from sw.rram.devices.presets import DEVICES
from sw.rram.devices.stuck import StuckCells, draw_stuck_cells, held_conductances
from tests.helpers.bundles import tiny_design

CMO = DEVICES["cmo-hfox"]
LARGE = tiny_design(height=50, width=50, layers=(), classes=100, rows=128, cols=32)
"""2,500 features, 100 templates: 20 x 4 tiles."""


def draw(design=LARGE, seed=1, spare_lines=0, **probabilities):
    return draw_stuck_cells(design, CMO.with_(**probabilities), np.random.default_rng(seed), spare_lines)


def test_stuck_cells_come_at_the_given_rates_and_never_both():
    stuck = draw(p_stuck_hrs=0.01, p_stuck_lrs=0.09)
    devices = 2 * 2_500 * 100
    assert not np.any(stuck.hrs & stuck.lrs)
    assert abs(stuck.hrs.mean() - 0.01) < 5 * np.sqrt(0.01 * 0.99 / devices)
    assert abs(stuck.lrs.mean() - 0.09) < 5 * np.sqrt(0.09 * 0.91 / devices)
    assert not stuck.open.any()


def test_higher_probabilities_keep_what_was_stuck():
    names = ("p_stuck_hrs", "p_stuck_lrs", "p_broken_row", "p_broken_col")
    few = draw(**dict.fromkeys(names, 0.01))
    more = draw(**dict.fromkeys(names, 0.05))
    assert np.all(few.open <= more.open)
    assert np.all(few.hrs <= more.hrs | more.open)
    assert np.all(few.lrs <= more.lrs | more.open)


def test_a_broken_word_line_takes_one_row_of_devices_of_one_tile():
    open_ = draw(p_broken_row=0.1).open
    for tile in range(4):
        part = open_[:, :, 32 * tile : 32 * tile + 32]
        assert np.all(part.all(axis=2) == part.any(axis=2))
    first = open_[:, :, ::32]
    assert abs(first.mean() - 0.1) < 5 * np.sqrt(0.1 * 0.9 / first.size)


def test_a_broken_match_line_takes_all_devices_of_its_segment():
    open_ = draw(p_broken_col=0.1).open
    segments = np.stack([open_[:, start : start + 128].all(axis=(0, 1)) for start in range(0, 2_500, 128)])
    anywhere = np.stack([open_[:, start : start + 128].any(axis=(0, 1)) for start in range(0, 2_500, 128)])
    np.testing.assert_array_equal(segments, anywhere)
    assert abs(segments.mean() - 0.1) < 5 * np.sqrt(0.1 * 0.9 / segments.size)


@pytest.mark.parametrize("spare_lines", [1, 28, 60])
def test_spare_lines_change_nothing_for_the_others(spare_lines):
    names = ("p_stuck_hrs", "p_stuck_lrs", "p_broken_row", "p_broken_col")
    chances = dict.fromkeys(names, 0.05)
    without, with_spares = draw(**chances), draw(spare_lines=spare_lines, **chances)
    for part in ("hrs", "lrs", "open"):
        assert getattr(with_spares, part).shape == (2, 2_500, 100 + spare_lines)
        np.testing.assert_array_equal(getattr(with_spares, part)[:, :, :100], getattr(without, part))


def test_stuck_cells_sit_at_their_nominal_conductance_and_open_ones_at_none():
    maps = np.eye(4, dtype=bool)[:3].reshape(3, 1, 4, 1)
    got = held_conductances(StuckCells(*maps), tiny_design(), CMO).ravel()
    assert got[:3].tolist() == [8e-6, 90e-6, 0]
    assert np.isnan(got[3])


@pytest.mark.parametrize("device", [0, 1])
def test_a_window_cell_on_a_broken_line_never_matches(device):
    design = tiny_design(cell="window", thresholds_per_feature=7, cell_bits=3)
    none = np.zeros((2, 1, 1), bool)
    open_ = none.copy()
    open_[device] = True
    dont_care = np.array([8e-6, 90e-6]).reshape(2, 1, 1)
    for stuck, matches in ((StuckCells(none, none, none), True), (StuckCells(none, none, open_), False)):
        held = held_conductances(stuck, design, CMO)
        codes = conductance_codes(np.where(np.isnan(held), dont_care, held), design, CMO)
        assert np.all((cell_currents(codes, design) == design.match_code) == matches)
