"""Integers of wide activations stay close to the batch norm they came from, whatever its values are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw.bundle.checks import MAX_REQUANTISATION_OFFSET
from sw.design import Layer
from sw.reference.frontend import MULTIPLIER_BITS, requantise
from sw.training.student.requantisation import requantisation_of

GAINS = st.floats(-30, 22).map(lambda exponent: 2.0**exponent) | st.just(0.0)
OFFSETS = st.floats(-(2.0**30), 2.0**30) | st.floats(-300, 300)


def levels_of(tables, sums, bits):
    """Level of each accumulator of a layer with one channel."""
    layer = Layer(kind="depthwise3x3", activation_bits=bits)
    return requantise(np.asarray(sums, np.int64).reshape(1, 1, 1, -1), tables, layer).reshape(-1)


def sums_of_interest(gain, offset, top, reach):
    """Both ends, and what lies around the accumulators that reach the first, middle and last level."""
    found = {-reach, 0, reach}
    for level in (0, top / 2, top):
        place = (level - offset) / gain if gain else 0.0
        found |= {int(np.clip(place, -reach, reach)) + near for near in range(-3, 4)}
    return sorted(sum_ for sum_ in found if abs(sum_) <= reach)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(GAINS, OFFSETS, st.integers(5, 8), st.integers(1, 2**24 - 1))
def test_levels_are_those_of_the_batch_norm_within_the_bound(gain, offset, bits, reach):
    tables = requantisation_of(np.array([gain]), np.array([offset]), bits, reach)
    assert 0 <= tables.multiplier[0] < 2**MULTIPLIER_BITS
    assert abs(int(tables.offset[0])) <= MAX_REQUANTISATION_OFFSET
    top = 2**bits - 1
    sums = sums_of_interest(gain, offset, top, reach)
    exact = gain * np.array(sums) + offset
    bound = 2.0**-4 + 2.0 ** -int(tables.shift[0])
    got = levels_of(tables, sums, bits)
    assert np.all(got >= np.clip(np.floor(exact - bound + 0.5), 0, top))
    assert np.all(got <= np.clip(np.floor(exact + bound + 0.5), 0, top))


def test_a_gain_of_zero_is_one_level_everywhere():
    tables = requantisation_of(np.zeros(4), np.array([-7.0, 12.4, 12.5, 1e30]), 5, 100)
    assert tables.multiplier.tolist() == [0] * 4
    for channel, level in enumerate([0, 12, 13, 31]):
        scaled = int(tables.offset[channel]) + (1 << int(tables.shift[channel]) >> 1)
        assert np.clip(scaled >> int(tables.shift[channel]), 0, 31) == level, channel


def test_channels_of_similar_gain_share_a_shift_and_flat_ones_follow():
    gain = np.array([0.11, 0.2, 0.15, 0.0])
    tables = requantisation_of(gain, np.ones(4), 8, 1_000)
    assert tables.shift.tolist() == [16, 16, 16, 16]
    assert tables.multiplier.tolist() == [round(value * 2**16) for value in gain]


@pytest.mark.parametrize("step", [-3, 0, 5])
def test_a_very_steep_channel_is_a_step_at_the_right_place(step):
    tables = requantisation_of(np.array([1e9]), np.array([-1e9 * (step - 0.5)]), 8, 10)
    sums = np.arange(-10, 11)
    assert np.array_equal(levels_of(tables, sums, 8), np.where(sums >= step, 255, 0))
