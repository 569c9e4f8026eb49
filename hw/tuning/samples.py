"""Samples: layer units and whole chips with random contents, to which the estimator is fitted."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from constraints.boards import Board, Family
from hw.fpga.top import Top
from hw.frontend.cost import engine_terms, layer_terms
from hw.frontend.folded.fold import Fold
from hw.frontend.folded.frontend import FoldedFrontEnd
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.frontend import input_bits, schedules_of
from hw.frontend.streaming.layer import LayerUnit
from hw.sizing.estimate import chip_terms
from sw.bundle import Bundle
from sw.bundle.provenance import Provenance
from sw.design import DesignPoint, Layer
from sw.design.layer import LayerShape
from sw.reference.adc import AdcTables, full_scale_tables
from sw.reference.array_state import ArrayState
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation

__all__ = ["CHIPS", "Sample", "random_sample", "samples"]

BAUD = 1_000_000
ZERO_SHARE = 0.5
"""Of ternary weights; trained students of the zoo have 40 to 60 %."""
P = Parallelism


class Sample(NamedTuple):
    """Something to synthesise.

    Attributes
    ----------
    name
        For people.
    component
        Makes the hardware.
    on_pins
        It is a board's top.
    terms
        What it is made of, by part: ``layer``, ``engine`` and ``chip``.
    """

    name: str
    component: Callable[[], Any]
    on_pins: bool
    terms: dict[str, dict[str, float]]


def conv(channels: int, stride: Literal[1, 2] = 1, bits: int | None = None, weight_bits: int = 2) -> Layer:
    """A 3x3 convolution."""
    return Layer(
        kind="conv3x3",
        out_channels=channels,
        stride=stride,
        activation_bits=bits,
        weight_bits=weight_bits,
    )


LAYERS: tuple[tuple[Layer, tuple[int, int, int], int, Parallelism], ...] = (
    (conv(8, 2, 4), (1, 28, 28), 8, P(1, 4, 1, 2)),
    (conv(8, 2, 4), (1, 28, 28), 8, P(1, 8, 3, 4)),
    (conv(16, 1, 2), (1, 8, 8), 8, P(1, 2, 1, 1)),
    (conv(16, 2, 4), (8, 14, 14), 4, P(4, 4, 1, 1)),
    (conv(16, 2, 4), (8, 14, 14), 4, P(8, 8, 1, 4)),
    (conv(16, 2, 2), (8, 14, 14), 4, P(1, 1, 4, 1)),
    (conv(16, 1, 3, 4), (8, 14, 14), 3, P(2, 4, 1, 1)),
    (conv(16, 2, 4, 4), (8, 14, 14), 4, P(4, 4, 1, 1)),
    (conv(8, 1, 3, 4), (1, 16, 16), 8, P(1, 4, 1, 2)),
    (conv(8, 2, 4, 4), (1, 28, 28), 8, P(1, 8, 3, 8)),
    (conv(8, 2, 4, 8), (1, 28, 28), 8, P(1, 2, 1, 2)),
    (conv(16, 2, 8), (1, 28, 28), 8, P(1, 4, 1, 1)),
    (Layer(kind="pointwise1x1", out_channels=16, activation_bits=5), (16, 7, 7), 8, P(4, 4, 1, 2)),
    (Layer(kind="pointwise1x1", out_channels=16), (16, 7, 7), 4, P(4, 1)),
    (Layer(kind="pointwise1x1", out_channels=16), (16, 7, 7), 4, P(8, 4)),
    (conv(32), (32, 8, 8), 4, P(8, 4)),
    (Layer(kind="depthwise3x3", activation_bits=4), (16, 14, 14), 4, P(4, 4, 1, 1)),
    (Layer(kind="maxpool2x2", stride=2), (16, 14, 14), 4, P(4)),
)
"""Layer, input shape, bits of an input value, size."""

MNIST = DesignPoint(
    name="sample",
    height=28,
    width=28,
    classes=10,
    layers=(conv(8, 2, 3), conv(16, 2, 3), conv(8)),
    thresholds_per_feature=2,
    cell_bits=4,
    adc_bits=8,
)
DIGITS = MNIST.with_(
    height=8, width=8, layers=(conv(12, 1, 3), conv(24, 2, 3), conv(16)), thresholds_per_feature=1, rows=128
)
MIXED = MNIST.with_(
    height=32,
    width=32,
    layers=(
        conv(8, 2, 4, 4),
        Layer(kind="depthwise3x3", activation_bits=4),
        Layer(kind="pointwise1x1", out_channels=16, activation_bits=4),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="pointwise1x1", out_channels=8),
    ),
)
FOUR_BIT_FIRST = MNIST.with_(layers=(conv(8, 2, 4, 4), conv(16, 2, 4), conv(16)), thresholds_per_feature=1)
"""As the students of the zoo: a first layer of 4-bit weights, ternary ones behind it."""
ENGINES = (
    (MNIST, P()),
    (MNIST, P(4, 4)),
    (MNIST, P(8, 8, 1, 4)),
    (MIXED, P(4, 4, 2, 2)),
    (DIGITS, P(4, 8, 2, 4)),
    (FOUR_BIT_FIRST, P(4, 8, 1, 4)),
    (FOUR_BIT_FIRST, P(8, 8, 1, 8)),
)
"""Design, size of the engine."""
EXPLORED = FOUR_BIT_FIRST.with_(
    thresholds_per_feature=3, rows=1024, row_lanes=16, col_lanes=2, cell_bits=1, adc_bits=3
)
"""Sizes at the ends of what explorations look at, where scores and codes have few bits and currents many."""
TINY = DesignPoint(
    name="sample",
    height=6,
    width=5,
    classes=3,
    layers=(conv(3, 2, 2), Layer(kind="pointwise1x1", out_channels=2)),
    rows=8,
    row_lanes=4,
)
CHIPS: tuple[tuple[DesignPoint, tuple[Parallelism, ...] | None], ...] = (
    (MNIST.with_(cell_bits=1, adc_bits=None), None),
    (MNIST, None),
    (MNIST.with_(col_lanes=2), None),
    (MNIST.with_(adc_bits=6, row_lanes=8), None),
    (MNIST.with_(cell_bits=2, adc_bits=5, col_lanes=4), None),
    (MNIST.with_(cell_bits=1, adc_bits=None, templates_per_class=3), None),
    (MNIST, (P(), P(), P())),
    (MNIST, (P(1, 2, 1, 1), P(2, 4, 1, 1), P(2, 2, 1, 1))),
    (MNIST, (P(1, 8, 1, 4), P(4, 8, 1, 2), P(4, 8, 1, 1))),
    (MNIST, (P(1, 8, 3, 4), P(4, 8, 2, 4), P(8, 4, 2, 1))),
    (
        MNIST.with_(layers=(conv(8, 2, 4), conv(16, 2, 4), conv(16))),
        (P(1, 4, 1, 2), P(4, 4, 1, 1), P(4, 4, 1, 1)),
    ),
    (
        MNIST.with_(layers=(conv(8, 2, 2), conv(16, 2, 2), conv(8)), cell_bits=1, adc_bits=None),
        (P(1, 4, 2, 2), P(2, 4, 2, 1), P(4, 4, 1, 1)),
    ),
    (DIGITS, (P(1, 4, 2, 2), P(4, 8, 1, 1), P(4, 4, 3, 1))),
    (MIXED, (P(1, 2, 1, 2), P(2, 2, 1, 2), P(4, 4, 1, 1), P(4), P(4, 2, 1, 1))),
    (TINY, None),
    (FOUR_BIT_FIRST, (P(1, 4, 1, 2), P(4, 4, 1, 1), P(8, 4, 1, 1))),
    (FOUR_BIT_FIRST.with_(rows=96, row_lanes=24, col_lanes=2), (P(1, 8, 3, 8), P(8, 4, 3, 4), P(8, 4, 5, 1))),
    (EXPLORED, (P(1, 4, 1, 2), P(4, 2, 1, 1), P(4, 4, 1, 1))),
    (EXPLORED, None),
    (EXPLORED.with_(rows=64, row_lanes=8, cell_bits=2, adc_bits=5), None),
    (EXPLORED.with_(rows=256, row_lanes=4, cell_bits=4, templates_per_class=3), None),
    (EXPLORED.with_(row_lanes=2, cell_bits=8, adc_bits=8), None),
    (EXPLORED.with_(rows=64, row_lanes=24, cell_bits=4, adc_bits=8, templates_per_class=3), None),
    (EXPLORED.with_(rows=64, row_lanes=24, adc_bits=4), None),
    (DIGITS.with_(row_lanes=32, col_lanes=2, adc_bits=4), None),
    (DIGITS.with_(row_lanes=8, cell_bits=1, adc_bits=3, rows=32, templates_per_class=3), None),
)
"""Design, sizes of its layers."""
WINDOWS = (
    MNIST.with_(cell="window", thresholds_per_feature=3),
    MNIST.with_(cell="window", thresholds_per_feature=7, match_code=15, mismatch_code=1, col_lanes=2),
)
"""Chips of window cells, without front end."""
MISMATCHED = (
    EXPLORED.with_(rows=96, row_lanes=8, cell_bits=2, adc_bits=6),
    MNIST.with_(rows=64, adc_bits=6),
)
"""Chips whose ADCs differ in gain and offset, 25 x 2 and 13 x 2 of them."""
LOADED = EXPLORED.with_(rows=64, row_lanes=8, cell_bits=2, adc_bits=5)
"""A chip with its codes in single-port RAM, on a board that has some."""


def samples(board: Board) -> Iterator[Sample]:
    """All of them for a board."""
    for layer, inputs, value_bits, size in LAYERS:
        shape = LayerShape(inputs, layer.output_shape(inputs), value_bits)
        schedule = LayerSchedule(layer, shape, _random_parameters(layer, shape), size)
        terms = {"layer": layer_terms(schedule, value_bits, board.family)}
        yield Sample(f"{layer.kind} {inputs} {size}", partial(LayerUnit, schedule, value_bits), False, terms)
    for design, size in ENGINES:
        fold = Fold(random_sample(design), size)
        terms = {"engine": engine_terms(fold, board.family)}
        yield Sample(f"folded {size}", partial(FoldedFrontEnd, fold), False, terms)
    for design, sizes in (*CHIPS, *((design, None) for design in WINDOWS)):
        yield _chip(design, sizes, board)
    for design in MISMATCHED:
        yield _chip(design, None, board, mismatch=True)
    if board.limits.sprams:
        for sizes in (None, (P(1, 4, 1, 2), P(4, 2, 1, 1), P(4, 4, 1, 1))):
            yield _chip(LOADED, sizes, board, spram=True)


def _chip(
    design: DesignPoint,
    sizes: tuple[Parallelism, ...] | None,
    board: Board,
    *,
    spram: bool = False,
    mismatch: bool = False,
) -> Sample:
    bundle = random_sample(design)
    if mismatch:
        bundle = bundle.with_array(adc=_mismatched(bundle.array.adc))
    terms = {"chip": chip_terms(bundle, board.family, with_front_end=sizes is not None, spram=spram)}
    name = f"chip of {len(design.layers)} layers" if sizes else "chip without front end"
    if sizes is not None:
        terms["layer"] = _sum_of_terms(bundle, sizes, board.family)
        name += f" {', '.join(map(str, sizes))}"
    if spram:
        name += ", single-port RAM"
    return Sample(name, partial(Top, bundle, board, BAUD, sizes, spram=spram), True, terms)


def _mismatched(tables: AdcTables) -> AdcTables:
    """Gains of 2 % and offsets of a step around those that are alike."""
    rng = np.random.default_rng(0)
    gain = tables.gain * (1 + rng.normal(0, 0.02, tables.gain.shape))
    offset = tables.offset + 2**tables.shift * rng.normal(0, 1, tables.offset.shape)
    return AdcTables(gain.round().astype(np.int32), offset.round().astype(np.int32), tables.shift)


def _sum_of_terms(bundle: Bundle, sizes: tuple[Parallelism, ...], family: Family) -> dict[str, float]:
    schedules = schedules_of(bundle, sizes)
    total: dict[str, float] = {}
    for schedule, bits in zip(schedules, input_bits(schedules), strict=True):
        for name, amount in layer_terms(schedule, bits, family).items():
            total[name] = total.get(name, 0.0) + amount
    return total


def _random_parameters(layer: Layer, shape: LayerShape) -> LayerParameters:
    rng = np.random.default_rng(0)
    if not layer.has_weights:
        return LayerParameters(np.zeros((0, 0, 0, 0), np.int8), np.zeros((0, 0), np.int32))
    limit = layer.weight_limit
    weight = rng.integers(-limit, limit, layer.weight_shape(shape.inputs[0]), dtype=np.int8, endpoint=True)
    if layer.weight_bits == 2:
        weight = rng.choice(np.array([-1, 1], np.int8), weight.shape)
        weight[rng.random(weight.shape) < ZERO_SHARE] = 0
    shape_of_thresholds = (len(weight), layer.thresholds_per_channel)
    thresholds = np.sort(rng.integers(-60, 200, shape_of_thresholds, dtype=np.int32), axis=1)
    if not layer.requantises:
        return LayerParameters(weight, thresholds)
    multiplier = rng.integers(2 ** (MULTIPLIER_BITS - 4), 2**MULTIPLIER_BITS, len(weight), dtype=np.int32)
    shift = rng.choice(np.array([12, 16], np.int32), len(weight))
    offset = rng.integers(-100, 200, len(weight)) << shift
    return LayerParameters(weight, thresholds, Requantisation(multiplier, offset, shift))


def random_sample(design: DesignPoint) -> Bundle:
    """A bundle with random contents; its ADCs are alike."""
    rng = np.random.default_rng(0)
    channels, height, width = design.feature_map_shape
    levels = design.thresholds_per_feature
    cells = (2, design.features, design.templates)
    parts = zip(design.layers, design.layer_shapes, strict=True)
    thresholds = np.sort(rng.integers(-20, 20, (height, width, channels, levels), dtype=np.int32), axis=-1)
    templates = rng.integers(0, 2, (design.templates, design.features), dtype=np.uint8)
    if design.cell == "window":
        templates = np.stack([0 * templates, levels * templates])
    return Bundle(
        design=design,
        frontend=tuple(_random_parameters(layer, shape) for layer, shape in parts),
        feature_thresholds=thresholds,
        templates=templates,
        array=ArrayState(
            rng.integers(0, design.max_code, cells, dtype=np.uint8, endpoint=True),
            full_scale_tables(design, 0, design.max_current),
        ),
        provenance=Provenance(),
    )
