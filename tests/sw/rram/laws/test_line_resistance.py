"""Crossbars with resistive lines: against the nodal equations, and where the answer is known."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.check.nodal import nodal_currents
from sw.rram.laws import line_resistance as crossbar
from sw.rram.laws.line_resistance import effective_conductances, with_resistive_lines
from tests.helpers.bundles import tiny_design

OHMS = [(2.5, 2.5), (100.0, 3.0), (3.0, 100.0), (0.0, 5.0), (5.0, 0.0), (0.0, 0.0), (1e4, 1e4)]


def random_conductances(*shape, seed=0):
    return np.random.default_rng(seed).uniform(8e-6, 90e-6, shape)


@pytest.mark.parametrize("ohms", OHMS, ids=str)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (40, 12)], ids=str)
def test_currents_are_those_of_the_nodal_equations(size, ohms):
    g = random_conductances(*size)
    volts = np.random.default_rng(1).uniform(0, 0.3, (6, size[0]))
    want = nodal_currents(g, volts, *ohms)
    assert np.allclose(volts @ effective_conductances(g, *ohms), want, rtol=1e-9, atol=0)


def test_ideal_lines_leave_every_bit_as_it_is():
    g = random_conductances(2, 5, 4)
    effective = effective_conductances(g, 0.0, 0.0)
    assert np.array_equal(effective, g)
    assert effective is not g


def test_one_cell_is_three_resistors_in_series():
    found = effective_conductances(np.array([[50e-6]]), 300.0, 700.0)
    assert np.allclose(found, 1 / (1 / 50e-6 + 300 + 700), rtol=1e-12)


def test_two_cells_on_a_word_line_are_a_ladder():
    first, second = 40e-6, 80e-6
    found = effective_conductances(np.array([[first, second]]), 1000.0, 0.0)[0]
    behind = 1 / (1000 + 1 / second)
    total = 1 / (1000 + 1 / (first + behind))
    assert np.allclose(found.sum(), total, rtol=1e-12)
    assert np.allclose(found[0] / found[1], first / behind, rtol=1e-12)


def test_more_resistance_costs_more_and_most_at_the_far_corner():
    g = np.full((64, 32), 50e-6)
    little, much = (effective_conductances(g, ohms, ohms) for ohms in (0.5, 2.0))
    assert np.all(much < little) and np.all(little < g)
    assert np.all(np.diff(much, axis=0) < 0) and np.all(np.diff(much, axis=1) < 0)


def test_open_cells_at_the_far_ends_change_nothing():
    g = np.zeros((12, 9))
    g[:8, :5] = random_conductances(8, 5)
    found = effective_conductances(g, 20.0, 30.0)
    assert np.allclose(found[:8, :5], effective_conductances(g[:8, :5], 20.0, 30.0), rtol=1e-12)
    assert not found[8:].any() and not found[:, 5:].any()


@pytest.mark.parametrize("elements", [1, 700, 2**24])
def test_leading_axes_are_arrays_of_their_own_however_many_are_solved_together(elements, monkeypatch):
    monkeypatch.setattr(crossbar, "TRANSFERS", elements)
    monkeypatch.setattr(crossbar, "RESPONSES", max(1, elements // 50))
    g = random_conductances(3, 2, 10, 6)
    found = effective_conductances(g, 50.0, 20.0)
    assert found.shape == g.shape
    for chip in range(3):
        for tile in range(2):
            assert np.allclose(
                found[chip, tile], effective_conductances(g[chip, tile], 50.0, 20.0), rtol=1e-12
            )


def test_every_tile_is_a_crossbar_of_its_own_with_the_pairs_side_by_side():
    design = tiny_design(templates_per_class=3)  # 8, 8, 2 rows; 4, 4, 1 columns
    conductances = random_conductances(2, 2, design.features, design.templates)
    found = with_resistive_lines(conductances, design, 30.0, 40.0)
    assert found.shape == conductances.shape
    rng = np.random.default_rng(5)
    for rows in (slice(0, 8), slice(8, 16), slice(16, 18)):
        for cols in (slice(0, 4), slice(4, 8), slice(8, 9)):
            bits = rng.integers(0, 2, rows.stop - rows.start)
            volts = np.zeros((1, 2 * len(bits)))
            volts[0, 2 * np.arange(len(bits)) + bits] = 1.0
            for chip in range(2):
                tile = conductances[chip, :, rows, cols]
                lines = np.stack([tile[0], tile[1]], axis=1).reshape(2 * len(bits), -1)
                want = nodal_currents(lines, volts, 30.0, 40.0)[0]
                picked = found[chip, bits, np.arange(rows.start, rows.stop), cols]
                assert np.allclose(picked.sum(axis=0), want, rtol=1e-9)


def test_bounds_of_window_cells_have_no_ir_drop():
    design = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4)
    bounds = random_conductances(2, design.features, design.templates)
    assert with_resistive_lines(bounds, design, 0.0, 0.0) is bounds
    with pytest.raises(EngramError, match=r"must be 0 with window cells, .* got 1 and 0"):
        with_resistive_lines(bounds, design, 1.0, 0.0)


def test_tiles_that_need_too_much_memory_are_refused():
    with pytest.raises(EngramError) as refusal:
        effective_conductances(np.zeros((1_568, 1_024)), 1.0, 0.0)
    assert str(refusal.value) == (
        "tiles with line resistance must need at most 1.0 GiB, 8 bytes x word lines x match lines squared, "
        "got 12.2 GiB for 1568 x 1024; use narrower tiles ('engram templates --cols'), or word_line_ohms "
        "and match_line_ohms of 0"
    )
    assert effective_conductances(np.zeros((1_568, 1_024)), 0.0, 0.0).shape == (1_568, 1_024)
