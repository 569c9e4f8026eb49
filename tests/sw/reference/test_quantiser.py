"""Feature map to word-line values, against a loop over every feature."""

import numpy as np
import pytest

from sw.reference.quantiser import word_line_values


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 4), (2, 5, 1)], ids=str)
@pytest.mark.parametrize("levels", [1, 3])
def test_order_is_pixel_then_channel_then_level(shape, levels):
    rng = np.random.default_rng([*shape, levels])
    channels, height, width = shape
    values = rng.integers(-4, 4, (5, *shape))
    thresholds = np.sort(rng.integers(-4, 4, (height, width, channels, levels), dtype=np.int32))
    expected = [
        [
            int(values[n, c, y, x] >= thresholds[y, x, c, level])
            for y in range(height)
            for x in range(width)
            for c in range(channels)
            for level in range(levels)
        ]
        for n in range(5)
    ]
    got = word_line_values(values, thresholds)
    assert got.dtype == np.uint8
    assert got.tolist() == expected


def test_a_feature_equal_to_its_threshold_is_one():
    values = np.array([[[[6]]], [[[7]]], [[[8]]]])
    assert word_line_values(values, np.full((1, 1, 1, 1), 7, np.int32)).tolist() == [[0], [1], [1]]


def test_thermometer_codes_fall_from_ones_to_zeros():
    thresholds = np.array([-1, 0, 5], np.int32).reshape(1, 1, 1, 3)
    values = np.array([-2, -1, 3, 5]).reshape(4, 1, 1, 1)
    assert word_line_values(values, thresholds).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
