"""Multiplier and shift of known thresholds."""

import numpy as np
import pytest

from sw.design import Layer
from sw.importing.requantise import fitted
from sw.reference.frontend import requantise

LAYER = Layer(kind="conv3x3", out_channels=1, activation_bits=5)


def check(steps, gain, low, high):
    """Tables of one channel; what they say is wrong must be what is wrong."""
    tables, wrong = fitted(np.array([steps]), np.array([gain]), np.array([low]), np.array([high]))
    sums = np.arange(low, high + 1)
    got = requantise(sums[None, None], tables, LAYER).ravel()
    expected = np.searchsorted(steps, sums, side="right")
    if gain:
        assert np.abs(got - expected).sum() == wrong
    return tables, wrong


@pytest.mark.parametrize("seed", range(20))
def test_lines_of_few_sums_are_met_exactly(seed):
    rng = np.random.default_rng(seed)
    gain, offset = rng.uniform(0.05, 0.5), rng.uniform(-3, 10)
    steps = np.clip(np.ceil((np.arange(1, 32) - 0.5 - offset) / gain), -100, 101).astype(int)
    assert check(steps, gain, -100, 100)[1] == 0


@pytest.mark.parametrize("seed", range(5))
def test_long_lines_are_met_nearly_and_the_rest_is_told(seed):
    rng = np.random.default_rng(seed)
    gain = rng.uniform(1e-5, 2e-5)
    steps = np.ceil((np.arange(1, 32) - 0.5) / gain).astype(int)
    high = int(steps[-1] * 1.1)
    assert check(steps, gain, 0, high)[1] < 1e-3 * high


def test_a_constant_needs_no_multiplier():
    tables, wrong = check([-9] * 3 + [10] * 28, 0.0, -9, 9)
    assert (tables.multiplier[0], tables.offset[0], wrong) == (0, 3, 0)


def test_shifts_are_multiples_of_four_where_that_is_exact():
    tables, _ = check(np.arange(1, 32) * 16 - 7, 1 / 16, 0, 600)
    assert tables.shift[0] % 4 == 0
