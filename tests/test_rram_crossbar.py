"""Crossbars with resistive lines: against the nodal equations, and where the answer is known."""

import numpy as np
import pytest

from sw.rram import crossbar
from sw.rram.crossbar import effective_conductances
from sw.rram.nodal import nodal_currents

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
