"""Random but valid bundles and images, and layers of many kinds, for every test that needs one."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.bundle.provenance import Provenance, Step
from sw.design import DesignPoint, Layer
from sw.design.images import channels_first
from sw.design.kinds import KINDS
from sw.design.layer import PIXEL_BITS, LayerShape
from sw.design.paths import IMAGE
from sw.reference import frontend
from sw.reference.adc import GAIN_BITS, AdcTables, full_scale_tables
from sw.reference.array import ideal_codes
from sw.reference.array_state import ArrayState
from sw.reference.average import average_parameters
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation
from sw.reference.noise import KEY_WORDS, NOISE_SIGMA, SCALE_BITS, ReadNoise
from sw.reference.pulse import PulseRule

__all__ = [
    "TINY",
    "WINDOWS",
    "random_bundle",
    "random_images",
    "random_layer",
    "random_levels",
    "random_noise",
    "random_templates",
    "residual_design",
    "tiny_design",
    "window_layer",
]

SAMPLE_IMAGES = 64

TINY = DesignPoint(
    name="tiny",
    height=6,
    width=5,
    classes=3,
    layers=(
        Layer(kind="conv3x3", out_channels=3, stride=2, weight_bits=2, activation_bits=2),
        Layer(kind="pointwise1x1", out_channels=2, weight_bits=3),
    ),
    rows=8,
    cols=4,
    cols_per_adc=2,
    row_lanes=4,
)
"""3 x 3 x 2 = 18 features, 3 templates, row tiles of 8, 8 and 2 rows."""

WINDOWS = {
    "5x5": {"kind": "conv5x5"},
    "depthwise 7x7": {"kind": "depthwise7x7"},
    "1x5": {"kind": "conv1x5"},
    "7x1": {"kind": "conv7x1"},
    "4x4": {"kind": "conv4x4"},
    "3x3 valid": {"kind": "conv3x3", "padding": "valid"},
    "3x3 late": {"kind": "conv3x3", "padding": (0, 0, 1, 1)},
    "6x6 early": {"kind": "conv6x6", "padding": (3, 4, 2, 1)},
    "3x3 in two groups": {"kind": "conv3x3", "groups": 2},
    "1x1 in four groups": {"kind": "pointwise1x1", "groups": 4},
    "maximum of 3x3": {"kind": "maxpool3x3"},
    "maximum of 1x2": {"kind": "maxpool1x2"},
    "maximum of 3x3 padded": {"kind": "maxpool3x3", "padding": "same"},
    "maximum of 4x4 padded": {"kind": "maxpool4x4", "padding": "same"},
    "mean of 3x3": {"kind": "avgpool3x3"},
    "mean of 1x2 padded": {"kind": "avgpool1x2", "padding": "same"},
}
"""Layers of many kernels, paddings and groups, for four input channels and maps of 3 x 3 or more."""


def tiny_design(**changes: object) -> DesignPoint:
    """:data:`TINY` with other values."""
    return TINY.with_(**changes)


def residual_design(bits: int = 3, summed: int = 2, **changes: object) -> DesignPoint:
    """Two residual blocks: one with the map itself beside two layers, one with a layer of stride 2.

    Parameters
    ----------
    bits
        Of the maps that are added.
    summed
        Of what becomes of their sums.
    changes
        As of :func:`tiny_design`.
    """
    layers = [
        {"kind": "conv3x3", "out_channels": 3, "activation_bits": bits},
        {"kind": "conv3x3", "out_channels": 2, "activation_bits": 2},
        {"kind": "conv3x3", "out_channels": 3, "activation_bits": bits, "weight_bits": 3},
        {"kind": "add1x1", "inputs": [2, 0], "activation_bits": summed},
        {"kind": "conv3x3", "out_channels": 4, "stride": 2, "activation_bits": 1},
        {"kind": "conv3x3", "out_channels": 5, "activation_bits": bits},
        {"kind": "pointwise1x1", "out_channels": 5, "stride": 2, "activation_bits": bits, "inputs": [3]},
        {"kind": "add1x1", "inputs": [5, 6], "activation_bits": summed},
        {"kind": "pointwise1x1", "out_channels": 3, "weight_bits": 3},
    ]
    return tiny_design(**{"layers": layers, **changes})


def random_bundle(
    design: DesignPoint,
    seed: int,
    *,
    codes: Literal["ideal", "random"] = "ideal",
    noise: bool = False,
    inl: bool = False,
    pulse: PulseRule | None = None,
) -> Bundle:
    """A valid bundle with random contents.

    Thresholds lie where the accumulators of random images do, so features vary from image to image.
    With ``codes="ideal"`` the codes of binary cells are 0 and 1 whatever `cell_bits` is. When the design has
    an ADC, every instance gets its own gain and offset near full scale, and with `inl` its own nonlinearity.
    With `noise` every conversion has read noise, of another strength in each row tile. A `pulse` rule is
    taken as it is.
    """
    rng = np.random.default_rng(seed)
    values = channels_first(random_images(design, SAMPLE_IMAGES, seed)).astype(np.int64)
    layers = []
    maps = {IMAGE: values}
    for number, (layer, sources) in enumerate(zip(design.layers, design.sources, strict=True)):
        values, *added = (maps[source] for source in sources)
        if layer.has_weights:
            bits = design.layer_shapes[number].input_bits
            parameters, values = random_layer(rng, layer, values, bits, *added)
        else:
            parameters = LayerParameters(np.zeros((0, 0, 0, 0), np.int8), np.zeros((0, 0), np.int32))
            values = frontend.max_pool(values, layer)
        layers.append(parameters)
        maps[number] = values
    levels = design.thresholds_per_feature
    feature_thresholds = _thresholds_within(rng, values, (0,), levels)[0].transpose(1, 2, 0, 3)
    templates = random_templates(rng, design)
    cells = (2, design.features, design.templates)
    return Bundle(
        design=design,
        frontend=tuple(layers),
        feature_thresholds=np.ascontiguousarray(feature_thresholds),
        templates=templates,
        array=ArrayState(
            ideal_codes(templates, design)
            if codes == "ideal"
            else rng.integers(0, design.max_code, cells, dtype=np.uint8, endpoint=True),
            _random_tables(rng, design, inl),
            random_noise(rng, design) if noise else None,
            pulse,
        ),
        provenance=Provenance(steps=(Step(command="tests", seed=seed),)),
    )


def random_templates(rng: np.random.Generator, design: DesignPoint) -> NDArray[np.uint8]:
    """Stored bits (T, F), or the lowest and the highest level (2, T, F) of window cells."""
    shape = design.templates, design.features
    if design.cell == "binary":
        return rng.integers(0, 2, shape, dtype=np.uint8)
    return np.sort(rng.integers(0, 2**design.level_bits, (2, *shape), dtype=np.uint8), axis=0)


def random_noise(rng: np.random.Generator, design: DesignPoint) -> ReadNoise:
    """Noise of up to a quarter of the largest current."""
    shift = 8
    most = min(2**SCALE_BITS - 1, max(1, int(design.max_current / 4 * 2**shift / NOISE_SIGMA)))
    scale = rng.integers(0, most, design.row_tiles, dtype=np.int32, endpoint=True)
    return ReadNoise(rng.integers(0, 2**16, KEY_WORDS, dtype=np.uint16), scale, shift)


def window_layer(name: str, **values: Any) -> Layer:
    """One of :data:`WINDOWS`; it takes what it has a use for of the values of layers with weights.

    A mean has inputs of 2 bits, and so has its output.
    """
    kind = KINDS[WINDOWS[name]["kind"]]
    unused = {"out_channels"} if kind.depthwise else set()
    unused |= set() if kind.has_weights else {"activation_bits", "weight_bits"}
    unused |= {"weight_bits"} if kind.averages else set()
    if kind.averages and "activation_bits" in values:
        values["activation_bits"] = 2
    return Layer(**WINDOWS[name], **{key: value for key, value in values.items() if key not in unused})


def random_layer(
    rng: np.random.Generator,
    layer: Layer,
    values: NDArray[np.int64],
    bits: int = PIXEL_BITS,
    *added: NDArray[np.int64],
) -> tuple[LayerParameters, NDArray[np.int64]]:
    """Random parameters of a layer with weights for input values (N, C, H, W), and its output values.

    Those of an average-pool follow from the `bits` of its input. An addition takes a second map.
    """
    weight = _random_weight(rng, layer, values.shape[1])
    if layer.averages:
        inputs = values.shape[1:]
        average = average_parameters(layer, LayerShape(inputs, layer.output_shape(inputs), bits))
        values = frontend.convolve(values, average.weight, layer)
        if layer.requantises:
            values = frontend.requantise(values, average.requantisation, layer)
        elif layer.activation_bits is not None:
            values = frontend.activate(values, average.thresholds)
        return average, values
    values = frontend.accumulate([values, *added], weight, layer)
    thresholds = _thresholds_within(rng, values, (0, 2, 3), layer.thresholds_per_channel)[0, :, 0, 0]
    if layer.requantises:
        tables = _random_requantisation(rng, layer, values)
        return LayerParameters(weight, thresholds, tables), frontend.requantise(values, tables, layer)
    if layer.thresholds_per_channel:
        values = frontend.activate(values, thresholds)
    return LayerParameters(weight, thresholds), values


def random_images(design: DesignPoint, count: int, seed: int) -> NDArray[np.uint8]:
    """Images uint8 (N, height, width), or with channels on a last axis; uniform noise."""
    shape = (count, *design.image_size.shape)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def random_levels(design: DesignPoint, count: int, seed: int) -> NDArray[np.uint8]:
    """Word-line values uint8 (N, F), all equally likely."""
    values = 2**design.level_bits
    return np.random.default_rng(seed).integers(0, values, (count, design.features), dtype=np.uint8)


def _random_weight(rng: np.random.Generator, layer: Layer, in_channels: int) -> NDArray[np.int8]:
    shape = layer.weight_shape(in_channels)
    if layer.adds:
        return np.ones(shape, np.int8)
    if layer.weight_bits == 1:
        return rng.choice(np.array([-1, 1], np.int8), shape)
    return rng.integers(-layer.weight_limit, layer.weight_limit, shape, dtype=np.int8, endpoint=True)


def _random_requantisation(
    rng: np.random.Generator, layer: Layer, values: NDArray[np.int64]
) -> Requantisation:
    """Levels spread over the middle of the accumulators `values` (N, C, h, w), channel by channel.

    Shifts differ from channel to channel; the first one of several channels has gain 0.
    """
    assert layer.activation_bits is not None
    low, high = np.percentile(values, (10, 90), axis=(0, 2, 3))
    gain = 2**layer.activation_bits / np.maximum(high - low, 1)
    room = np.floor(np.log2(2**MULTIPLIER_BITS / gain))
    shift = rng.integers(0, room, endpoint=True)
    multiplier = np.minimum((gain * 2.0**shift).round(), 2**MULTIPLIER_BITS - 1)
    if len(multiplier) > 1:
        multiplier[0] = 0
    offset = -low * multiplier + rng.integers(0, 2**shift, endpoint=True)
    return Requantisation(multiplier.astype(np.int32), offset.astype(np.int64), shift.astype(np.int32))


def _thresholds_within(
    rng: np.random.Generator, values: NDArray[np.int64], axes: tuple[int, ...], count: int
) -> NDArray[np.int32]:
    """`count` sorted thresholds on a new last axis, between the 10th and 90th percentile over `axes`."""
    low, high = np.percentile(values, (10, 90), axis=axes, keepdims=True)
    places = rng.uniform(size=(*low.shape, count))
    return np.sort((low[..., None] + places * (high - low)[..., None]).round().astype(np.int32), axis=-1)


def _random_tables(rng: np.random.Generator, design: DesignPoint, inl: bool) -> AdcTables:
    nominal = full_scale_tables(design, 0, max(1, design.max_current))
    if design.adc_bits is None:
        return nominal
    shape = nominal.gain.shape
    gain = np.clip((nominal.gain * rng.uniform(0.8, 1.2, shape)).round(), 0, 2**GAIN_BITS - 1)
    step = 1 << nominal.shift
    offset = np.clip((nominal.offset + step * rng.uniform(-2, 2, shape)).round(), -(2**30), 2**30)
    tables = AdcTables(gain.astype(np.int32), offset.astype(np.int32), nominal.shift)
    if not inl:
        return tables
    top = design.max_adc_code
    bend = rng.integers(-min(3, top), min(3, top), (*shape, top + 1), dtype=np.int16, endpoint=True)
    return replace(tables, inl=bend)
