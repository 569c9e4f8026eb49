"""DesignPoint: derived sizes and every refusal's message."""

import pytest

from sw.design import DesignPoint, Layer
from sw.errors import EngramError
from sw.training.presets import DESIGNS
from sw.validation import validated
from tests.helpers.bundles import TINY, tiny_design

LAYERS = tuple(layer.model_dump() for layer in TINY.layers)
LAST = {"kind": "pointwise1x1", "out_channels": 2}


def layer(**values):
    return {"kind": "conv3x3", "out_channels": 3, **values}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a b"}, "name: String should match pattern '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', got 'a b'"),
        ({"name": "../x"}, "name: String should match pattern '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', got "),
        ({"height": 0}, "height: Input should be greater than or equal to 1, got 0"),
        ({"width": 4097}, "width: Input should be less than or equal to 4096, got 4097"),
        ({"height": "tall"}, "height: Input should be a valid integer, unable to parse string as an integer, "
                             "got 'tall'"),
        ({"classes": 1}, "classes: Input should be greater than or equal to 2, got 1"),
        ({"classes": 257}, "classes: Input should be less than or equal to 256, got 257"),
        ({"thresholds_per_feature": 16},
         "thresholds_per_feature: Input should be less than or equal to 15, got 16"),
        ({"templates_per_class": 0},
         "templates_per_class: Input should be greater than or equal to 1, got 0"),
        ({"cell": "fuzzy"}, "cell: Input should be 'binary' or 'window', got 'fuzzy'"),
        ({"cell": "window", "thresholds_per_feature": 2},
         "window cells need thresholds_per_feature = 2**b - 1 for levels of b bits, got 2"),
        ({"cell": "window", "thresholds_per_feature": 3},
         "cell_bits must be at least 2, the bits of a level, got 1"),
        ({"cell": "window", "match_code": 4, "mismatch_code": 4},
         "mismatch_code must be below match_code = 4, got 4"),
        ({"rows": 0}, "rows: Input should be greater than or equal to 1, got 0"),
        ({"cols": 0}, "cols: Input should be greater than or equal to 1, got 0"),
        ({"cell_bits": 0}, "cell_bits: Input should be greater than or equal to 1, got 0"),
        ({"cell_bits": 9}, "cell_bits: Input should be less than or equal to 8, got 9"),
        ({"adc_bits": 0}, "adc_bits: Input should be greater than or equal to 1, got 0"),
        ({"adc_bits": 13}, "adc_bits: Input should be less than or equal to 12, got 13"),
        ({"cols_per_adc": 0}, "cols_per_adc: Input should be greater than or equal to 1, got 0"),
        ({"col_lanes": 129}, "col_lanes: Input should be less than or equal to 128, got 129"),
        ({"margin": -1}, "margin: Input should be greater than or equal to 0, got -1"),
        ({"row_lanes": 9}, "row_lanes must be at most rows = 8, got 9"),
        ({"volts": 1}, "volts: Extra inputs are not permitted, got 1"),
        ({"layers": [layer(kind="conv3x2")]},
         "layers.0.kind: must be conv, depthwise, maxpool or avgpool with rows x columns of its kernel, "
         "1 to 7, square or one of them 1, such as conv3x3 or maxpool1x2, or pointwise1x1 or "
         "add1x1, got 'conv3x2'"),
        ({"layers": [layer(stride=5)]}, "layers.0.stride: Input should be less than or equal to 4, got 5"),
        ({"layers": [layer(padding="full")]},
         "layers.0: padding must be same, valid or four numbers: rows above, columns at the left, rows "
         "below, columns at the right; got 'full'"),
        ({"layers": [layer(padding=[0, 1, 1])]},
         "layers.0: padding must be same, valid or four numbers: rows above, columns at the left, rows "
         "below, columns at the right; got [0, 1, 1]"),
        ({"layers": [layer(padding=[2, 0, 1, 0])]},
         "layers.0: padding of both sides together must be below the rows and columns of the kernel, 3 x 3, "
         "got [2, 0, 1, 0]"),
        ({"layers": [{"kind": "avgpool2x2", "activation_bits": 4}, LAST]},
         "layer 0: an avgpool2x2 layer keeps the bits of its input: activation_bits must be 8, got 4"),
        ({"layers": [{"kind": "avgpool2x2", "weight_bits": 8}]},
         "layers.0: an avgpool2x2 layer has no weight_bits of its own"),
        ({"layers": [layer(groups=2)]}, "layers.0: groups must divide out_channels = 3, got 2"),
        ({"layers": [layer(groups=3)]}, "layer 0: groups must divide its 1 input channels, got 3"),
        ({"layers": [{"kind": "depthwise3x3", "groups": 2}]},
         "layers.0: a depthwise3x3 layer has a group for every channel: leave out groups"),
        ({"layers": [layer(), {"kind": "maxpool3x3", "padding": "same"}]},
         "layer 1: a maxpool3x3 layer behind the last one with weights has no padding: its 0 would win over "
         "negative sums"),
        ({"layers": [layer(weight_bits=9)]},
         "layers.0.weight_bits: Input should be less than or equal to 8, got 9"),
        ({"layers": [layer(activation_bits=9), LAST]},
         "layers.0.activation_bits: Input should be less than or equal to 8, got 9"),
        ({"layers": [layer(kind="depthwise3x3")]},
         "layers.0: a depthwise3x3 layer keeps its channels: leave out out_channels=3"),
        ({"layers": [{"kind": "conv3x3"}]}, "layers.0: a conv3x3 layer needs out_channels"),
        ({"layers": [{"kind": "maxpool2x2", "stride": 2, "activation_bits": 2}]},
         "layers.0: a maxpool2x2 layer has no activation_bits of its own"),
        ({"layers": [layer(activation_bits=2)]},
         "the last layer with weights must leave activation_bits out: the quantiser follows"),
        ({"layers": [layer(), LAST]},
         "layer 0 with weights must have activation_bits; only the last has none"),
        ({"height": 1, "layers": [{"kind": "maxpool2x2", "stride": 2}]},
         "the layers shrink 1 x 5 pixels to 0 x 2"),
        ({"height": 300, "width": 300, "layers": []},
         "at most 65536 features are supported, the layers give 90000"),
        ({"classes": 256, "templates_per_class": 5}, "at most 1024 templates are supported, got 1280"),
    ],
)  # fmt: skip
def test_refusals_are_one_line_and_name_the_value(changes, message):
    with pytest.raises(EngramError) as refusal:
        tiny_design(**changes)
    got = str(refusal.value)
    assert "\n" not in got
    assert got.startswith(f"design: {message}")


