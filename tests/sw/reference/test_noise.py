"""Read noise: the generator against Speck's published values and plain integers, and what it adds."""

import numpy as np
import pytest

from sw.reference import noise as stage
from sw.reference import pipeline
from sw.reference.exact import exact_dtype
from sw.reference.noise import (
    CONVERSION_ROUNDS,
    IMAGE_ROUNDS,
    NOISE_SIGMA,
    ReadNoise,
    add_read_noise,
    conversion_noise,
    image_keys,
    noise_bound,
    random_words,
    speck_round,
)
from tests.helpers.bundles import random_bundle, random_levels, tiny_design
from tests.helpers.noise_words import words_by_hand

KEY = np.array([0x1234, 0xFEDC, 0x0F1E, 0xA5A5], np.uint16)


def test_a_round_is_that_of_speck32():
    """The published test vector: key schedule and encryption of Speck32/64 are 22 such rounds."""
    words = [np.uint16(word) for word in (0x0100, 0x0908, 0x1110, 0x1918)]
    keys, low = [words[0]], words[1:]
    with np.errstate(over="ignore"):
        for number in range(21):
            upper, key = speck_round(low[number], keys[number], np.uint16(number))
            low.append(upper)
            keys.append(key)
        x, y = np.uint16(0x6574), np.uint16(0x694C)
        for key in keys:
            x, y = speck_round(x, y, key)
    assert (int(x), int(y)) == (0xA868, 0x42F2)


def test_words_by_hand():
    images = np.array([0, 1, 65_535, 65_536, 2**32 - 1], np.uint32)
    counters = np.array([0, 1, 209, 70_000], np.uint32)
    keys = image_keys(KEY, images)
    x, y = random_words(keys, counters)
    for n, image in enumerate(images.tolist()):
        key = [word for rounds in IMAGE_ROUNDS for word in words_by_hand(KEY, image, rounds)]
        assert keys[n].tolist() == key
        for m, counter in enumerate(counters.tolist()):
            assert (int(x[n, m]), int(y[n, m])) == words_by_hand(key, counter, CONVERSION_ROUNDS)


def test_noise_by_hand():
    noise = ReadNoise(KEY, np.array([0, 7, 1023], np.int32), 5)
    keys = image_keys(KEY, np.array([3], np.uint32))
    got, key = conversion_noise(noise, keys, 4), keys[0]
    for tile, line in np.ndindex(3, 4):
        x, y = words_by_hand(key, tile * 4 + line, CONVERSION_ROUNDS)
        bytes_ = x % 256 + x // 256 + y % 256 + y // 256
        assert got[0, tile, line] == ((bytes_ - 510) * int(noise.scale[tile]) + 16) // 32


def test_the_noisy_current_saturates_at_what_its_row_tile_can_conduct():
    design = tiny_design(cell_bits=2)
    noise = ReadNoise(KEY, np.full(3, 1023, np.int32), 1)
    keys = image_keys(KEY, np.arange(50, dtype=np.uint32))
    added = conversion_noise(noise, keys, 3)
    noisy = add_read_noise(np.full((50, 3, 3), 4), noise, keys, design)
    for tile, rows in enumerate((8, 8, 2)):
        of_tile = noisy[:, tile]
        assert of_tile.tolist() == np.clip(4 + added[:, tile], 0, 3 * rows).tolist()
        assert {0, 3 * rows} <= set(of_tile.flatten().tolist())


@pytest.mark.parametrize(("scale", "shift"), [(1023, 1), (1023, 24), (1023, 25), (1, 31), (0, 9)])
@pytest.mark.parametrize("images", [1, 4, 7])
def test_noise_is_exact_in_the_type_that_its_bound_asks_for(scale, shift, images):
    noise = ReadNoise(KEY, np.array([scale, scale // 2, 1], np.int32), shift)
    keys = image_keys(KEY, np.arange(images, dtype=np.uint32))
    got = conversion_noise(noise, keys, 5, exact_dtype(noise_bound(noise)))
    x, y = (words.astype(np.int64) for words in random_words(keys, np.arange(15, dtype=np.uint32)))
    bytes_ = (x % 256 + x // 256 + y % 256 + y // 256).reshape(images, 3, 5)
    expected = ((bytes_ - 510) * noise.scale[:, np.newaxis] + 2 ** (shift - 1)) >> shift
    np.testing.assert_array_equal(got, expected)


def test_an_image_has_its_noise_wherever_it_is_computed(monkeypatch):
    bundle = random_bundle(tiny_design(cell_bits=4, adc_bits=5), seed=1, codes="random", noise=True)
    levels = random_levels(bundle.design, 30, seed=2)
    whole = pipeline.run_levels(bundle, levels)
    parts = [pipeline.run_levels(bundle, levels[first : first + 7], first) for first in range(0, 30, 7)]
    np.testing.assert_array_equal(whole.codes, np.concatenate([part.codes for part in parts]))
    monkeypatch.setattr(pipeline, "CHUNK_CONVERSIONS", 100)
    np.testing.assert_array_equal(pipeline.classify(bundle, levels), whole.label)


@pytest.mark.parametrize("first", [0, 2**32 - 1000])
def test_a_million_values_have_the_moments_of_the_sum_and_no_neighbours_that_agree(first):
    """Expected values of the sum of four bytes; limits are 5 standard errors of a million samples."""
    images = (first + np.arange(5_000)).astype(np.uint32)
    noise = ReadNoise(KEY, np.full(7, 1, np.int32), 1)
    x, y = random_words(image_keys(KEY, images), np.arange(210, dtype=np.uint32))
    total = (x & 255).astype(np.int64) + (x >> 8) + (y & 255) + (y >> 8) - stage.BYTES_MEAN
    count = total.size
    assert abs(total.mean()) < 5 * NOISE_SIGMA / count**0.5
    assert abs(total.var() / NOISE_SIGMA**2 - 1) < 5 * (1.7 / count) ** 0.5
    for lag in (1, 2, 4, 8, 30, 64, 128):
        for left, right in ((total[:, lag:], total[:, :-lag]), (total[lag:], total[:-lag])):
            assert abs((left * right).mean()) < 5 * NOISE_SIGMA**2 / left.size**0.5, lag
    assert conversion_noise(noise, image_keys(KEY, images[:2]), 30).shape == (2, 7, 30)
