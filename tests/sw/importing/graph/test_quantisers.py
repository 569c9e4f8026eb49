"""Steps of the roundings, against the functions themselves."""

from fractions import Fraction

import numpy as np
import pytest

from sw.importing.graph.quantisers import FUNCTIONS, ROUNDINGS, integer_range, steps_of, truncating_steps

VALUES = np.arange(-40, 41) / 8
"""In them are all middles and integers."""


def levels(steps, value):
    return sum(value > bound if strict else value >= bound for bound, strict in steps)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_steps_are_where_the_function_steps(rounding):
    steps = steps_of(rounding, -3, 4)
    found = [levels(steps, Fraction(value)) - 3 for value in VALUES]
    assert found == np.clip(FUNCTIONS[rounding](VALUES), -3, 4).astype(int).tolist()


@pytest.mark.parametrize("rounding", ["FLOOR", "ROUND", "CEIL"])
def test_truncation_rounds_twice(rounding):
    steps = truncating_steps(rounding, -2, 3, 4)
    found = [levels(steps, Fraction(value)) - 2 for value in VALUES * 4]
    assert found == np.clip(FUNCTIONS[rounding](np.rint(VALUES * 4) / 4), -2, 3).astype(int).tolist()


def test_ranges_of_integers():
    assert integer_range(8, True, False) == (-128, 127)
    assert integer_range(8, True, True) == (-127, 127)
    assert integer_range(2, False, False) == (0, 3)
    assert integer_range(2, False, True) == (0, 2)
