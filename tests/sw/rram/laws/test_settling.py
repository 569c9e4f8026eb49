"""Settling times: against all modes of all nodes of small tiles, and where the answer is known."""

from math import log, pi

import numpy as np
import pytest
from scipy.linalg import eigh

from sw.rram.laws.lines import COMPILER_LINES, Lines
from sw.rram.laws.settling import settling_seconds

WITHIN = 4e-6


def tile(word_lines, match_lines, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(8e-6, 90e-6, (word_lines, match_lines)), rng.integers(0, 2, word_lines) > 0


def by_all_modes(g, driven, lines, cells, within):
    """Slowest match line of a tile, from the eigenvectors of its nodal equations, on a grid of times."""
    shape = (*cells, 2)
    number = np.arange(np.prod(shape)).reshape(shape)
    nodal, source = np.zeros((number.size, number.size)), np.zeros(number.size)

    def resistor(siemens, one, other):
        nodal[one, one] += siemens
        if other is not None:
            nodal[other, other] += siemens
            nodal[one, other] -= siemens
            nodal[other, one] -= siemens

    for i, j in np.ndindex(cells):
        resistor(1 / lines.word_line_ohms, number[i, j, 0], number[i, j - 1, 0] if j else None)
        resistor(1 / lines.match_line_ohms, number[i, j, 1], number[i - 1, j, 1] if i else None)
        if i < g.shape[0] and j < g.shape[1]:
            resistor(g[i, j], *number[i, j])
    source[number[: len(driven), 0, 0]] = driven / lines.word_line_ohms
    roots = np.sqrt(np.tile([lines.word_line_farads, lines.match_line_farads], number.size // 2))
    rates, modes = eigh(nodal / np.outer(roots, roots))
    ends = number[0, : g.shape[1], 1]
    parts = (
        modes[ends] / roots[ends, np.newaxis] / lines.match_line_ohms * (modes.T @ (source / roots)) / rates
    )
    times = np.linspace(0, 20 / rates[0], 20_001)
    lacking = np.abs(parts @ np.exp(-np.outer(rates, times))) > within
    return times[np.flatnonzero(lacking.any(axis=0))[-1] + 1]


@pytest.mark.parametrize(
    "lines",
    [COMPILER_LINES, Lines(5.0, 5.0, 5e-15, 5e-15), Lines(0.14, 1.28, 3e-15, 5e-15)],
    ids=["compiler", "equal", "slow match lines"],
)
@pytest.mark.parametrize("used", [(16, 6), (10, 4)], ids=str)
def test_the_slowest_line_settles_when_all_nodes_say_so(lines, used):
    g, driven = tile(*used)
    want = by_all_modes(g, driven, lines, (16, 6), WITHIN)
    assert settling_seconds(g, driven, lines, (16, 6), WITHIN).max() == pytest.approx(want, rel=0.03)


def test_one_long_line_waits_for_its_slowest_mode():
    cells, ohms, farads = 200, 2.0, 4e-15
    g, driven = np.full((1, cells), 1e-9), np.ones(1, bool)
    near, nearer = (
        settling_seconds(g, driven, Lines(ohms, 0, farads, 0), (1, cells), share * 1e-9)[-1]
        for share in (0.02, 0.01)
    )
    slowest = ohms * farads * cells**2 * 4 / pi**2
    assert nearer - near == pytest.approx(slowest * log(2), rel=0.01)


@pytest.mark.parametrize("lines", [Lines(0, 0, 5e-15, 5e-15), Lines(2, 2, 0, 0)], ids=["ohms", "farads"])
def test_lines_without_resistance_or_capacitance_settle_at_once(lines):
    assert settling_seconds(*tile(6, 4), lines, (6, 4), WITHIN).max() < 1e-25


def test_nothing_driven_has_nothing_to_wait_for():
    g, _ = tile(6, 4)
    assert not settling_seconds(g, np.zeros(6, bool), COMPILER_LINES, (6, 4), WITHIN).any()


def test_longer_lines_and_a_closer_end_take_longer():
    g, driven = tile(12, 6)
    short = settling_seconds(g, driven, COMPILER_LINES, (12, 6), WITHIN).max()
    assert settling_seconds(g, driven, COMPILER_LINES, (12, 30), WITHIN).max() > short
    assert settling_seconds(g, driven, COMPILER_LINES, (12, 6), WITHIN / 2).max() > short
