"""Regions of maps: two of a chain at both ends, others wherever nothing that is needed lies."""

import numpy as np
import pytest

from hw.frontend.folded.regions import Regions


def test_neighbours_of_a_chain_lie_at_both_ends():
    assert Regions.of([], []) == Regions((), 0)
    assert Regions.of([3, 5, 4], [1, 2, 3]) == Regions((0, 4, 0), 9)


def test_a_map_that_is_needed_later_is_kept():
    # 1 and 2 are written while 0 waits; 3 may lie where 1 has been
    assert Regions.of([4, 4, 4, 4], [3, 2, 3, 4]) == Regions((0, 4, 8, 4), 12)


@pytest.mark.parametrize("seed", range(20))
def test_maps_that_are_needed_at_once_never_overlap(seed):
    rng = np.random.default_rng(seed)
    words = rng.integers(1, 30, 9).tolist()
    takers = [int(rng.integers(number + 1, min(number + 5, 10))) for number in range(9)]
    regions = Regions.of(words, takers)
    spans = [set(range(start, start + count)) for start, count in zip(regions.starts, words, strict=True)]
    assert max(map(max, spans)) < regions.depth <= sum(words)
    for later in range(9):
        for number in range(later):
            if takers[number] >= later:
                assert not spans[number] & spans[later]
