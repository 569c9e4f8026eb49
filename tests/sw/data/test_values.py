"""Values that are not uint8: the rule for them, and what is refused."""

import numpy as np
import pytest

from sw.data.values import as_bytes, check_values, rule_of
from sw.errors import EngramError
from sw.reference.inputs.affine import Affine

RNG = np.random.default_rng(0)


def test_uint8_needs_no_rule_and_stays():
    images = RNG.integers(0, 9, (3, 4, 5)).astype(np.uint8)
    assert rule_of(images, "own.npz") is None
    made, clipped = as_bytes({"x": images}, None, "own.npz")
    assert made["x"] is images and clipped == 0


@pytest.mark.parametrize("kind", [np.int16, np.int64, np.float32, bool])
def test_the_range_of_training_goes_to_all_values(kind):
    images = RNG.integers(0, 2 if kind is bool else 256, (30, 8, 8)).astype(kind)
    images[0, 0, :2] = 0, images.max()
    made, clipped = as_bytes({"x": images}, rule_of(images, "own.npz"), "own.npz")
    assert np.array_equal(made["x"], images.astype(np.int64) * (255 if kind is bool else 1)) and clipped == 0


def test_a_few_wild_values_are_clipped_and_counted():
    images = RNG.uniform(-1, 1, (100, 10, 10))
    images[0, 0, :4] = 1e9, -1e9, 1e9, 5
    rule = rule_of(images, "own.npz")
    made, clipped = as_bytes({"x": images}, rule, "own.npz")
    assert abs(rule.multiplier * 2.0**-rule.shift - 127.5) < 0.3
    assert made["x"][0, 0, :4].tolist() == [255, 0, 255, 255]
    assert 4 / images.size <= clipped <= 2 * 0.0005


def test_values_that_are_nearly_all_equal_keep_their_range():
    images = np.zeros((100, 10, 10), np.int16)
    images[3, 3, 3] = 100
    made, clipped = as_bytes({"x": images}, rule_of(images, "own.npz"), "own.npz")
    assert made["x"][3, 3, 3] == 255 and made["x"].sum() == 255 and clipped == 0


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.array([0.5, np.nan, -np.inf]), "x must hold finite numbers, 2 of 3 are NaN or infinite; replace"),
        (
            np.array([0, 2**40]),
            r"x must hold integers of up to 32 bits, got 0 to 1099511627776; take x.astype",
        ),
        (
            np.array([0, 2**63], np.uint64),
            r"x must hold integers of up to 32 bits, got 0 to 9223372036854775808",
        ),
    ],
)
def test_values_that_no_rule_takes_are_refused(images, message):
    with pytest.raises(EngramError, match=f"own.npz: {message}"):
        check_values(images, "x", "own.npz")


def test_equal_values_teach_nothing():
    with pytest.raises(
        EngramError, match="x_train must hold values that differ, got float64 from 3 to 3; give"
    ):
        rule_of(np.full((5, 2, 2), 3.0), "own.npz")


def test_a_bundle_without_a_rule_takes_uint8_alone():
    images = np.array([[[-5, 9]]], np.int16)
    with pytest.raises(EngramError) as refusal:
        as_bytes({"x_test": images}, None, "own.npz")
    assert str(refusal.value) == (
        "own.npz: x_test must be uint8, as the images that the bundle was trained on, got int16 from -5 to "
        "9; "
        "values lie from -5 to 9: take numpy.round(numpy.interp(x_test, (-5, 9), (0, "
        "255))).astype(numpy.uint8), "
        "with the same bounds for all parts"
    )
    assert as_bytes({"x": images}, Affine.between(-5, 9), "own.npz")[0]["x"].tolist() == [[[0, 255]]]
