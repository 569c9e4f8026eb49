"""Layer units against the reference: every width of weights with every width of activations."""

from itertools import cycle, product

import numpy as np
import pytest

from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.layer import LayerUnit
from sw.design import Layer
from sw.design.layer import LayerShape
from tests.helpers.bundles import random_layer
from tests.helpers.rtl import Bench

IMAGES = 2
P = Parallelism

KINDS = (
    ("conv3x3", 5, 3, 2, P(2, 2, 1, 1)),
    ("depthwise3x3", None, 3, 1, P(1, 4, 1, 2)),
    ("pointwise1x1", 7, 5, 1, P(4, 4, 1, 4)),
    ("conv3x3", 3, 1, 1, P(1, 1, 3, 1)),
    ("depthwise3x3", None, 5, 2, P(2, 2, 1, 2)),
)
"""Kind, output and input channels, stride, size; odd channels leave lanes without a channel."""

COMBINATIONS = [
    (weight_bits, bits, kind)
    for (weight_bits, bits), kind in zip(product((1, 2, 4, 8), range(1, 9)), cycle(KINDS), strict=False)
]


def padded(values, channels):
    """Values (N, C, H, W) as rows of `channels`, pixel after pixel."""
    count, have, height, width = values.shape
    rows = np.zeros((count * height * width, channels), np.int64)
    rows[:, :have] = values.transpose(0, 2, 3, 1).reshape(-1, have)
    return rows


@pytest.mark.parametrize(
    ("weight_bits", "bits", "geometry"), COMBINATIONS, ids=[f"{w}x{b}" for w, b, _ in COMBINATIONS]
)
def test_every_width_of_weights_and_activations(weight_bits, bits, geometry):
    kind, out, channels, stride, size = geometry
    layer = Layer(kind=kind, out_channels=out, stride=stride, weight_bits=weight_bits, activation_bits=bits)
    rng = np.random.default_rng([weight_bits, bits])
    input_bits = int(rng.integers(1, 8, endpoint=True))
    values = rng.integers(0, 2**input_bits, (IMAGES, channels, 5, 4))
    parameters, expected = random_layer(rng, layer, values)
    outputs = expected.shape[1:]
    schedule = LayerSchedule(layer, LayerShape((channels, 5, 4), outputs, input_bits), parameters, size)

    dut = LayerUnit(schedule, input_bits)
    bench = Bench(dut, seed=bits, stall=0.3)
    words = padded(values, schedule.input_words * size.input_lanes).reshape(-1, size.input_lanes)
    bench.produce(dut.i, words.tolist())
    items = bench.consume(dut.o, IMAGES * outputs[1] * outputs[2] * dut.items)
    bench.run()
    got = np.array([list(item) for item in items]).reshape(-1, dut.items * dut.item_values)
    assert np.array_equal(got[:, : outputs[0]], padded(expected, outputs[0]))
    assert np.ptp(expected) > 2**bits // 3, "the case must exercise many levels"


@pytest.mark.parametrize("bits", [5, 8])
def test_a_wide_unit_reaches_its_cycles_per_image(bits):
    layer = Layer(kind="pointwise1x1", out_channels=8, activation_bits=bits)
    rng = np.random.default_rng(bits)
    values = rng.integers(0, 256, (4, 1, 4, 4))
    parameters, expected = random_layer(rng, layer, values)
    shape = LayerShape((1, 4, 4), expected.shape[1:], 8)
    schedule = LayerSchedule(layer, shape, parameters, P(1, 8, 1, 2))
    dut = LayerUnit(schedule, 8)
    bench = Bench(dut, stall=0.0)
    bench.produce(dut.i, [[value] for value in values.reshape(-1).tolist()])
    ends = []

    async def take(ctx):
        ctx.set(dut.o.ready, 1)
        cycle, items = 0, 0
        while len(ends) < 4:
            _, _, valid = await ctx.tick().sample(dut.o.valid)
            cycle, items = cycle + 1, items + valid
            if valid and items % (16 * dut.items) == 0:
                ends.append(cycle)

    bench.testbench(take)
    bench.run()
    assert schedule.cycles == 16 * 4
    assert np.diff(ends).tolist() == [schedule.cycles] * 3
