"""Layer units and the whole front end against the reference, for every kind of layer and odd parallelism."""

from dataclasses import replace

import numpy as np
import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.streaming.frontend import FrontEnd, schedules_of
from hw.frontend.streaming.regroup import Regroup
from hw.quantiser.quantiser import Quantiser, quantiser_cycles
from sw.bundle import Bundle
from sw.design import DesignPoint, Layer
from sw.reference import frontend, quantiser
from tests.helpers.bundles import random_bundle, random_images, residual_design
from tests.helpers.rtl import Bench

IMAGES = 3
P = Parallelism


def design(height: int, width: int, *layers: Layer, **changes) -> DesignPoint:
    return DesignPoint(
        name="cnn", height=height, width=width, classes=2, layers=layers, rows=8, row_lanes=4, **changes
    )


SINGLE = design(6, 5, Layer(kind="conv3x3", out_channels=3))
MIXED = design(
    7,
    9,
    Layer(kind="conv3x3", out_channels=5, stride=2, weight_bits=4, activation_bits=3),
    Layer(kind="depthwise3x3", weight_bits=1, activation_bits=1),
    Layer(kind="maxpool2x2", stride=2),
    Layer(kind="conv3x3", out_channels=6, weight_bits=8),
)
POOLED_LAST = design(
    9,
    8,
    Layer(kind="conv3x3", out_channels=4, activation_bits=2),
    Layer(kind="pointwise1x1", stride=2, out_channels=7, activation_bits=4),
    Layer(kind="conv3x3", out_channels=3),
    Layer(kind="maxpool2x2", stride=2),
)

WIDE = design(
    5,
    6,
    Layer(kind="conv3x3", out_channels=3, weight_bits=4, activation_bits=8),
    Layer(kind="maxpool2x2", stride=2),
    Layer(kind="depthwise3x3", weight_bits=2, activation_bits=5),
    Layer(kind="pointwise1x1", out_channels=3, weight_bits=8),
)

COLOUR = design(
    6,
    5,
    Layer(kind="conv3x3", out_channels=5, stride=2, weight_bits=3, activation_bits=3),
    Layer(kind="pointwise1x1", out_channels=4),
    channels=3,
)
COLOUR_POOLED = design(
    6,
    7,
    Layer(kind="maxpool2x2", stride=2),
    Layer(kind="depthwise3x3", weight_bits=2, activation_bits=2),
    Layer(kind="conv3x3", out_channels=3),
    channels=3,
)
SIGNAL = design(
    1,
    17,
    Layer(kind="conv3x3", out_channels=6, weight_bits=4, activation_bits=2),
    Layer(kind="depthwise3x3", stride=2, activation_bits=2),
    Layer(kind="pointwise1x1", out_channels=3),
    channels=5,
)

BLOCKS = residual_design(height=5, width=4)
SUMS = design(
    5,
    4,
    Layer(kind="maxpool3x3", padding="same"),
    Layer(kind="depthwise3x3", weight_bits=3, activation_bits=8),
    Layer(kind="add1x1", inputs=(0, 1), activation_bits=6),
    Layer(kind="depthwise1x3", activation_bits=6),
    Layer(kind="add1x1", inputs=(3, 2)),
    channels=3,
)

