"""Read noise: values against the reference, image by image, whatever came before, and when they come."""

from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.array.noise.noise_values import KEY_CYCLES, VALUE_CYCLES, NoiseValues, noise_bits
from hw.array.noise.read_noise import ReadNoiseAdder
from hw.geometry import ArrayGeometry
from sw.reference import noise as reference
from sw.reference import pipeline
from sw.reference.noise import BYTES_MEAN, CONVERSION_ROUNDS, IMAGE_ROUNDS, SCALE_BITS, ReadNoise
from tests.helpers.bundles import random_bundle, random_levels, random_noise
from tests.helpers.rtl import Bench
from tests.helpers.shapes import SHAPES

INDICES = (0, 70_000, 2**32 - 1)
"""The last one is followed by 0."""


def values_of(shape, noise, first, images):
    """Noise of some images in the order of their conversions."""
    keys = keys_of(noise, first, images)
    return reference.conversion_noise(noise, keys, shape.templates).reshape(-1).tolist()


def keys_of(noise, first, images):
    indices = np.arange(first, first + images).astype(np.uint32)
    return reference.image_keys(noise.key, indices)


async def set_index(ctx, dut, index):
    ctx.set(dut.next_image.payload, index)
    ctx.set(dut.next_image.valid, 1)
    await ctx.tick()
    ctx.set(dut.next_image.valid, 0)


@pytest.mark.parametrize("name", ["plain", "ideal_adc", "one_row_per_tile", "one_tile", "one_feature"])
@pytest.mark.parametrize("alike", [False, True], ids=["scales by tile", "one scale"])
def test_values_are_those_of_the_reference(name, alike):
    shape = SHAPES[name]
    noise = random_noise(np.random.default_rng(1), shape)
    if alike:
        noise = replace(noise, scale=np.full_like(noise.scale, 300))
    per_image = shape.row_tiles * shape.templates
    dut = NoiseValues(shape, noise)
    bench = Bench(dut)
    rng = np.random.default_rng(2)

    async def take(ctx, count, stall):
        got = []
        while len(got) < count:
            ctx.set(dut.o.ready, int(rng.random() >= stall))
            valid, ready, value = ctx.get(dut.o.valid), ctx.get(dut.o.ready), ctx.get(dut.o.payload)
            if valid and ready:
                got.append(value)
            await ctx.tick()
        ctx.set(dut.o.ready, 0)
        return got

    async def ask(ctx):
        assert await take(ctx, 2 * per_image, 0.5) == values_of(shape, noise, 0, 2)
        for index in INDICES:
            await set_index(ctx, dut, index)
            assert await take(ctx, 2 * per_image, 0.0) == values_of(shape, noise, index, 2)
            await ctx.tick().repeat(int(rng.integers(40)))  # part of the next image is made and thrown away
            await take(ctx, int(rng.integers(per_image)), 0.3)

    bench.testbench(ask)
    bench.run()


@pytest.mark.parametrize(("scale", "shift"), [(2**SCALE_BITS - 1, 1), (1, 31), (0, 1)])
def test_extreme_scales(scale, shift):
    shape = SHAPES["several_templates"]
    key = np.array([1, 2, 3, 4], np.uint16)
    noise = ReadNoise(key, np.full(shape.row_tiles, scale, np.int32), shift)
    largest = (BYTES_MEAN * scale + (1 << shift >> 1)) >> shift
    assert -(2 ** (noise_bits(noise) - 1)) <= -largest <= largest < 2 ** (noise_bits(noise) - 1)
    dut = NoiseValues(shape, noise)
    bench = Bench(dut, seed=3)
    got = bench.consume(dut.o, 5 * shape.row_tiles * shape.templates)
    bench.run()
    assert got == values_of(shape, noise, 0, 5)


def test_one_value_per_cycle_and_a_pause_between_images():
    shape = SHAPES["one_row_per_tile"]
    per_image = shape.row_tiles * shape.templates
    dut = NoiseValues(shape, random_noise(np.random.default_rng(1), shape))
    bench = Bench(dut)
    came = []

    async def always_take(ctx):
        ctx.set(dut.o.ready, 1)
        cycle = 0
        while len(came) < 2 * per_image:
            if ctx.get(dut.o.valid):
                came.append(cycle)
            cycle += 1
            await ctx.tick()

    bench.testbench(always_take)
    bench.run()
    assert came[0] == IMAGE_ROUNDS[-1] + VALUE_CYCLES
    distances = np.diff(came)
    assert set(np.delete(distances, per_image - 1).tolist()) == {1}
    assert distances[per_image - 1] == KEY_CYCLES + CONVERSION_ROUNDS