def test_missing_sizes_are_named():
    with pytest.raises(EngramError, match="design: height: Field required"):
        validated(DesignPoint, {"name": "x", "width": 3, "classes": 2}, "design")


@pytest.mark.parametrize("values", [None, 3, "text", [1], {}])
def test_values_of_another_kind_are_refused(values):
    with pytest.raises(EngramError) as refusal:
        validated(DesignPoint, values, "file: design")
    assert str(refusal.value).startswith("file: design: ")
    assert "\n" not in str(refusal.value)


def test_a_design_is_frozen_and_comparable():
    with pytest.raises(ValueError, match="frozen"):
        TINY.rows = 4
    assert tiny_design() == TINY
    assert hash(tiny_design()) == hash(TINY)
    assert tiny_design(rows=4) != TINY


def test_tiny_design_by_hand():
    assert TINY.layer_shapes[0].outputs == (3, 3, 3)
    assert TINY.layer_shapes[0].input_bits == 8
    assert TINY.layer_shapes[1].input_bits == 2
    assert TINY.feature_map_shape == (2, 3, 3)
    assert TINY.features == 18
    assert TINY.weights == 3 * 9 + 2 * 3
    assert TINY.macs == 9 * (3 * 9) + 9 * (2 * 3)
    assert (TINY.row_tiles, [TINY.rows_in_tile(tile) for tile in range(3)]) == (3, [8, 8, 2])
    assert [TINY.max_current_in_tile(tile) for tile in range(3)] == [8, 8, 2]
    assert (TINY.max_code, TINY.max_current, TINY.max_adc_code, TINY.max_score) == (1, 8, 8, 18)


def test_widths_with_an_adc():
    design = tiny_design(cell_bits=3, adc_bits=5)
    assert (design.max_code, design.max_current, design.max_adc_code, design.max_score) == (7, 56, 31, 93)


@pytest.mark.parametrize(
    ("cols", "per_adc", "lines", "readers"),
    [
        (4, 2, 6, [0, 0, 1, 1, 2, 2]),
        (3, 2, 7, [0, 0, 1, 2, 2, 3, 4]),
        (32, 8, 10, [0] * 8 + [1] * 2),
        (2, 8, 5, [0, 0, 1, 1, 2]),
        (5, 1, 6, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_an_adc_reads_neighbours_of_one_tile_only(cols, per_adc, lines, readers):
    design = tiny_design(cols=cols, cols_per_adc=per_adc, classes=lines)
    assert [design.adc_of_match_line(line) for line in range(lines)] == readers
    assert design.adcs_per_row_tile == max(readers) + 1


@pytest.mark.parametrize(
    ("size", "kinds", "shape"),
    [
        ((7, 9), [], (1, 7, 9)),
        ((7, 9), [layer(stride=2)], (3, 4, 5)),
        ((8, 8), [layer(stride=2)], (3, 4, 4)),
        ((7, 9), [layer(), {"kind": "maxpool2x2", "stride": 2}], (3, 3, 4)),
        ((7, 9), [{"kind": "depthwise3x3", "stride": 2}], (1, 4, 5)),
        ((7, 9), [{"kind": "pointwise1x1", "out_channels": 5, "stride": 2}], (5, 4, 5)),
    ],
)
def test_feature_map_shapes(size, kinds, shape):
    assert tiny_design(height=size[0], width=size[1], layers=kinds).feature_map_shape == shape


def test_one_bit_weights_and_their_limit():
    assert [Layer(kind="depthwise3x3", weight_bits=bits).weight_limit for bits in range(1, 9)] == [
        1, 1, 3, 7, 15, 31, 63, 127,
    ]  # fmt: skip


def test_up_to_four_bits_are_thresholds_and_more_are_requantised():
    found = [Layer(kind="depthwise3x3", activation_bits=bits) for bits in (None, *range(1, 9))]
    assert [layer.thresholds_per_channel for layer in found] == [0, 1, 3, 7, 15, 0, 0, 0, 0]
    assert [layer.requantises for layer in found] == [False] * 5 + [True] * 4


@pytest.mark.parametrize("name", DESIGNS)
def test_designs_carry_their_names_and_validate_again(name):
    assert DESIGNS[name].name == name
    assert DESIGNS[name].with_() == DESIGNS[name]
