"""Word-line values to currents, against a loop over every device."""

import numpy as np
import pytest

from sw.reference import array
from sw.reference.array import cell_currents, currents, ideal_codes, level_positions
from tests.helpers.bundles import tiny_design


def currents_by_hand(levels, codes, rows):
    count, features = levels.shape
    tiles = -(-features // rows)
    out = np.zeros((count, tiles, codes.shape[2]), object)
    for n in range(count):
        for line in range(codes.shape[2]):
            for row in range(features):
                out[n, row // rows, line] += int(codes[levels[n, row], row, line])
    return out


@pytest.mark.parametrize(
    ("features", "rows", "templates"),
    [(1, 1, 1), (7, 1, 3), (7, 3, 2), (7, 7, 2), (7, 100, 2), (12, 4, 5), (13, 4, 1)],
)
@pytest.mark.parametrize("highest", [1, 15, 255])
def test_currents(features, rows, templates, highest):
    rng = np.random.default_rng([features, rows, templates, highest])
    levels = rng.integers(0, 2, (6, features), dtype=np.uint8)
    codes = rng.integers(0, highest, (2, features, templates), dtype=np.uint8, endpoint=True)
    got = currents(levels, codes, rows)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, currents_by_hand(levels, codes, rows))


def test_the_largest_current_does_not_wrap():
    codes = np.full((2, 65_536, 1), 255, np.uint8)
    codes[1] = 254
    levels = np.zeros((1, 65_536), np.uint8)
    assert currents(levels, codes, 65_536).tolist() == [[[255 * 65_536]]]
    assert currents(1 - levels, codes, 65_536).tolist() == [[[254 * 65_536]]]


@pytest.mark.parametrize("total", [4_095, 4_096, 4_097])
@pytest.mark.parametrize("templates", [1, 2, 5])
def test_sums_at_the_border_of_what_two_match_lines_can_share(total, templates):
    rng = np.random.default_rng([total, templates])
    codes = np.zeros((2, 17, templates), np.uint8)
    codes[1, :16] = 255
    codes[1, 16] = total - 16 * 255
    levels = rng.integers(0, 2, (9, 17), dtype=np.uint8)
    levels[0] = 1
    got = currents(levels, codes, 17)
    np.testing.assert_array_equal(got, currents_by_hand(levels, codes, 17))
    assert got[0].tolist() == [[total] * templates]


def test_products_in_steps(monkeypatch):
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 2, (11, 13), dtype=np.uint8)
    codes = rng.integers(0, 15, (2, 13, 3), dtype=np.uint8, endpoint=True)
    monkeypatch.setattr(array, "SMALL_PRODUCT", 100)
    np.testing.assert_array_equal(currents(levels, codes, 5), currents_by_hand(levels, codes, 5))


def test_ideal_codes_by_hand():
    templates = np.array([[0, 1], [1, 1], [0, 0]], np.uint8)
    codes = ideal_codes(templates, tiny_design())
    assert codes.dtype == np.uint8
    assert codes[1].tolist() == [[0, 1, 0], [1, 1, 0]]
    assert codes[0].tolist() == [[1, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize("rows", [1, 5, 16, 40])
def test_ideal_current_is_the_match_count_of_the_tile(rows):
    rng = np.random.default_rng(rows)
    templates = rng.integers(0, 2, (4, 40), dtype=np.uint8)
    levels = rng.integers(0, 2, (9, 40), dtype=np.uint8)
    got = currents(levels, ideal_codes(templates, tiny_design()), rows).sum(axis=1)
    expected = [[sum(a == b for a, b in zip(x, t, strict=True)) for t in templates] for x in levels]
    assert got.tolist() == expected


def window_design(**changes):
    return tiny_design(cell="window", thresholds_per_feature=3, **{"cell_bits": 2, **changes})


@pytest.mark.parametrize("cell_bits", [2, 3, 4, 8])
def test_an_ideal_window_counts_the_levels_within_it(cell_bits):
    rng = np.random.default_rng(cell_bits)
    design = window_design(cell_bits=cell_bits)
    templates = np.sort(rng.integers(0, 4, (2, 3, 40), dtype=np.uint8), axis=0)
    levels = rng.integers(0, 4, (9, 40), dtype=np.uint8)
    cells = cell_currents(ideal_codes(templates, design), design)
    lowest, highest = templates
    expected = [
        [sum(a <= v <= b for a, v, b in zip(lowest[t], x, highest[t], strict=True)) for t in range(3)]
        for x in levels
    ]
    assert currents(levels, cells, 16).sum(axis=1).tolist() == expected


def test_bounds_of_a_window_are_positions():
    design = window_design(cell_bits=4, match_code=40, mismatch_code=9)
    assert level_positions(design).tolist() == [2, 6, 10, 14]
    codes = np.array([[[2, 3, 7, 0]], [[6, 15, 6, 15]]], np.uint8)  # (2, 1 feature, 4 match lines)
    assert cell_currents(codes, design)[:, 0].tolist() == [
        [40, 9, 9, 40],
        [40, 40, 9, 40],
        [9, 40, 9, 40],
        [9, 40, 9, 40],
    ]


def test_currents_of_many_values_by_hand():
    rng = np.random.default_rng(5)
    levels = rng.integers(0, 4, (6, 13), dtype=np.uint8)
    cells = rng.integers(0, 255, (4, 13, 3), dtype=np.uint8, endpoint=True)
    np.testing.assert_array_equal(currents(levels, cells, 5), currents_by_hand(levels, cells, 5))
