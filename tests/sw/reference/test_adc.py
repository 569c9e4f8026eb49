"""Currents to codes: clamp, rounding, one gain and offset per instance."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from sw.reference.adc import GAIN_BITS, AdcTables, Converters, convert, full_scale_tables
from tests.helpers.bundles import random_bundle, tiny_design


def convert_by_hand(currents, tables, design):
    """The formula of the docstring in unbounded integers; division that rounds down is the shift."""
    out = np.zeros(currents.shape, object)
    for n, tile, line in np.ndindex(currents.shape):
        adc = design.adc_of_match_line(line)
        gain, offset = int(tables.gain[tile, adc]), int(tables.offset[tile, adc])
        code = (int(currents[n, tile, line]) * gain + offset) // 2**tables.shift
        out[n, tile, line] = min(max(code, 0), 2**design.adc_bits - 1)
    return out


def same_everywhere(design, gain, offset, shift):
    shape = (design.row_tiles, design.adcs_per_row_tile)
    return AdcTables(np.full(shape, gain, np.int32), np.full(shape, offset, np.int32), shift)


def codes_of(currents, design, tables):
    """Codes of a list of currents, all put on match line 0 of tile 0."""
    values = np.zeros((len(currents), design.row_tiles, design.templates), np.int64)
    values[:, 0, 0] = currents
    return convert(values, tables, design)[:, 0, 0].tolist()


def test_the_ideal_adc_passes_the_current_through():
    design = tiny_design()
    values = np.arange(9, dtype=np.int64).reshape(1, 3, 3) - 4
    assert convert(values, full_scale_tables(design, 0, 8), design) is values
    assert full_scale_tables(design, 0, 8).gain.shape == (0, 0)


def test_clamp_at_both_ends():
    design = tiny_design(adc_bits=3)
    tables = same_everywhere(design, gain=1, offset=-10, shift=0)
    assert codes_of([0, 9, 10, 11, 16, 17, 18, 10**6], design, tables) == [0, 0, 0, 1, 6, 7, 7, 7]


def test_negative_sums_shift_towards_minus_infinity():
    design = tiny_design(adc_bits=3)
    tables = same_everywhere(design, gain=2, offset=-5, shift=2)
    # (2 c - 5) / 4 for c = 0 .. 6 is -1.25 -0.75 -0.25 0.25 0.75 1.25 1.75
    assert codes_of(range(7), design, tables) == [0, 0, 0, 0, 0, 1, 1]


def test_every_instance_has_its_own_gain_and_offset():
    design = tiny_design(classes=7, cols=3, cols_per_adc=2, adc_bits=12)
    assert design.adcs_per_row_tile == 5
    gain = np.arange(15, dtype=np.int32).reshape(3, 5)
    tables = AdcTables(gain, 100 * gain, 0)
    got = convert(np.ones((1, 3, 7), np.int64), tables, design)[0]
    readers = [0, 0, 1, 2, 2, 3, 4]
    assert got.tolist() == [[101 * (5 * tile + reader) for reader in readers] for tile in range(3)]


@pytest.mark.parametrize("seed", range(6))
def test_random_tables(seed):
    rng = np.random.default_rng(seed)
    bits = (1, 2, 5, 8, 11, 12)[seed]
    design = tiny_design(classes=5, cell_bits=8, adc_bits=bits, rows=7)
    tables = random_bundle(design, seed).array.adc
    values = rng.integers(0, design.max_current, (40, design.row_tiles, 5), endpoint=True)
    np.testing.assert_array_equal(convert(values, tables, design), convert_by_hand(values, tables, design))


def test_extreme_tables_do_not_wrap():
    design = tiny_design(height=64, width=64, layers=(), rows=4_096, cell_bits=8, adc_bits=12)
    for gain, offset, shift in ((4_095, 2**30, 0), (4_095, -(2**30), 31), (0, 2**30, 18), (4_095, 2**30, 20)):
        tables = same_everywhere(design, gain, offset, shift)
        values = np.full((1, 1, 3), design.max_current, np.int64)
        np.testing.assert_array_equal(
            convert(values, tables, design), convert_by_hand(values, tables, design)
        )


@pytest.mark.parametrize("rows", [512, 4_096])
def test_every_code_ends_where_it_should_whatever_the_type(rows):
    """Currents just below and at the end of each code: a rounded product would show there."""
    design = tiny_design(height=64, width=64, layers=(), rows=rows, cell_bits=8, adc_bits=12)
    tables = full_scale_tables(design, 5, design.max_current)
    gain, offset = int(tables.gain[0, 0]), int(tables.offset[0, 0])
    ends = -((offset - (np.arange(1, 4_096) << tables.shift)) // gain)
    currents = np.zeros((2 * len(ends), design.row_tiles, 3), np.float32)
    currents[:, 0, 0] = np.concatenate([ends - 1, ends])
    codes = Converters(tables, design).codes(currents)
    np.testing.assert_array_equal(codes, convert_by_hand(currents.astype(np.int64), tables, design))


@pytest.mark.parametrize("bits", [1, 4, 8, 12])
@pytest.mark.parametrize(("lowest", "highest"), [(0, 8), (0, 1), (3, 50), (112, 1_680), (0, 1_044_480)])
def test_full_scale_reaches_both_ends_and_rounds_to_nearest(bits, lowest, highest):
    design = tiny_design(adc_bits=bits, cell_bits=8)
    tables = full_scale_tables(design, lowest, highest)
    gain = int(tables.gain[0, 0])
    assert 2 ** (GAIN_BITS - 1) <= gain < 2**GAIN_BITS or tables.shift == 0
    top = 2**bits - 1
    values = sorted({lowest, highest, *np.linspace(lowest, highest, 50).astype(int).tolist()})
    got = codes_of(values, design, tables)
    assert got[0] == 0
    for value, code in zip(values, got, strict=True):
        # the ratio as held, exactly; half a step is added before rounding down
        exact = Fraction((value - lowest) * gain, 2**tables.shift)
        half = Fraction(1, 2) if tables.shift else 0
        assert code == min(top, floor(exact + half))
        # and near the ideal transfer: one rounding, and the ratio's 12 bits over the whole range
        ideal = Fraction((value - lowest) * top, highest - lowest)
        assert abs(code - ideal) <= Fraction(1, 2) + ideal / 2**GAIN_BITS


def test_full_scale_needs_a_range():
    with pytest.raises(AssertionError):
        full_scale_tables(tiny_design(adc_bits=4), 5, 5)
