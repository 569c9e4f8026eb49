"""Templates of binarised features: means, clusters, windows of levels."""

import numpy as np
import pytest

from sw.farm.farm import Here
from sw.templates.clusters import clusters, kmeans_templates, mean_templates, silhouettes
from sw.templates.windows import quantile_windows, windows_of_bits


def random_bits(count, features, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (count, features)).astype(np.uint8)


def test_mean_templates_count_one_half_as_one():
    bits = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 1]], np.uint8)
    labels = np.array([0, 0, 1, 1, 1], np.uint8)
    assert mean_templates(bits, labels, 2).tolist() == [[1, 1, 0, 0], [1, 0, 0, 1]]


def test_mean_templates_do_not_overflow_with_many_images():
    bits = np.ones((1000, 3), np.uint8)
    assert mean_templates(bits, np.zeros(1000, np.uint8), 1).tolist() == [[1, 1, 1]]


def test_kmeans_finds_the_patterns_of_each_class():
    rng = np.random.default_rng(4)
    patterns = random_bits(4, 64, seed=5)
    noisy = np.repeat(patterns, 30, axis=0) ^ (rng.random((120, 64)) < 0.1)
    labels = np.repeat([0, 1], 60)
    found = kmeans_templates(noisy.astype(np.uint8), labels, 2, 2, seed=0)
    assert {tuple(row) for row in found[:2]} == {tuple(row) for row in patterns[:2]}
    assert {tuple(row) for row in found[2:]} == {tuple(row) for row in patterns[2:]}
    again = kmeans_templates(noisy.astype(np.uint8), labels, 2, 2, seed=0)
    assert np.array_equal(found, again)


def test_kmeans_with_one_template_is_the_mean():
    bits, labels = random_bits(90, 20, seed=6), np.repeat([0, 1, 2], 30)
    assert np.array_equal(kmeans_templates(bits, labels, 3, 1, seed=0), mean_templates(bits, labels, 3))


def test_clusters_stay_within_their_classes_and_every_class_is_reported():
    bits, labels = random_bits(60, 12, seed=7), np.arange(60) % 3
    heard = []
    owners = clusters(bits, labels, 3, 4, seed=1, done=heard.append)
    assert np.array_equal(owners // 4, labels)
    assert set(owners.tolist()) == set(range(12))
    assert heard == [1, 1, 1]


def test_a_farm_clusters_class_by_class_in_any_order():
    class Backwards(Here):
        def run(self, tasks):
            return reversed(list(super().run(tasks)))

    bits, labels = random_bits(60, 12, seed=7), np.arange(60) % 3
    held = clusters(bits, labels, 3, 4, seed=1, farm=Backwards())
    assert np.array_equal(held, clusters(bits, labels, 3, 4, seed=1))


def patterned(patterns, copies, share, seed):
    """Copies of each pattern with a share of the bits flipped."""
    rng = np.random.default_rng(seed)
    bits = np.repeat(patterns, copies, axis=0)
    return (bits ^ (rng.random(bits.shape) < share)).astype(np.uint8)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_silhouettes_are_highest_for_the_true_number_of_clusters(count):
    bits = np.concatenate([patterned(random_bits(count, 64, seed), 20, 0.1, seed) for seed in (1, 2)])
    heard = []
    found = silhouettes(bits, np.repeat([0, 1], 20 * count), 2, 7, 0, heard.append)
    assert list(found) == [2, 3, 4, 5, 6, 7]
    assert max(found, key=found.__getitem__) == count
    assert heard == [1, 1]


def test_a_silhouette_is_the_mean_of_the_classes_by_its_definition():
    """Two and two images at known distances in class 0; class 1 the same with more features between."""
    bits = np.zeros((8, 20), np.uint8)
    bits[[1, 3], :1] = 1  # a = 1 within each pair
    bits[2:4, 1:10] = 1  # pairs are 9 or 10 bits apart
    bits[4:] = bits[:4]
    bits[6:, 10:] = 1  # 19 or 20
    labels = np.repeat([0, 1], 4)

    def silhouette(apart):
        b = (np.sqrt(apart) + np.sqrt(apart + 1)) / 2
        return (b - 1) / b

    found = silhouettes(bits, labels, 2, 2, 0)
    assert found == {2: pytest.approx((silhouette(9) + silhouette(19)) / 2)}


def test_silhouettes_are_of_a_sample_that_the_seed_draws(monkeypatch):
    monkeypatch.setattr("sw.templates.clusters.SILHOUETTE_IMAGES", 20)
    bits, labels = random_bits(120, 16, seed=9), np.arange(120) % 3
    first, again, other = (silhouettes(bits, labels, 3, 4, seed) for seed in (1, 1, 2))
    assert first == again != other
    monkeypatch.setattr("sw.templates.clusters.SILHOUETTE_IMAGES", 40)
    assert silhouettes(bits, labels, 3, 4, 1) != first


def test_numbers_that_some_class_has_too_few_images_for_have_no_silhouette():
    bits = random_bits(12, 30, seed=3)
    labels = np.array([0] * 8 + [1] * 4)
    assert list(silhouettes(bits, labels, 2, 10, 0)) == [2, 3]
    bits[10:] = bits[9]  # class 1 has two different images
    assert list(silhouettes(bits, labels, 2, 10, 0)) == [2]
    bits[8] = bits[9]
    assert silhouettes(bits, labels, 2, 10, 0) == {}
    assert silhouettes(bits, np.zeros(12, np.uint8), 2, 10, 0) == {}


@pytest.mark.parametrize(
    ("tail", "lowest", "highest"), [(0.0, 0, 3), (0.1, 1, 3), (0.2, 1, 2), (0.3, 2, 2), (0.45, 2, 2)]
)
def test_windows_leave_out_no_more_than_their_tails(tail, lowest, highest):
    levels = np.array([0] + [1] * 2 + [2] * 5 + [3] * 2, np.uint8)[:, None]
    windows = quantile_windows(levels, np.zeros(10), 1, 3, tail)
    assert windows.tolist() == [[[lowest]], [[highest]]]


def test_every_template_has_the_windows_of_its_own_images():
    rng = np.random.default_rng(8)
    levels, owners = rng.integers(0, 4, (50, 6)).astype(np.uint8), np.arange(50) % 2
    windows = quantile_windows(levels, owners, 2, 3, 0.4)
    for template in range(2):
        alone = quantile_windows(levels[owners == template], np.zeros(25), 1, 3, 0.4)
        assert np.array_equal(windows[:, [template]], alone)
    assert np.all(windows[0] <= windows[1])


@pytest.mark.parametrize("matches", [2, 3])
def test_windows_of_bits_hold_the_levels_that_match_them(matches):
    """From the lowest to the highest level with enough matches; all levels where there is none."""
    templates = np.array([[(number >> bit) & 1 for bit in range(3)] for number in range(8)], np.uint8)
    lowest, highest = windows_of_bits(templates, 3, matches)
    for row, bits in enumerate(templates.tolist()):
        good = [
            level
            for level in range(4)
            if sum((level > place) == bit for place, bit in enumerate(bits)) >= matches
        ] or [0, 3]
        assert (lowest[row, 0], highest[row, 0]) == (good[0], good[-1])
