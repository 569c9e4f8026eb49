"""The one layout of images."""

import numpy as np
import pytest

from sw.bundle.file import from_bytes
from sw.design.images import ImageSize, channels_first, size_of
from sw.errors import EngramError
from sw.reference import frontend, pipeline
from tests.helpers.bundles import TINY, random_bundle, random_images, tiny_design


@pytest.mark.parametrize(
    ("shape", "size", "words"),
    [
        ((7, 5, 4), ImageSize(5, 4, 1), "5 x 4 pixels"),
        ((7, 5, 4, 3), ImageSize(5, 4, 3), "5 x 4 pixels of 3 channels"),
        ((7, 1, 90), ImageSize(1, 90, 1), "1 x 90 pixels"),
    ],
)
def test_sizes(shape, size, words):
    assert size_of(shape) == size and size.words == words and size.shape == shape[1:]
    images = np.arange(np.prod(shape)).reshape(shape)
    maps = channels_first(images)
    assert maps.shape == (7, size.channels, size.height, size.width)
    for channel in range(size.channels):
        assert np.array_equal(maps[:, channel], images if size.channels == 1 else images[..., channel])


def test_a_design_of_one_channel_is_described_as_before_there_were_several():
    assert "channels" not in TINY.description() and tiny_design(channels=1) == TINY
    colour = tiny_design(channels=3)
    assert colour.description()["channels"] == 3 and colour.image_size.shape == (6, 5, 3)
    assert colour.layer_shapes[0].inputs == (3, 6, 5)
    assert tiny_design(channels=3, layers=()).feature_map_shape == (3, 6, 5)
    assert colour.macs == TINY.macs + 2 * 9 * 3 * 9


def test_a_bundle_of_several_channels_is_read_again_and_takes_no_grey_images():
    bundle = from_bytes(random_bundle(tiny_design(channels=3), 1).to_bytes(), "x")
    assert bundle.design.channels == 3
    images = random_images(bundle.design, 4, 1)
    found = pipeline.run(bundle, images)
    maps = np.moveaxis(images, -1, 1).astype(np.int64)
    first = frontend.convolve(maps, bundle.frontend[0].weight, bundle.design.layers[0])
    assert np.array_equal(
        frontend.activate(first, bundle.frontend[0].thresholds),
        frontend.forward(images, bundle.design, bundle.frontend)[0],
    )
    assert found.levels.shape == (4, bundle.design.features)
    with pytest.raises(EngramError) as refusal:
        pipeline.run(bundle, images[..., 0])
    assert str(refusal.value) == (
        "bundle 'tiny' takes uint8 images of 6 x 5 pixels of 3 channels, got uint8 of shape 6 x 5; "
        "use images of that size"
    )
