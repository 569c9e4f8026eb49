"""Read noise: from a share of the window to the integers of the conversions."""

import numpy as np
import pytest

from sw.reference.noise import BYTES_MEAN, conversion_noise, image_keys
from sw.rram.laws.read_noise import NoiseLaw, read_noise, tile_variances
from tests.helpers.bundles import TINY, tiny_design

LAW = NoiseLaw(sigma_of_window=0.01)


def test_variances_add_up_over_the_rows_of_a_tile():
    np.testing.assert_allclose(tile_variances(LAW, TINY, 13.0), np.array([8, 8, 2]) * 0.13**2)


def test_traps_add_the_variance_of_the_device_that_is_driven():
    traps = np.zeros((2, 18, 3))
    traps[0, 17] = 0.5
    got = tile_variances(LAW, TINY, 0.0, traps)
    np.testing.assert_allclose(got, [0, 0, 0.25])


@pytest.mark.parametrize("sigma", [0.4, 0.7, 1.35, 20.0, 3_000.0])
def test_conversions_have_the_variance_that_was_asked_for(sigma):
    """1,000,000 conversions; the noise's excess kurtosis is -0.3."""
    noise = read_noise(np.array([sigma**2, sigma**2 / 4]), np.random.default_rng(1))
    got = conversion_noise(noise, image_keys(noise.key, np.arange(10_000, dtype=np.uint32)), 100)
    for tile, wanted in enumerate((sigma**2, sigma**2 / 4)):
        values = got[:, tile].ravel()
        assert abs(values.var() / wanted - 1) < 5 * (1.8 / values.size) ** 0.5 + 0.01
        assert abs(values.mean()) < 5 * values.std() / values.size**0.5 + 0.001


@pytest.mark.parametrize("sigma", [0.05, 0.0894, 0.1, 0.13, 0.2, 0.3, 0.5, 1.0, 3.0, 10.0, 100.0])
def test_small_noise_is_not_rounded_away(sigma):
    """The variance over all sums of four bytes, not over samples."""
    noise = read_noise(np.array([sigma**2]), np.random.default_rng(1))
    bytes_ = np.full(256, 1 / 256)
    weights = np.convolve(np.convolve(bytes_, bytes_), np.convolve(bytes_, bytes_))
    values = ((np.arange(1_021) - BYTES_MEAN) * int(noise.scale[0]) + (1 << noise.shift >> 1)) >> noise.shift
    variance = weights @ values**2 - (weights @ values) ** 2
    assert variance == pytest.approx(sigma**2, rel=0.03)


@pytest.mark.parametrize("sigma", [1e-6, 0.13, 1.35, 700.0, 65_000.0])
def test_scales_use_all_their_bits(sigma):
    noise = read_noise(np.array([sigma**2]), np.random.default_rng(1))
    assert 1 <= noise.shift <= 31
    assert 512 <= noise.scale[0] < 1_024 or noise.shift == 31 or sigma < 0.3


def test_no_noise_is_no_noise():
    noise = read_noise(np.zeros(3), np.random.default_rng(1))
    assert not conversion_noise(noise, image_keys(noise.key, np.arange(100, dtype=np.uint32)), 3).any()


def test_each_chip_has_its_own_key():
    keys = [tuple(read_noise(np.ones(1), np.random.default_rng(seed)).key) for seed in range(4)]
    assert len(set(keys)) == 4
    assert keys[0] == tuple(read_noise(np.full(1, 9.0), np.random.default_rng(0)).key)


def test_window_designs_have_a_tile_for_each_row_of_tiles():
    design = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4)
    assert tile_variances(LAW, design, 31).shape == (design.row_tiles,)
