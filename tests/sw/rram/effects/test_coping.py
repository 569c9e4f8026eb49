"""Spare match lines and polarity: by hand, against all arrangements there are, and what they do to harm."""

from itertools import permutations, product

import numpy as np
import pytest
from pydantic import ValidationError

from sw.rram.devices.mapping import target_conductances
from sw.rram.devices.presets import DEVICES
from sw.rram.devices.stuck import StuckCells, draw_stuck_cells, held_conductances
from sw.rram.effects.coping import Arrangement, Coping, arrangement
from tests.helpers.bundles import random_templates, tiny_design

CMO = DEVICES["cmo-hfox"]
DESIGN = tiny_design(cell_bits=4)
"""18 features in row tiles of 8, 8 and 2; 3 templates."""
WINDOWS = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4)


def targets_of(design, seed=0):
    return target_conductances(random_templates(np.random.default_rng(seed), design), design, CMO)


def nothing_stuck(design, lines):
    return StuckCells(*(np.zeros((2, design.features, lines), np.bool_) for _ in range(3)))


def drawn(design, spare_lines, seed=1, **probabilities):
    return draw_stuck_cells(design, CMO.with_(**probabilities), np.random.default_rng(seed), spare_lines)


def harm(stuck, targets, design):
    """Conductance error of the devices that do not work, in siemens, by match line of a tile."""
    error = np.nan_to_num(np.abs(held_conductances(stuck, design, CMO) - targets))
    starts = np.arange(0, design.features, design.rows)
    return np.add.reduceat(error.sum(axis=0), starts, axis=0)


def seen(stuck, lines, swapped, design=DESIGN):
    return Arrangement(np.asarray(lines), np.asarray(swapped)).seen_stuck(stuck, design)


def cope(stuck, targets, design, device, coping):
    return arrangement(stuck, targets, design, device, coping).seen_stuck(stuck, design)


