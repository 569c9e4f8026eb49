"""Features of many images, step by step."""

import numpy as np
import pytest

from sw.reference import features, pipeline
from tests.helpers.bundles import random_bundle, random_images, tiny_design


@pytest.mark.parametrize("count", [0, 1, 500, 1_001])
def test_features_in_steps_are_those_of_the_reference(count):
    bundle = random_bundle(tiny_design(), 1)
    images = random_images(bundle.design, count, 2)
    heard = []
    got = features.features_of(bundle, images, heard.append)
    np.testing.assert_array_equal(got, pipeline.levels_of(bundle, images))
    assert sum(heard) == count


@pytest.mark.parametrize("count", [0, 1, 1_001])
def test_feature_maps_in_steps_are_those_of_the_reference(count):
    bundle = random_bundle(tiny_design(), 1)
    images = random_images(bundle.design, count, 2)
    heard = []
    got = features.feature_maps_of(bundle, images, heard.append)
    np.testing.assert_array_equal(got, pipeline.feature_maps_of(bundle, images))
    assert sum(heard) == count
