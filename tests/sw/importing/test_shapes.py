"""Kernels, paddings and strides of nodes."""

import pytest

from sw.errors import EngramError
from sw.importing.graph.graph import Node
from sw.importing.shapes import Window, kind_of, window_of


def node(**attributes):
    return Node("c1", "Conv", ("x", "w"), ("y",), attributes)


@pytest.mark.parametrize(
    ("attributes", "padding"),
    [
        ({}, (0, 0)),
        ({"pads": [1, 1, 1, 1]}, (1, 1)),
        ({"auto_pad": "VALID", "pads": [1, 1, 1, 1]}, (0, 0)),
        ({"auto_pad": "SAME_UPPER"}, (1, 1)),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, (1, 1)),
    ],
)
def test_paddings_are_read_in_every_way_they_are_written(attributes, padding):
    window = window_of(node(**attributes), (1, 7, 7), (3, 3))
    assert window.padding == padding and window.kernel == (3, 3)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        (
            {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
            "the same padding at both ends of a side, got (0, 0, 1, 1)",
        ),
        ({"strides": [1, 2]}, "one stride for both sides"),
        ({"kernel_shape": [3, 3, 3]}, "kernels and strides of two sides"),
        ({"auto_pad": "ODD"}, "auto_pad must be"),
    ],
)
def test_what_hardware_has_not_is_refused(attributes, said):
    with pytest.raises(EngramError) as caught:
        window_of(node(**attributes), (1, 8, 8), (3, 3))
    assert str(caught.value).startswith("node 'c1' (Conv): ") and said in str(caught.value)


def test_kinds_are_found_by_their_facts():
    assert kind_of(node(), Window((3, 3), (1, 1), 2), has_weights=True, depthwise=False) == "conv3x3"
    assert kind_of(node(), Window((3, 3), (1, 1), 1), has_weights=True, depthwise=True) == "depthwise3x3"
    with pytest.raises(EngramError, match="supported depthwise: kernel 3 x 3, padding 1 x 1, stride 1 or 2"):
        kind_of(node(), Window((1, 1), (0, 0), 1), has_weights=True, depthwise=True)