CASES = {
    "one_layer_serial": (SINGLE, (P(),)),
    "one_layer_more_lanes_than_channels": (SINGLE, (P(1, 4, 3),)),
    "mixed_serial": (MIXED, (P(), P(), P(), P())),
    "mixed_lanes": (MIXED, (P(1, 2, 1, 2), P(2, 2, 1, 2), P(2, 1), P(4, 2, 2))),
    "pool_behind_the_last_weights": (POOLED_LAST, (P(1, 4, 9, 4), P(4, 8, 1, 2), P(8, 4), P())),
    "wide_activations": (WIDE, (P(1, 4, 3, 2), P(2), P(2, 2, 1, 1), P(1))),
    "colour_one_value_at_a_time": (COLOUR, (P(1, 2, 4, 2), P(2, 4))),
    "colour_in_two_words": (COLOUR, (P(2, 4, 1, 2), P(4, 1))),
    "colour_pixel_by_pixel": (COLOUR, (P(3, 4, 3, 4), P(4, 4))),
    "colour_pooled_first": (COLOUR_POOLED, (P(2), P(2, 2), P(2, 4))),
    "signal": (SIGNAL, (P(5, 4, 2, 2), P(4), P(8, 2))),
    "residuals_serial": (BLOCKS, (P(),) * 9),
    "residuals_in_lanes": (
        BLOCKS,
        (P(1, 2), P(1, 1, 2), P(2, 2, 1, 2), P(2, 2), P(1, 2), P(1, 2, 2), P(2), P(4, 4, 1, 2), P(2)),
    ),
    "wide_sums": (SUMS, (P(2), P(2, 4, 1, 2), P(2, 2, 1, 2), P(2, 2, 1, 1), P(2))),
    "many_taps": (POOLED_LAST, (P(1, 2, 4, 2), P(2, 1, 3), P(1, 1, 4), P())),
}


def pruned(bundle: Bundle, share: float) -> Bundle:
    """The bundle with a share of its ternary and wider weights set to 0."""
    rng = np.random.default_rng(9)
    layers = []
    for layer, trained in zip(bundle.design.layers, bundle.frontend, strict=True):
        weight = trained.weight.copy()
        if layer.learns and layer.weight_bits > 1:
            weight[rng.random(weight.shape) < share] = 0
        layers.append(replace(trained, weight=weight))
    return bundle.with_(frontend=tuple(layers))


@pytest.mark.parametrize("stall", [0.0, 0.3])
@pytest.mark.parametrize("name", CASES)
def test_features_equal_reference(name, stall):
    shape, parallelism = CASES[name]
    bundle = pruned(random_bundle(shape, seed=1), 0.5)
    images = random_images(shape, IMAGES, seed=2)
    expected = frontend.forward(images, shape, bundle.frontend)[-1].transpose(0, 2, 3, 1)
    dut = FrontEnd(bundle, parallelism)
    bench = Bench(dut, seed=3, stall=stall, budget=40_000)
    bench.produce(dut.i, images.reshape(-1).tolist())
    values = bench.consume(dut.o, expected.size)
    bench.run()
    assert [value[0] for value in values] == expected.reshape(-1).tolist()


@pytest.mark.parametrize(
    ("levels", "rows", "row_lanes", "at_once"), [(1, 8, 4, 1), (3, 8, 4, 1), (3, 12, 6, 3), (4, 10, 2, 2)]
)
def test_quantiser_equals_reference(levels, rows, row_lanes, at_once):
    sizes = {"thresholds_per_feature": levels, "rows": rows, "row_lanes": row_lanes}
    shape = design(6, 5, Layer(kind="conv3x3", out_channels=3)).with_(**sizes)
    bundle = random_bundle(shape, seed=4)
    feature_map = frontend.forward(random_images(shape, IMAGES, seed=5), shape, bundle.frontend)[-1]
    front = FrontEnd(bundle, (P(),))
    dut = Quantiser(bundle, front.shape, front.value_range)
    bench = Bench(dut, seed=6)
    bench.produce(dut.i, [[value] for value in feature_map.transpose(0, 2, 3, 1).reshape(-1).tolist()])
    got = bench.consume(dut.o, IMAGES * quantiser_cycles(shape))
    bench.run()
    expected = quantiser.word_line_values(feature_map, bundle.feature_thresholds)
    assert dut.at_once == at_once
    assert [value for group in got for value in group] == expected.reshape(-1).tolist()


