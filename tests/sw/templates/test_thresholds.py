"""Thresholds made after training, against exact fractions."""

from fractions import Fraction
from math import ceil
from statistics import median

import numpy as np
import pytest

from sw.templates.thresholds import mean_thresholds, quantile_thresholds, thresholds_kept


def random_maps(count, low=-9, high=9, seed=0):
    return np.random.default_rng(seed).integers(low, high, (count, 2, 3, 4), dtype=np.int32, endpoint=True)


@pytest.mark.parametrize(
    ("had", "kept", "places"),
    [(3, 1, [1]), (3, 2, [0, 2]), (3, 3, [0, 1, 2]), (15, 3, [3, 7, 11]), (15, 7, list(range(1, 15, 2)))],
)
def test_kept_thresholds_are_evenly_spread(had, kept, places):
    assert thresholds_kept(had, kept) == places


@pytest.mark.parametrize("had", range(1, 16))
def test_kept_thresholds_are_different_ones_and_all_when_all_are_kept(had):
    for kept in range(1, had + 1):
        places = thresholds_kept(had, kept)
        assert len(set(places)) == kept and places == sorted(places)
        assert 0 <= places[0] and places[-1] < had
    assert places == list(range(had))


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_a_value_reaches_the_mean_threshold_exactly_when_it_is_at_least_the_mean(count):
    maps = random_maps(count)
    thresholds = mean_thresholds(maps)
    assert (thresholds.shape, thresholds.dtype) == ((3, 4, 2, 1), np.int32)
    for channel, row, column in np.ndindex(2, 3, 4):
        values = maps[:, channel, row, column].tolist()
        mean = Fraction(sum(values), count)
        threshold = int(thresholds[row, column, channel, 0])
        assert all((value >= threshold) == (value >= mean) for value in range(-10, 11))


def test_means_of_large_values_do_not_overflow():
    maps = np.full((300, 2, 3, 4), 2**24 - 1, np.int32)
    assert np.all(mean_thresholds(maps) == 2**24 - 1)
    assert np.all(mean_thresholds(-maps) == 1 - 2**24)


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_a_value_reaches_the_median_threshold_exactly_when_it_is_at_least_the_median(count):
    maps = random_maps(count, seed=1)
    thresholds = quantile_thresholds(maps, 1)
    for channel, row, column in np.ndindex(2, 3, 4):
        middle = median(map(Fraction, maps[:, channel, row, column].tolist()))
        threshold = int(thresholds[row, column, channel, 0])
        assert all((value >= threshold) == (value >= middle) for value in range(-10, 11))


@pytest.mark.parametrize("levels", [1, 3, 7, 15])
@pytest.mark.parametrize("count", [1, 4, 16, 33])
def test_quantiles_are_interpolated_and_rounded_up(levels, count):
    maps = random_maps(count, -(2**23), 2**23, seed=levels)
    thresholds = quantile_thresholds(maps, levels)
    assert (thresholds.shape, thresholds.dtype) == ((3, 4, 2, levels), np.int32)
    assert np.all(np.diff(thresholds) >= 0)
    shares = np.arange(1, levels + 1) / (levels + 1)
    floats = np.quantile(maps, shares, axis=0).transpose(2, 3, 1, 0)
    assert np.abs(thresholds - np.ceil(floats)).max() <= 1  # floats may fall on the other side of an integer
    for channel, row, column in np.ndindex(2, 3, 4):
        values = sorted(maps[:, channel, row, column].tolist())
        for level in range(levels):
            place = Fraction(level + 1, levels + 1) * (count - 1)
            low, high = values[int(place)], values[min(int(place) + 1, count - 1)]
            wanted = low + (place - int(place)) * (high - low)
            assert thresholds[row, column, channel, level] == ceil(wanted)
