"""The affine rule against exact fractions, and against whole numbers alone."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sw.reference.inputs.affine import LARGEST_INTEGER, Affine

INTEGERS = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)


def by_hand(rule, value):
    """The formula in integers, as hardware would compute it."""
    return min(max((value * rule.multiplier + (rule.offset << (rule.shift - 7))) >> rule.shift, 0), 255)


@given(st.tuples(INTEGERS, INTEGERS).filter(lambda ends: ends[0] < ends[1]), st.lists(INTEGERS, min_size=1))
def test_integers_are_exact(ends, values):
    rule = Affine.between(*ends)
    made, clipped = rule.apply(np.array([*ends, *values]))
    assert made.tolist() == [by_hand(rule, value) for value in (*ends, *values)]
    # the scale has 15 bits, so an end is missed by no more than 255 * 2**-15, and by far ends' offset
    assert made[0] <= 1 and made[1] >= 254
    assert clipped >= sum(value < ends[0] - (ends[1] - ends[0]) for value in values)


FLOATS = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.tuples(FLOATS, st.floats(1, 1e9)), st.lists(FLOATS, min_size=1, max_size=20))
def test_floats_are_within_a_rounding_of_exact_fractions(ends, values):
    rule = Affine.between(ends[0], ends[0] + ends[1])
    for value, got in zip(values, rule.apply(np.array(values))[0].tolist(), strict=True):
        exact = Fraction(value) * rule.multiplier * Fraction(2) ** -rule.shift + Fraction(rule.offset, 128)
        error = Fraction(2) ** -50 * (abs(exact) + abs(Fraction(rule.offset, 128)) + 1)
        low, high = (min(max(floor(exact + sign * error), 0), 255) for sign in (-1, 1))
        assert low <= got <= high


def test_whole_range_of_bytes_stays_what_it_is():
    rule = Affine.between(0, 255)
    assert rule.apply(np.arange(256))[0].tolist() == list(range(256))
    assert rule.words == "x * 1 + 0, rounded"
    assert Affine.between(-1.0, 1.0).words == "x * 127.5 + 127.5, rounded"
    made, clipped = Affine.between(-1.0, 1.0).apply(np.array([[-1, 1], [0, 2], [-3, 0.5]], np.float32))
    assert made.tolist() == [[0, 255], [128, 255], [0, 191]] and clipped == 2


def test_very_small_and_very_large_spans():
    for span in (1e-300, 1e-6, 1e6, 1e300):
        made, clipped = Affine.between(-span, span).apply(np.array([-span, 0, span, span * 1.5]))
        assert made.tolist() == [0, 128, 255, 255] and clipped == 1


@pytest.mark.parametrize(
    "ends", [(1, 1), (2, 1), (0, np.nan), (-1e308, 1e308), (1e300, 1e300 + 1e284), (0, 5e-324)]
)
def test_ends_without_a_scale(ends):
    with pytest.raises(ValueError, match=r"no scale|too little"):
        Affine.between(*ends)


@pytest.mark.parametrize(
    "wrong", [{"multiplier": 0}, {"multiplier": 2**15}, {"shift": 2000}, {"offset": 0.5}]
)
def test_rules_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        Affine(**{"multiplier": 1, "shift": 7, "offset": 0} | wrong)
