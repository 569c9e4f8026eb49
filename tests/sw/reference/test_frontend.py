"""The front end against pure Python loops."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw.design import Layer
from sw.errors import EngramError
from sw.reference import frontend
from sw.reference.frontend import Requantisation
from tests.helpers.bundles import (
    WINDOWS,
    random_bundle,
    random_images,
    residual_design,
    tiny_design,
    window_layer,
)


def outputs_by_hand(side, kernel, pads, stride):
    """Positions at which the whole kernel is on the map and its padding."""
    before, behind = pads
    return len([first for first in range(-before, side + behind, stride) if first + kernel <= side + behind])


def convolve_by_hand(values, weight, layer):
    """Every output pixel by its definition: zero padding, one product after the other."""
    count, channels, height, width = values.shape
    stride, (pads_y, pads_x) = layer.stride, layer.pads
    rows = outputs_by_hand(height, weight.shape[2], pads_y, stride)
    columns = outputs_by_hand(width, weight.shape[3], pads_x, stride)
    own = weight.shape[1]  # input channels of a group
    groups = channels // own
    out = np.zeros((count, len(weight), rows, columns), object)
    for n, o, r, c in np.ndindex(out.shape):
        total = 0
        first = o * groups // len(weight) * own
        for i in range(own):
            for dy, dx in np.ndindex(weight.shape[2:]):
                y, x = r * stride + dy - pads_y[0], c * stride + dx - pads_x[0]
                if 0 <= y < height and 0 <= x < width:
                    total += int(values[n, first + i, y, x]) * int(weight[o, i, dy, dx])
        out[n, o, r, c] = total
    return out


def activate_by_hand(values, thresholds):
    out = np.zeros(values.shape, object)
    for place in np.ndindex(values.shape):
        out[place] = sum(1 for threshold in thresholds[place[1]] if values[place] >= threshold)
    return out


def requantise_by_hand(values, tables, bits):
    """In fractions; the floor of a value plus one half rounds half up."""
    out = np.zeros(values.shape, object)
    for place in np.ndindex(values.shape):
        channel = place[1]
        scaled = int(values[place]) * int(tables.multiplier[channel]) + int(tables.offset[channel])
        rounded = math.floor(Fraction(scaled, 2 ** int(tables.shift[channel])) + Fraction(1, 2))
        out[place] = min(max(rounded, 0), 2**bits - 1)
    return out


def pool_by_hand(values, layer):
    count, channels, *sides = values.shape
    stride = layer.stride
    rows, columns = (
        outputs_by_hand(side, kernel, pads, stride)
        for side, kernel, pads in zip(sides, layer.kernel, layer.pads, strict=True)
    )
    out = np.zeros((count, channels, rows, columns), object)
    for n, k, r, c in np.ndindex(out.shape):
        tops = [stride * position - pads[0] for position, pads in zip((r, c), layer.pads, strict=True)]
        taps = [(tops[0] + dy, tops[1] + dx) for dy, dx in np.ndindex(layer.kernel)]
        on_map = [(y, x) for y, x in taps if 0 <= y < sides[0] and 0 <= x < sides[1]]
        out[n, k, r, c] = max(values[n, k, y, x] for y, x in on_map)
    return out


def forward_by_hand(bundle, images):
    image = images[:, np.newaxis].astype(object)
    outputs = []
    for number, (layer, trained) in enumerate(zip(bundle.design.layers, bundle.frontend, strict=True)):
        before = [number - 1] if layer.inputs is None else layer.inputs
        maps = [outputs[source] if number else image for source in before]
        values = sum(maps)
        if layer.adds:
            assert len(maps) == 2
        elif not layer.has_weights:
            values = pool_by_hand(values, layer)
        else:
            values = convolve_by_hand(values, trained.weight, layer)
        if layer.requantises:
            values = requantise_by_hand(values, trained.requantisation, layer.activation_bits)
        elif layer.activation_bits:
            values = activate_by_hand(values, trained.thresholds)
        outputs.append(values)
    return outputs


@pytest.mark.parametrize("kind", ["conv3x3", "depthwise3x3", "pointwise1x1"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 2), (3, 5), (5, 4), (7, 3)])
@pytest.mark.parametrize("weight_bits", [1, 2, 8])
def test_convolution(kind, stride, size, weight_bits):
    rng = np.random.default_rng([stride, *size, weight_bits])
    channels, out = 3, 3 if kind == "depthwise3x3" else 2
    layer = Layer(
        kind=kind,
        out_channels=None if kind == "depthwise3x3" else out,
        stride=stride,
        weight_bits=weight_bits,
    )
    values = rng.integers(0, 256, (2, channels, *size))
    limit = layer.weight_limit
    weight = rng.integers(-limit, limit, layer.weight_shape(channels), dtype=np.int8, endpoint=True)
    got = frontend.convolve(values, weight, layer)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, convolve_by_hand(values, weight, layer))


@pytest.mark.parametrize("size", [(3, 5), (7, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("name", WINDOWS)
def test_kernels_paddings_and_groups(name, stride, size):
    """A padded maximum is one of the values that are on the map."""
    layer = window_layer(name, out_channels=8, stride=stride, weight_bits=4)
    values = np.random.default_rng(stride).integers(0, 99, (2, 4, *size))
    if layer.has_weights:
        weight = np.random.default_rng(0).integers(-7, 8, layer.weight_shape(4), dtype=np.int8)
        got, expected = frontend.convolve(values, weight, layer), convolve_by_hand(values, weight, layer)
    else:
        got, expected = frontend.max_pool(values, layer), pool_by_hand(values, layer)
    np.testing.assert_array_equal(got, expected)
    assert got.shape[1:] == layer.output_shape(values.shape[1:])


def test_extreme_values_do_not_wrap():
    layer = Layer(kind="conv3x3", out_channels=1, weight_bits=8)
    values = np.full((1, 100, 3, 3), 255)
    got = frontend.convolve(values, np.full((1, 100, 3, 3), -127, np.int8), layer)
    assert got[0, 0, 1, 1] == -127 * 255 * 900


def test_activation_counts_thresholds_reached():
    thresholds = np.array([[-3, 0, 4], [5, 5, 5]], np.int32)
    values = np.array([[[[-4, -3, -1, 0, 3, 4, 9]], [[4, 5, 6, 0, 5, 4, 5]]]])
    got = frontend.activate(values, thresholds)
    assert got.tolist() == [[[[0, 1, 1, 2, 2, 3, 3]], [[0, 3, 3, 0, 3, 0, 3]]]]


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_activation_of_random_values(bits):
    rng = np.random.default_rng(bits)
    thresholds = np.sort(rng.integers(-50, 50, (4, 2**bits - 1), dtype=np.int32))
    values = rng.integers(-60, 60, (3, 4, 5, 6))
    np.testing.assert_array_equal(frontend.activate(values, thresholds), activate_by_hand(values, thresholds))


def wide(bits):
    return Layer(kind="depthwise3x3", activation_bits=bits)


def tables_of(*channels):
    """Requantisation of (multiplier, offset, shift) per channel."""
    multiplier, offset, shift = zip(*channels, strict=True)
    return Requantisation(
        np.array(multiplier, np.int32), np.array(offset, np.int64), np.array(shift, np.int32)
    )


def test_requantising_rounds_half_up_and_saturates():
    tables = tables_of((1, 0, 1), (3, -2, 2), (2, 5, 0))
    sums = np.array([[[[-3, -2, -1, 0, 1, 2, 3, 61, 62, 99]]] * 3]).reshape(1, 3, 1, 10)
    got = frontend.requantise(sums, tables, wide(5))
    assert got.dtype == np.int64
    assert got[0, :, 0].tolist() == [
        [0, 0, 0, 0, 1, 1, 2, 31, 31, 31],  # x / 2: -1/2 to 0, 1/2 to 1, 3/2 to 2, 61/2 to 31
        [0, 0, 0, 0, 0, 1, 2, 31, 31, 31],  # (3 x - 2) / 4: -1/2 to 0, 1/4 to 0, 7/4 to 2
        [0, 1, 3, 5, 7, 9, 11, 31, 31, 31],  # shift 0 adds no half
    ]


@pytest.mark.parametrize("bits", [5, 6, 7, 8])
@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.data())
def test_requantising_any_values(bits, data):
    channel = st.tuples(st.integers(0, 2**15 - 1), st.integers(-(2**40), 2**40), st.integers(0, 31))
    tables = tables_of(*data.draw(st.lists(channel, min_size=2, max_size=2)))
    extreme = st.integers(-(2**31), 2**31) | st.integers(-300, 300)
    sums = np.array(data.draw(st.lists(extreme, min_size=4, max_size=4))).reshape(1, 2, 1, 2)
    got = frontend.requantise(sums, tables, wide(bits))
    np.testing.assert_array_equal(got, requantise_by_hand(sums, tables, bits))


def test_requantising_does_not_wrap_at_the_extremes():
    tables = tables_of((2**15 - 1, 2**40, 0), (2**15 - 1, -(2**40), 0))
    sums = np.array([-(2**31), 2**31]).reshape(1, 1, 1, 2).repeat(2, axis=1)
    assert frontend.requantise(sums, tables, wide(8)).reshape(2, 2).tolist() == [[0, 255], [0, 255]]


POOL = Layer(kind="maxpool2x2", stride=2)


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (2, 5), (5, 7)])
def test_max_pool_drops_an_odd_last_row_and_column(size):
    values = np.random.default_rng(1).integers(-99, 99, (2, 3, *size))
    np.testing.assert_array_equal(frontend.max_pool(values, POOL), pool_by_hand(values, POOL))


STACKS = {
    "none": (),
    "convolution and pointwise": tiny_design().layers,
    "all kinds": (
        Layer(kind="conv3x3", out_channels=4, stride=2, weight_bits=1, activation_bits=4),
        Layer(kind="depthwise3x3", weight_bits=3, activation_bits=1),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="pointwise1x1", out_channels=3, weight_bits=5),
    ),
    "wide activations": (
        Layer(kind="conv3x3", out_channels=3, stride=2, weight_bits=4, activation_bits=8),
        Layer(kind="depthwise3x3", weight_bits=1, activation_bits=5),
        Layer(kind="pointwise1x1", out_channels=2, weight_bits=2, activation_bits=6),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="conv3x3", out_channels=2, weight_bits=8),
    ),
    "pool first": (Layer(kind="maxpool2x2", stride=2), Layer(kind="conv3x3", out_channels=2)),
    "residuals": residual_design().layers,
    "wide residuals": residual_design(6, 7).layers,
    "sums last": (
        Layer(kind="maxpool3x3", padding="same"),
        Layer(kind="maxpool1x3", padding="same"),
        Layer(kind="add1x1", inputs=(1, 0)),
        Layer(kind="maxpool2x2", stride=2),
    ),
    "pool last": (Layer(kind="pointwise1x1", out_channels=2), Layer(kind="maxpool2x2", stride=2)),
}


@pytest.mark.parametrize("layers", STACKS.values(), ids=STACKS)
def test_whole_stacks(layers):
    bundle = random_bundle(tiny_design(height=9, width=7, layers=layers), 4)
    images = random_images(bundle.design, 3, 5)
    got = frontend.forward(images, bundle.design, bundle.frontend)
    expected = forward_by_hand(bundle, images) or [images[:, np.newaxis]]
    assert len(got) == len(expected)
    for have, want in zip(got, expected, strict=True):
        np.testing.assert_array_equal(have, want)
    assert got[-1].shape[1:] == bundle.design.feature_map_shape


def test_other_weights_of_an_addition_than_1_are_refused():
    bundle = random_bundle(residual_design(), 1)
    layers = list(bundle.frontend)
    layers[3] = replace(layers[3], weight=-layers[3].weight)
    with pytest.raises(EngramError, match="both maps of an addition have weight 1, got others"):
        bundle.with_(frontend=tuple(layers))
