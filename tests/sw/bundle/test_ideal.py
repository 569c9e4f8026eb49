"""The same classifier with an ideal array."""

import numpy as np

from sw.bundle.ideal import with_ideal_array
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_levels, tiny_design


def test_the_ideal_array_counts_matches_whatever_was_programmed():
    bundle = random_bundle(tiny_design(cell_bits=3, adc_bits=4), 1, codes="random")
    levels = random_levels(bundle.design, 20, 2)
    scores = pipeline.run_levels(with_ideal_array(bundle), levels).scores
    np.testing.assert_array_equal(scores, (levels[:, np.newaxis] == bundle.templates).sum(axis=2))
