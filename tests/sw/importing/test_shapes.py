"""Kernels, paddings and strides of nodes."""

import numpy as np
import pytest

from sw.design import Layer
from sw.errors import EngramError
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout
from sw.importing.shapes import Window, layer_of, ungrouped, window_of
from sw.reference.frontend import convolve


def node(**attributes):
    return Node("c1", "Conv", ("x", "w"), ("y",), attributes)


@pytest.mark.parametrize(
    ("attributes", "padding"),
    [
        ({}, (0, 0, 0, 0)),
        ({"pads": [1, 1, 1, 1]}, (1, 1, 1, 1)),
        ({"pads": [0, 1, 1, 0]}, (0, 1, 1, 0)),
        ({"auto_pad": "VALID", "pads": [1, 1, 1, 1]}, (0, 0, 0, 0)),
        ({"auto_pad": "SAME_UPPER"}, (1, 1, 1, 1)),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, (1, 1, 1, 1)),
    ],
)
def test_paddings_are_read_in_every_way_they_are_written(attributes, padding):
    window = window_of(node(**attributes), Layout((1, 7, 7)), (3, 3))
    assert window.padding == padding and window.kernel == (3, 3)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"strides": [1, 2]}, "one stride for both sides"),
        ({"kernel_shape": [3, 3, 3]}, "kernels and strides of two sides"),
        ({"auto_pad": "ODD"}, "auto_pad must be"),
    ],
)
def test_what_hardware_has_not_is_refused(attributes, said):
    with pytest.raises(EngramError) as caught:
        window_of(node(**attributes), Layout((1, 8, 8)), (3, 3))
    assert str(caught.value).startswith("node 'c1' (Conv): ") and said in str(caught.value)


def test_same_of_tensorflow_pads_behind_an_even_map_alone():
    window = window_of(node(auto_pad="SAME_UPPER", strides=[2, 2]), Layout((1, 8, 8)), (3, 3))
    assert window.padding == (0, 0, 1, 1)
    layer = layer_of(node(), window, 1, out=4)
    assert layer.padding == (0, 0, 1, 1) and layer.output_shape((1, 8, 8)) == (4, 4, 4)


@pytest.mark.parametrize(
    ("window", "made", "expected"),
    [
        (Window((3, 3), (1, 1, 1, 1), 2), {"out": 5}, {"kind": "conv3x3", "out_channels": 5}),
        (Window((1, 1), (0,) * 4, 1), {"out": 4, "groups": 4}, {"kind": "depthwise1x1"}),
        (Window((5, 5), (2,) * 4, 1), {"out": 4, "groups": 4}, {"kind": "depthwise5x5"}),
        (
            Window((1, 7), (0, 3, 0, 3), 1),
            {"out": 8, "groups": 4},
            {"kind": "conv1x7", "out_channels": 8, "groups": 4},
        ),
        (Window((1, 1), (0,) * 4, 4), {"out": 3}, {"kind": "pointwise1x1", "out_channels": 3}),
        (Window((2, 2), (0,) * 4, 2), {}, {"kind": "maxpool2x2"}),
        (Window((3, 3), (1,) * 4, 2), {}, {"kind": "maxpool3x3", "padding": "same"}),
    ],
)
def test_layers_are_found_by_their_facts(window, made, expected):
    found = layer_of(node(), window, 4, **made)
    assert found == Layer.model_validate({**expected, "stride": window.stride})


@pytest.mark.parametrize(
    ("window", "made"),
    [
        (Window((8, 8), (0,) * 4, 1), {"out": 4}),
        (Window((2, 3), (0,) * 4, 1), {"out": 4}),
        (Window((3, 3), (1,) * 4, 5), {"out": 4}),
        (Window((3, 3), (2, 0, 1, 0), 1), {"out": 4}),
        (Window((3, 3), (-1, 0, 0, 0), 1), {"out": 4}),
        (Window((1, 1), (0,) * 4, 2), {}),
    ],
)
def test_layers_that_hardware_has_not_are_refused(window, made):
    with pytest.raises(
        EngramError, match=r"node 'c1' \(Conv\): got kernel \d x \d, padding .*; supported are"
    ):
        layer_of(node(), window, 4, **made)


@pytest.mark.parametrize(("kind", "groups"), [("conv3x3", 2), ("depthwise3x3", 4), ("pointwise1x1", 1)])
def test_layers_without_groups_have_the_same_sums(kind, groups):
    channels = {} if kind == "depthwise3x3" else {"out_channels": 4}
    layer = Layer(kind=kind, stride=2, **channels, **({"groups": groups} if channels else {}))
    rng = np.random.default_rng(1)
    weight = rng.integers(-3, 4, layer.weight_shape(4)).astype(np.int8)
    values = rng.integers(0, 9, (2, 4, 5, 6))
    other, whole = ungrouped(layer, weight)
    assert (other.groups, other.depthwise, whole.shape[1]) == (1, False, 4)
    np.testing.assert_array_equal(convolve(values, whole, other), convolve(values, weight, layer))
