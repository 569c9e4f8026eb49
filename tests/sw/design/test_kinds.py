"""Kinds of layers: their names, and what their facts make of a map."""

import pytest

from sw.design import Layer
from sw.design.kinds import KINDS
from tests.helpers.bundles import window_layer


@pytest.mark.parametrize(
    ("name", "stride", "outputs", "weights"),
    [
        ("5x5", 1, (4, 7, 9), (4, 4, 5, 5)),
        ("5x5", 2, (4, 4, 5), (4, 4, 5, 5)),
        ("depthwise 7x7", 4, (4, 2, 3), (4, 1, 7, 7)),
        ("1x5", 2, (4, 4, 5), (4, 4, 1, 5)),
        ("7x1", 1, (4, 7, 9), (4, 4, 7, 1)),
        ("4x4", 3, (4, 3, 3), (4, 4, 4, 4)),
        ("3x3 valid", 1, (4, 5, 7), (4, 4, 3, 3)),
        ("3x3 late", 1, (4, 6, 8), (4, 4, 3, 3)),
        ("3x3 in two groups", 1, (4, 7, 9), (4, 2, 3, 3)),
        ("maximum of 3x3", 2, (4, 3, 4), (4, 1, 3, 3)),
        ("maximum of 3x3 padded", 2, (4, 4, 5), (4, 1, 3, 3)),
        ("sum", 1, (4, 7, 9), (4, 2, 1, 1)),
    ],
)
def test_shapes_follow_from_the_facts(name, stride, outputs, weights):
    layer = (
        Layer(kind="add1x1", inputs=(0, 1))
        if name == "sum"
        else window_layer(name, out_channels=4, stride=stride)
    )
    assert layer.output_shape((4, 7, 9)) == outputs
    assert layer.weight_shape(4) == weights


def test_names_say_operation_and_kernel():
    assert all(name.endswith("{}x{}".format(*kind.kernel)) for name, kind in KINDS.items())
    assert {
        "conv3x3",
        "depthwise3x3",
        "pointwise1x1",
        "maxpool2x2",
        "conv1x7",
        "maxpool7x1",
        "add1x1",
    } <= set(KINDS)
    assert not {"conv1x1", "conv8x8", "conv2x3", "maxpool1x1", "add3x3"} & set(KINDS)


def test_a_kind_without_weights_takes_the_largest_value_of_each_channel():
    pools = {name for name, kind in KINDS.items() if not kind.has_weights}
    assert pools == {name for name in KINDS if name.startswith("maxpool")}
    assert all(KINDS[name].depthwise for name in pools)
