"""The ideal state of an array."""

import numpy as np
import pytest

from sw.reference.array_state import ArrayState
from sw.reference.pipeline import run_levels
from tests.helpers.bundles import TINY, random_bundle, random_levels, tiny_design

WINDOW = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=2)


@pytest.mark.parametrize("design", [TINY, WINDOW], ids=["binary", "window"])
def test_scores_of_the_ideal_state_are_the_matches(design):
    bundle = random_bundle(design, 1, codes="random", noise=True)
    levels = random_levels(design, 20, 2)
    ideal = bundle.with_(array=ArrayState.ideal(bundle.templates, design))
    low, high = bundle.templates if design.cell == "window" else (bundle.templates, bundle.templates)
    asked = levels[:, np.newaxis]
    matches = ((low <= asked) & (asked <= high)).sum(axis=2)
    np.testing.assert_array_equal(run_levels(ideal, levels).scores, matches)


def test_the_ideal_state_has_nothing_but_codes():
    bundle = random_bundle(TINY, 1)
    ideal = ArrayState.ideal(bundle.templates, TINY)
    assert (ideal.codes.shape, ideal.codes.dtype) == ((2, 18, 3), np.uint8)
    assert (ideal.adc.gain.size, ideal.adc.offset.size, ideal.adc.inl.size, ideal.adc.shift) == (0, 0, 0, 0)
    assert (ideal.read_noise, ideal.pulse) == (None, None)
