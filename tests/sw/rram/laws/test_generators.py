"""Random numbers of a chip: streams with a number keep it, others are keyed by their name."""

from itertools import combinations

import numpy as np
import pytest

from sw.rram.laws.generators import NUMBERED, chip_generator

STREAMS = (*NUMBERED, "temperature", "humidity")


def drawn(seed, chip, stream):
    return chip_generator(seed, chip, stream).integers(0, 2**63, 4).tolist()


@pytest.mark.parametrize(("stream", "number"), [("error", 0), ("read-noise", 3), ("pulse-rule", 8)])
def test_a_numbered_stream_is_the_one_of_its_number(stream, number):
    sequence = np.random.SeedSequence(7, spawn_key=(2, number))
    assert drawn(7, 2, stream) == np.random.default_rng(sequence).integers(0, 2**63, 4).tolist()


def test_streams_seeds_and_chips_have_numbers_of_their_own():
    found = [
        drawn(*each) for each in [(1, 0, s) for s in STREAMS] + [(1, 1, STREAMS[-1]), (2, 0, STREAMS[-1])]
    ]
    assert all(one != other for one, other in combinations(found, 2))
    assert drawn(1, 0, STREAMS[-1]) == drawn(1, 0, STREAMS[-1])