@pytest.mark.parametrize(("thresholds", "rounds"), [(1, 1), (3, 1), (7, 1), (15, 3)])
def test_quantiser_gives_levels_of_window_cells(thresholds, rounds):
    shape = design(6, 5, Layer(kind="conv3x3", out_channels=3)).with_(
        cell="window", cell_bits=4, thresholds_per_feature=thresholds
    )
    bundle = random_bundle(shape, seed=4)
    feature_map = frontend.forward(random_images(shape, IMAGES, seed=5), shape, bundle.frontend)[-1]
    front = FrontEnd(bundle, (P(),))
    dut = Quantiser(bundle, front.shape, front.value_range)
    bench = Bench(dut, seed=6)
    bench.produce(dut.i, [[value] for value in feature_map.transpose(0, 2, 3, 1).reshape(-1).tolist()])
    got = bench.consume(dut.o, IMAGES * shape.features)
    bench.run()
    expected = quantiser.word_line_values(feature_map, bundle.feature_thresholds, "window")
    assert quantiser_cycles(shape) == rounds * shape.features
    assert [level for (level,) in got] == expected.reshape(-1).tolist()
    assert {0, thresholds} <= set(expected.reshape(-1).tolist())


def test_cycles_follow_the_nonzero_weights():
    shape = design(
        8,
        8,
        Layer(kind="conv3x3", out_channels=4, activation_bits=2),
        Layer(kind="conv3x3", out_channels=4),
    )
    dense = random_bundle(shape, seed=7)
    serial, blocks = (P(), P()), (P(1, 4), P(4, 4))
    for share in (0.0, 0.5, 0.9):
        bundle = pruned(dense, share)
        nonzero = [int(np.count_nonzero(trained.weight)) for trained in bundle.frontend]
        steps = [sum(schedule.steps) for schedule in schedules_of(bundle, serial)]
        empty = [int((~trained.weight.reshape(4, -1).any(1)).sum()) for trained in bundle.frontend]
        assert steps == [count + extra for count, extra in zip(nonzero, empty, strict=True)]
        assert [sum(schedule.steps) for schedule in schedules_of(bundle, blocks)] <= [9, 9]


def test_unit_reaches_its_cycles_per_image():
    shape = design(8, 8, Layer(kind="conv3x3", out_channels=8))
    bundle = random_bundle(shape, seed=8)
    dut = FrontEnd(bundle, (P(1, 8, 1, 1),))
    bench = Bench(dut, stall=0.0)
    images = random_images(shape, 4, seed=9)
    bench.produce(dut.i, images.reshape(-1).tolist())
    values = bench.consume(dut.o, 4 * shape.features)
    ends = []

    async def count(ctx):
        cycle = 0
        while len(values) < 4 * shape.features:
            await ctx.tick()
            cycle += 1
            if (
                len(values)
                and len(values) % shape.features == 0
                and len(values) // shape.features > len(ends)
            ):
                ends.append(cycle)

    bench.testbench(count)
    bench.run()
    (schedule,) = schedules_of(bundle, (P(1, 8, 1, 1),))
    assert ends[-1] - ends[-2] == schedule.cycles


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"input_lanes": 0}, "input_lanes must be at least 1, got 0"),
        ({"output_lanes": 3}, "output_lanes must be a power of two, got 3"),
        ({"taps": 0}, "taps must be at least 1, got 0"),
        ({"output_lanes": 2, "searchers": 4}, "searchers must be at most output_lanes = 2, got 4"),
    ],
)
def test_parallelism_refuses(values, message):
    with pytest.raises(ValueError, match=message):
        Parallelism(**values)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one parallelism per layer is needed: 1, got 2"):
        FrontEnd(random_bundle(SINGLE, seed=1), (P(), P()))
    with pytest.raises(ValueError, match="layer 0 delivers 2 values at once, which must divide the 1 input"):
        schedules_of(random_bundle(MIXED, seed=1), (P(1, 2, 1, 2), P(), P(), P()))
    with pytest.raises(ValueError, match="takes pixels of 1 values, got 2 input lanes"):
        schedules_of(random_bundle(SINGLE, seed=1), (P(2),))
    with pytest.raises(ValueError, match="takes pixels of 3 values, got 4 input lanes"):
        schedules_of(random_bundle(COLOUR, seed=1), (P(4), P()))
    with pytest.raises(ValueError, match="word_values must be a multiple of item_values = 2, got 1"):
        Regroup(4, items=2, item_values=2, word_values=1, words=4)
