"""Nonlinearity of converters: by hand at two bits, laws of the mismatch at eight."""

import numpy as np
import pytest

from sw.rram.laws.linearity import code_inl, linearity, ramp_levels, sar_levels

CONVERTERS = 20_000
SIGMA = 0.02
LEVELS = {"sar": sar_levels, "ramp": ramp_levels}


def law(got, expected):
    """The standard deviation of `got` is `expected` within five standard errors."""
    assert abs(got.std() / expected - 1) < 5 / np.sqrt(2 * len(got))


@pytest.fixture(scope="module", params=["sar", "ramp"])
def drawn(request):
    levels = LEVELS[request.param](8, SIGMA, CONVERTERS, np.random.default_rng(1))
    return request.param, linearity(levels)


@pytest.mark.parametrize("kind", ["sar", "ramp"])
@pytest.mark.parametrize("bits", [1, 4, 12])
def test_equal_units_are_linear(kind, bits):
    levels = LEVELS[kind](bits, 0.0, 2, np.random.default_rng(1))
    np.testing.assert_allclose(levels, np.tile(np.arange(2**bits), (2, 1)), atol=1e-9)
    assert not code_inl(levels).any()


def test_inl_and_dnl_by_hand():
    inl, dnl = linearity(np.array([[0, 1.5, 2.25, 3.0]]))
    assert inl.tolist() == [[0.5, 0.25, 0.0]]
    assert dnl.tolist() == [[-0.25, -0.25]]


def test_code_inl_by_hand():
    """Inputs 0.5, 1.5, 2.5 and 3.5 among levels that moved by half a step, by more, and beyond the top."""
    levels = np.array([[0, 1.5, 2.4, 3.4], [0, 1.6, 2.6, 3.6], [0, 1.0, 2.0, 9.0], [0, 0.4, 0.45, 3.0]])
    assert code_inl(levels).tolist() == [[0, 0, 0, 0], [0, -1, -1, -1], [0, 0, 0, -1], [2, 1, 0, 0]]


def test_a_search_skips_codes_that_a_heavy_weight_hides():
    """The level of code 2 lies above that of code 3: the search from the top never tries code 3 below it."""
    assert code_inl(np.array([[0, 1.0, 3.2, 3.1]])).tolist() == [[0, 0, -1, 0]]


def test_a_middle_code_errs_by_half_of_all_units(drawn):
    """256 units, half of them below: sigma * sqrt(256 * 1/2 * 1/2)."""
    law(drawn[1].inl_lsb[:, 127], SIGMA * 8)


def test_the_widest_code_of_a_sar_is_where_all_weights_change(drawn):
    """From 127 units of seven weights to 128 of another; a ramp only takes its next step."""
    kind, (_, dnl) = drawn
    law(dnl[:, 126], SIGMA * np.sqrt(255) if kind == "sar" else SIGMA)


def test_errors_have_no_mean(drawn):
    inl = drawn[1].inl_lsb[:, 127]
    assert abs(inl.mean()) < 5 * inl.std() / np.sqrt(CONVERTERS)


def test_ramps_only_rise():
    levels = ramp_levels(6, 0.2, 1_000, np.random.default_rng(1))
    assert np.diff(levels).min() >= 0
    counted = (levels[:, np.newaxis, 1:] <= np.arange(64)[:, np.newaxis] + 0.5).sum(axis=2)
    np.testing.assert_array_equal(code_inl(levels), counted - np.arange(64))
