"""Compiled kernels: the integers of NumPy, wherever a process takes them."""

import numpy as np
import pytest

from sw.reference import compiled, noise, pipeline
from sw.reference.adc import AdcTables, Converters
from sw.reference.classifier import winners_of_codes
from sw.reference.noise import ReadNoise, add_read_noise, image_keys
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

KEY = np.array([0x1234, 0xFEDC, 0x0F1E, 0xA5A5], np.uint16)


def by_both(monkeypatch, function):
    """What a function gives by NumPy and by kernels."""
    monkeypatch.setattr(compiled, "PATIENCE", np.inf)
    assert not compiled.worth_it()
    first = function()
    monkeypatch.setattr(compiled, "PATIENCE", -1)
    assert compiled.worth_it()
    return first, function()


@pytest.mark.parametrize("side_by_side", [True, False])
@pytest.mark.parametrize(("bits", "scale", "shift"), [(2, 1023, 1), (8, 60, 10), (8, 1023, 25), (8, 0, 9)])
def test_noise(monkeypatch, bits, scale, shift, side_by_side):
    """Two tiles of 8 rows and one of 2; where the shift is 25, currents and noise take float64."""
    design = tiny_design(cell_bits=bits)
    of_chip = ReadNoise(KEY, np.array([scale, scale // 2, scale // 3], np.int32), shift)
    keys = image_keys(KEY, np.arange(2**32 - 90, 2**32, dtype=np.int64).astype(np.uint32))
    currents = np.random.default_rng(bits).integers(0, 2 * 2**bits, (90, 3, 3))
    if side_by_side:  # in memory, as match lines give them
        currents = np.asfortranarray(currents.astype(np.float32))
    expected, got = by_both(monkeypatch, lambda: add_read_noise(currents, of_chip, keys, design))
    assert got.dtype == expected.dtype == (np.float64 if shift == 25 else np.float32)
    np.testing.assert_array_equal(got, expected)
    assert not scale or len(np.unique(got)) > 2


@pytest.mark.parametrize("bends", [False, True])
@pytest.mark.parametrize(("gain", "shift"), [(1000, 8), (4095, 20)])
def test_conversion(monkeypatch, gain, shift, bends):
    design = tiny_design(cell_bits=8, adc_bits=4, cols=2, cols_per_adc=1)
    rng = np.random.default_rng(gain)
    shape = (design.row_tiles, design.adcs_per_row_tile)
    bent = rng.integers(-2, 3, (*shape, 16)) if bends else np.zeros((0, 0, 0))
    tables = AdcTables(
        rng.integers(gain // 2, gain, shape).astype(np.int32),
        rng.integers(-(2**shift), 2**shift, shape).astype(np.int32),
        shift + (gain == 1000) * 4,  # so that all codes occur
        bent.astype(np.int16),
    )
    converters = Converters(tables, design)
    currents = rng.integers(0, design.max_current + 1, (3, 3, 40)).astype(np.float32).transpose(2, 0, 1)
    expected, got = by_both(monkeypatch, lambda: converters.codes(currents))
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    assert len(np.unique(got)) > 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_winner(monkeypatch, dtype):
    codes = np.random.default_rng(1).integers(0, 3, (2, 5, 500)).astype(dtype).transpose(2, 0, 1)  # many ties
    expected, got = by_both(monkeypatch, lambda: winners_of_codes(codes))
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(got, codes.sum(axis=1).argmax(axis=1))
    assert set(got) == set(range(5))


def test_a_process_takes_them_once_it_has_made_many_conversions_with_noise(monkeypatch):
    bundle = random_bundle(tiny_design(cell_bits=4, adc_bits=5), seed=1, codes="random", noise=True)
    levels = random_levels(bundle.design, 30, seed=2)  # 30 images x 3 tiles x 3 match lines
    monkeypatch.setattr(compiled, "_made", 0)
    monkeypatch.setattr(compiled, "PATIENCE", 400)
    taken = []
    real = compiled.noisy_lines
    monkeypatch.setattr(noise, "noisy_lines", lambda *what: taken.append(what) or real(*what))
    first = pipeline.classify(bundle, levels)
    assert not taken
    np.testing.assert_array_equal(pipeline.classify(bundle, levels), first)
    assert len(taken) == 1


def test_without_numba_everything_stays_with_numpy(monkeypatch):
    monkeypatch.setattr(compiled, "PATIENCE", -1)
    monkeypatch.setattr(compiled, "_installed", lambda: False)
    assert not compiled.worth_it()
