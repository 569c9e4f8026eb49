"""Intervals against published tables and against what they promise."""

import numpy as np
import pytest

from sw.evaluation.distribution import accuracy_interval, distribution_of, mean_interval, share_interval


def test_distribution_by_hand():
    shares = np.array([0.5, 0.75, 1.0, 0.75])
    got = distribution_of(shares, 0.75, images=4)
    assert (got.mean, got.minimum, got.maximum) == (0.75, 0.5, 1.0)
    assert got.std == pytest.approx(0.125**0.5 / 2)
    assert got.p5 == pytest.approx(0.5 + 0.15 * 0.25)
    assert (got.yield_at, got.yield_share) == (0.75, 0.75)


def test_interval_of_the_mean_by_the_table():
    """Student's t for 3 degrees of freedom, two-sided 95 %: 3.182."""
    values = np.array([1.0, 2.0, 3.0, 4.0])
    low, high = mean_interval(values, step=1.0)
    half = 3.1824 * np.std(values, ddof=1) / 2
    assert (low, high) == pytest.approx((2.5 - half, 2.5 + half), abs=1e-4)


def test_one_chip_has_no_interval_and_no_spread():
    assert mean_interval(np.array([0.9]), step=0.1) is None
    got = distribution_of(np.array([0.9]), 0.5, images=10)
    assert (got.mean, got.std, got.mean_interval) == (0.9, None, None)
    assert (got.yield_low, got.yield_high) == pytest.approx((0.025, 1))  # one good chip of one says that much


def test_chips_that_are_all_alike_are_sure_only_to_what_the_images_resolve():
    """Student's t for 2 and for 99 degrees of freedom; rounding to steps of h spreads by h / sqrt(12)."""
    for count, t in ((3, 4.3027), (100, 1.9842)):
        low, high = mean_interval(np.full(count, 0.5), step=0.01)
        half = t * 0.01 / (12 * count) ** 0.5
        assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)


def test_no_accuracy_is_sure_to_be_above_one_or_below_zero():
    low, high = accuracy_interval(np.array([1.0, 1.0, 0.98]), images=50)
    assert low < 0.98 and high == 1
    low, high = accuracy_interval(np.array([0.0, 0.0, 0.02]), images=50)
    assert low == 0 and high > 0.02


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (95, 100, 0.8872, 0.9836)],
)
def test_interval_of_a_share_by_the_table(successes, trials, low, high):
    """Clopper and Pearson's limits, 95 %."""
    assert share_interval(successes, trials) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_the_interval_covers_the_true_share_in_95_percent_of_batches(share):
    counts = np.random.default_rng(1).binomial(30, share, 2_000)
    covered = [low <= share <= high for low, high in (share_interval(int(count), 30) for count in counts)]
    assert np.mean(covered) >= 0.95 - 2.6 * (0.05 * 0.95 / 2_000) ** 0.5
