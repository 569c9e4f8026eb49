"""Where hardware has the values of a tensor, however it lies."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout

NODE = Node("n", "Mul", ("a", "b"), ("c",), {})
MAPS = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
SHAPE = (3, 4, 5)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(("axes", "order"), [("CHW", (1, 2, 3)), ("HWC", (2, 3, 1)), ("WCH", (3, 1, 2))])
def test_a_map_is_found_in_every_order(axes, order, flat):
    layout = Layout(SHAPE, axes, flat)
    tensor = MAPS.transpose(0, *order).reshape(2, *layout.dims)
    assert layout.map_shape == SHAPE
    assert np.array_equal(layout.to_map(tensor), MAPS)
    assert np.array_equal(layout.from_map(MAPS), tensor)


@pytest.mark.parametrize("flat", [False, True])
def test_an_image_in_one_pixel_has_the_order_of_the_wire(flat):
    layout = Layout(SHAPE, "CHW", flat, pixel=True)
    wire = MAPS.transpose(0, 2, 3, 1).reshape(2, 60, 1, 1)
    assert layout.map_shape == (60, 1, 1)
    assert np.array_equal(layout.to_map(MAPS.reshape(2, *layout.dims)), wire)
    assert np.array_equal(layout.from_map(wire), MAPS.reshape(2, *layout.dims))


def test_numbers_find_their_channel():
    three = np.array([1.0, 2.0, 3.0])
    assert Layout(SHAPE).per_channel(three.reshape(3, 1, 1), NODE) == (1, 2, 3)
    assert Layout(SHAPE).per_channel(three.reshape(1, 3, 1, 1), NODE) == (1, 2, 3)
    assert Layout(SHAPE, "HWC").per_channel(three, NODE) == (1, 2, 3)
    assert Layout(SHAPE, flat=True).per_channel(np.repeat(three, 20), NODE) == (1, 2, 3)
    assert Layout((3, 1, 1), "C").per_channel(three, NODE) == (1, 2, 3)
    assert Layout(SHAPE).per_channel(np.array(7.0), NODE) == (7, 7, 7)
    assert Layout((2, 1, 2), pixel=True).per_channel(np.array([[[4.0]], [[5.0]]]), NODE) == (4, 5, 4, 5)


@pytest.mark.parametrize("numbers", [np.arange(3.0), np.arange(5.0), np.arange(60.0).reshape(SHAPE)])
def test_numbers_that_differ_within_a_channel_are_refused(numbers):
    with pytest.raises(EngramError, match=r"node 'n' \(Mul\): its constant must be one number, or one for"):
        Layout(SHAPE).per_channel(numbers, NODE)
