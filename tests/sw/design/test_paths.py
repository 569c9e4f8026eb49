"""Paths: whose outputs layers take, and every refusal's message."""

import pytest

from sw.design import Layer
from sw.errors import EngramError
from tests.helpers.bundles import TINY, residual_design, tiny_design

FIRST = {"kind": "conv3x3", "out_channels": 3, "activation_bits": 2}
SECOND = {"kind": "depthwise3x3", "activation_bits": 2}
SUM = {"kind": "add1x1", "inputs": [1, 0]}


def test_a_layer_takes_the_one_before_it_unless_it_says_so():
    assert TINY.sources == ((-1,), (0,))
    design = residual_design()
    assert design.sources == ((-1,), (0,), (1,), (2, 0), (3,), (4,), (3,), (5, 6), (7,))
    assert [shape.outputs for shape in design.layer_shapes[5:8]] == [(5, 3, 3)] * 3
    assert design.layer_shapes[7].inputs == (5, 3, 3)
    assert [shape.input_bits for shape in design.layer_shapes] == [8, 3, 2, 3, 2, 1, 2, 3, 2]


def test_sums_are_not_products_nor_trained():
    plain = tiny_design(layers=[FIRST, SECOND, {"kind": "pointwise1x1", "out_channels": 2}])
    summed = tiny_design(
        layers=[FIRST, SECOND, {**SUM, "activation_bits": 2}, {"kind": "pointwise1x1", "out_channels": 2}]
    )
    assert (summed.macs, summed.weights) == (plain.macs, plain.weights)


def test_layers_without_inputs_keep_their_bytes():
    assert "inputs" not in TINY.layers[0].model_dump()
    assert Layer(kind="add1x1", inputs=(2, 0)).model_dump(mode="json")["inputs"] == [2, 0]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{**FIRST, "inputs": [0]}], "layer 0 takes the image: inputs must be left out, got [0]"),
        ([FIRST, {**SECOND, "inputs": [3]}, SUM],
         "layer 1: inputs must be layers before it, 0 to 0, got 3"),
        ([FIRST, {**SECOND, "inputs": [0]}, SUM],
         "layer 1 takes the layer before it anyway: inputs must be left out, got [0]"),
        ([FIRST, SECOND, {"kind": "pointwise1x1", "out_channels": 2, "inputs": [0]}],
         "layer 1: a later layer must take its output, none does"),
        ([FIRST, {**SECOND, "stride": 2}, SUM],
         "layer 2: maps that are added must have the same channels, rows, columns and bits, those of "
         "layers 1 and 0 have 3 x 3 x 3 of 2 bits and 3 x 6 x 5 of 2 bits"),
        ([FIRST, {**SECOND, "activation_bits": 4}, SUM],
         "layer 2: maps that are added must have the same channels, rows, columns and bits, those of "
         "layers 1 and 0 have 3 x 6 x 5 of 4 bits and 3 x 6 x 5 of 2 bits"),
        ([FIRST, SECOND, {"kind": "add1x1"}],
         "layers.2: an add1x1 layer needs inputs, the numbers of two different layers, got None"),
        ([FIRST, SECOND, {"kind": "add1x1", "inputs": [1, 1]}],
         "layers.2: an add1x1 layer needs inputs, the numbers of two different layers, got (1, 1)"),
        ([FIRST, {**SECOND, "inputs": [0, 0]}, SUM],
         "layers.1: a depthwise3x3 layer takes the output of one layer, got inputs [0, 0]"),
        ([FIRST, SECOND, {**SUM, "weight_bits": 4}],
         "layers.2: an add1x1 layer has no weight_bits of its own"),
        ([FIRST, SECOND, {**SUM, "stride": 2}], "layers.2: an add1x1 layer has stride 1, got 2"),
        ([FIRST, SECOND, {**SUM, "inputs": [-1, 0]}],
         "layers.2.inputs.0: Input should be greater than or equal to 0, got -1"),
        ([FIRST, SECOND, {**SUM, "out_channels": 3}],
         "layers.2: an add1x1 layer keeps its channels: leave out out_channels=3"),
    ],
)  # fmt: skip
def test_refusals_are_one_line_and_name_the_layer(layers, message):
    with pytest.raises(EngramError) as refusal:
        tiny_design(layers=layers)
    assert str(refusal.value).startswith(f"design: {message}")
    assert "\n" not in str(refusal.value)