def same(first, second):
    for name in ("hrs", "lrs", "open"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_the_default_is_not_to_cope():
    stuck = drawn(DESIGN, 0, p_stuck_hrs=0.2, p_stuck_lrs=0.2)
    same(cope(stuck, targets_of(DESIGN), DESIGN, CMO, Coping()), stuck)


def test_a_segment_with_a_harmful_device_moves_to_the_spare_line_and_others_stay():
    targets = targets_of(DESIGN)
    stuck = nothing_stuck(DESIGN, 4)
    wrong = int(targets[1, 3, 2] < 50e-6)  # row 3 is in the first row tile
    (stuck.hrs, stuck.lrs)[wrong][1, 3, 2] = True
    got = arrangement(stuck, targets, DESIGN, CMO, Coping(spare_lines=1))
    assert got.lines.tolist() == [[0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert not got.swapped.any()
    assert not cope(stuck, targets, DESIGN, CMO, Coping(spare_lines=1)).hrs.any()


def test_a_device_that_is_stuck_where_it_is_wanted_moves_nothing():
    targets = targets_of(DESIGN)
    stuck = nothing_stuck(DESIGN, 4)
    right = int(targets[1, 3, 2] > 50e-6)
    (stuck.hrs, stuck.lrs)[right][1, 3, 2] = True
    got = arrangement(stuck, targets, DESIGN, CMO, Coping(spare_lines=1, polarity=True))
    assert got.lines.tolist() == [[0, 1, 2]] * 3
    assert not got.swapped.any()


def test_a_pair_is_swapped_where_that_hides_more():
    """Row 5: device 0 should be in the LRS for templates 0 and 1 and is stuck in the HRS for all three."""
    targets = target_conductances(np.array([[0] * 18, [0] * 18, [1] * 18], np.uint8), DESIGN, CMO)
    stuck = nothing_stuck(DESIGN, 3)
    stuck.hrs[0, 5] = True
    stuck.hrs[0, 6, 2] = True
    got = arrangement(stuck, targets, DESIGN, CMO, Coping(polarity=True))
    assert np.flatnonzero(got.swapped).tolist() == [5]
    left = cope(stuck, targets, DESIGN, CMO, Coping(polarity=True))
    assert np.argwhere(left.hrs).tolist() == [[0, 6, 2], [1, 5, 0], [1, 5, 1], [1, 5, 2]]
    assert harm(left, targets, DESIGN).sum() == pytest.approx(82e-6)  # template 2 wants device 1 in the LRS


@pytest.mark.parametrize("design", [DESIGN, WINDOWS], ids=["binary", "window"])
@pytest.mark.parametrize("seed", range(3))
def test_no_choice_of_spare_lines_harms_less(design, seed):
    """Against all ways to put 3 segments on their own lines and 2 spare ones, tile by tile."""
    targets = targets_of(design, seed)
    stuck = drawn(design, 2, seed, p_stuck_hrs=0.1, p_stuck_lrs=0.2, p_broken_row=0.05)
    got = harm(cope(stuck, targets, design, CMO, Coping(spare_lines=2)), targets, design).sum(axis=1)
    straight = np.zeros(design.features, np.bool_)
    ways = [way for way in permutations(range(5), 3) if all(w in (t, 3, 4) for t, w in enumerate(way))]
    best = [harm(seen(stuck, [way] * 3, straight, design), targets, design).sum(axis=1) for way in ways]
    if design.cell == "binary":
        np.testing.assert_allclose(got, np.min(best, axis=0))
    assert np.all(got <= best[0] + 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_no_polarity_harms_less(seed):
    """Against all polarities of the last tile's two rows."""
    targets = targets_of(DESIGN, seed)
    stuck = drawn(DESIGN, 0, seed, p_stuck_hrs=0.3, p_stuck_lrs=0.2)
    got = harm(cope(stuck, targets, DESIGN, CMO, Coping(polarity=True)), targets, DESIGN)[2].sum()
    lines = [[0, 1, 2]] * 3
    every = [[False] * 16 + list(last) for last in product((False, True), repeat=2)]
    assert got == pytest.approx(min(harm(seen(stuck, lines, s), targets, DESIGN)[2].sum() for s in every))


def test_what_is_placed_is_seen_again_and_the_rest_is_unused():
    lines, swapped = np.array([[0, 3, 2], [4, 1, 0], [0, 1, 2]]), np.arange(18) % 3 == 0
    place = Arrangement(lines, swapped)
    values = np.random.default_rng(1).random((2, 18, 3))
    physical = place.placed(values, np.full((2, 18, 5), -1.0), DESIGN)
    np.testing.assert_array_equal(place.seen(physical, DESIGN), values)
    assert physical[0, 1, 3] == values[0, 1, 1]
    assert physical[0, 9, 4] == values[1, 9, 0]
    assert np.all(physical[:, :8, [1, 4]] == -1) and np.sum(physical == -1) == 2 * 18 * 2


def test_both_together_harm_less_than_either():
    design = tiny_design(height=40, width=40, classes=10, rows=96, cols=32, row_lanes=8, cell_bits=4)
    targets = targets_of(design)
    stuck = drawn(design, 4, p_stuck_hrs=0.05, p_stuck_lrs=0.05)
    ways = [Coping(), Coping(spare_lines=4), Coping(polarity=True), Coping(spare_lines=4, polarity=True)]
    first = StuckCells(*(part[..., : design.templates] for part in (stuck.hrs, stuck.lrs, stuck.open)))
    none, spares, polarity, both = (
        harm(cope(stuck if way.spare_lines else first, targets, design, CMO, way), targets, design).sum()
        for way in ways
    )
    assert both < min(spares, polarity)
    assert max(spares, polarity) < none


def test_polarity_leaves_what_chance_says():
    """One template, 20 % of the devices stuck: a pair is lost only where both are stuck in the same state."""
    design = tiny_design(height=100, width=100, layers=(), classes=2, rows=100, cell_bits=4)
    stuck = drawn(design, 0, p_stuck_hrs=0.1, p_stuck_lrs=0.1)
    one = StuckCells(*(part * np.array([True, False]) for part in (stuck.hrs, stuck.lrs, stuck.open)))
    left = cope(one, targets_of(design), design, CMO, Coping(polarity=True))
    rows, p = design.features, 0.2**2 / 2  # one of the two harms, swapped or not
    harmful = harm(left, targets_of(design), design).sum() / 82e-6
    assert abs(harmful - rows * p) < 5 * np.sqrt(rows * p)


def test_window_cells_are_not_swapped():
    targets = targets_of(WINDOWS)
    stuck = drawn(WINDOWS, 0, p_stuck_hrs=0.3)
    assert not arrangement(stuck, targets, WINDOWS, CMO, Coping(polarity=True)).swapped.any()
    same(cope(stuck, targets, WINDOWS, CMO, Coping(polarity=True)), stuck)


def test_a_broken_match_line_is_given_up():
    stuck = nothing_stuck(DESIGN, 4)
    stuck.open[:, 8:16, 1] = True
    got = arrangement(stuck, targets_of(DESIGN), DESIGN, CMO, Coping(spare_lines=1, polarity=True))
    assert got.lines.tolist() == [[0, 1, 2], [0, 3, 2], [0, 1, 2]]


@pytest.mark.parametrize("field", [{"spare_lines": -1}, {"spare_lines": 1_025}, {"spares": 1}])
def test_values_out_of_range_are_refused(field):
    with pytest.raises(ValidationError):
        Coping(**field)
