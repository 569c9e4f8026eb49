"""Quantities: what a value must say about itself."""

from pathlib import Path

import pytest

from sw.energy.quantity import Quantity, check_quantity
from sw.errors import EngramError
from sw.validation import validated

GIVEN = {"value": 1.0, "unit": "fJ", "basis": "quoted", "source": "somebody"}


def test_what_is_left_out_is_not_counted():
    assert validated(Quantity, GIVEN, "x").counted
    for basis in ("included", "unknown"):
        assert not validated(Quantity, GIVEN | {"value": 0, "basis": basis}, "x").counted


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": -1}, "value: Input should be greater than or equal to 0, got -1"),
        ({"value": float("nan")}, "value: Input should be a finite number"),
        ({"value": "1"}, "value: Input should be a valid number"),
        ({"source": ""}, "source"),
        ({"basis": "guessed"}, "basis"),
        ({"basis": "unknown"}, "value must be 0 where basis is 'unknown', got 1"),
        ({"basis": "fitted"}, "points must name the figures that a fitted value was chosen by"),
    ],
)
def test_values_that_are_refused(changes, said):
    with pytest.raises(EngramError) as refused:
        validated(Quantity, GIVEN | changes, "x")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_table_that_is_none():
    check_quantity(GIVEN, Path("x.toml"), "supply")
    with pytest.raises(EngramError, match=r"x\.toml: supply must be a table, got 1"):
        check_quantity(1, Path("x.toml"), "supply")