@pytest.mark.parametrize("name", ["plain", "one_row_per_tile", "windows_that_leak"])
def test_currents_saturate_at_both_ends(name):
    shape = SHAPES[name]
    noise = ReadNoise(np.arange(4, dtype=np.uint16), np.full(shape.row_tiles, 900, np.int32), 8)
    rng = np.random.default_rng(4)
    largest = [[shape.max_current_in_tile(tile)] for tile in range(shape.row_tiles)]
    currents = rng.integers(0, largest, (6, shape.row_tiles, shape.templates), endpoint=True)
    dut = ReadNoiseAdder(shape, noise)
    bench = Bench(dut, seed=5)
    items = [
        {"row_tile": tile, "match_line": line, "current": int(current)}
        for image in currents
        for (tile, line), current in np.ndenumerate(image)
    ]
    bench.produce(dut.i, items)
    got = bench.consume(dut.o, currents.size)
    bench.run()
    expected = reference.add_read_noise(currents, noise, keys_of(noise, 0, 6), shape)
    assert [item.current for item in got] == expected.reshape(-1).tolist()
    for of_tile, (top,) in zip(expected.transpose(1, 0, 2), largest, strict=True):
        assert {0, top} <= set(of_tile.flatten().tolist())
    places = [(item["row_tile"], item["match_line"]) for item in items]
    assert [(item.row_tile, item.match_line) for item in got] == places


def test_scores_with_strong_noise_fit_when_the_last_tile_is_short():
    """17 rows of 4 bits: scores have 8 bits, and twice the largest current of a full tile has 9."""
    shape = SHAPES["ideal_adc"].with_(height=1, width=17, rows=16, cell_bits=4)
    noise = ReadNoise(np.arange(4, dtype=np.uint16), np.full(2, 1023, np.int32), 1)
    bundle = random_bundle(shape, seed=1, codes="random").with_array(read_noise=noise)
    expected = pipeline.run_levels(bundle, random_levels(shape, 20, seed=2))
    assert expected.scores.max() == shape.max_score == 255
    words = ArrayGeometry(shape).pack_levels(expected.levels).reshape(-1, shape.row_lanes)
    dut = Accelerator(bundle)
    bench = Bench(dut, seed=3)
    bench.produce(dut.levels, words.tolist())
    results = bench.consume(dut.result, 20)
    bench.run()
    got = [(item.template, item.margin) for item in results]
    assert got == list(zip(expected.template, expected.margin, strict=True))


@pytest.mark.parametrize("name", ["plain", "several_templates", "windows"])
def test_noise_of_an_image_is_the_same_whatever_came_before(name):
    shape = SHAPES[name]
    bundle = random_bundle(shape, seed=1, codes="random", noise=True)
    levels = random_levels(shape, 1, seed=2)
    words = ArrayGeometry(shape).pack_levels(levels)[0].tolist()
    dut = Accelerator(bundle)
    bench = Bench(dut)
    order = (5, 0, 5, 70_000, 5)

    async def ask(ctx):
        ctx.set(dut.result.ready, 1)
        for index in order:
            await set_index(ctx, dut, index)
            for word in words:
                ctx.set(dut.levels.payload, word)
                ctx.set(dut.levels.valid, 1)
                await ctx.tick().until(dut.levels.ready)
            ctx.set(dut.levels.valid, 0)
            await ctx.tick().until(dut.result.valid)

    watched = bench.watch(dut.conversion_tap, len(order) * shape.row_tiles * shape.templates)
    bench.testbench(ask)
    bench.run()
    codes = np.reshape([item.code for item in watched], (len(order), -1)).tolist()
    assert codes == [pipeline.run_levels(bundle, levels, index).codes.reshape(-1).tolist() for index in order]
    assert len({tuple(code) for code in codes}) > 1
