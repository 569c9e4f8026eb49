"""The whole accelerator against the reference, at corner shapes, under stalls, and its cycles."""

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.geometry import ArrayGeometry
from hw.sizing.array_timing import accelerator_timing
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_levels
from tests.helpers.rtl import Bench
from tests.helpers.shapes import SHAPES

IMAGES = 6
IDLE_CYCLES = 50
"""Enough for noise values to be there."""


BOTH = {"noise": True, "inl": True}
CASES = [
    *(pytest.param(name, {}, id=name) for name in SHAPES),
    *(pytest.param(name, BOTH, id=f"{name}, noise, nonlinearity") for name in SHAPES),
    pytest.param("plain", {"noise": True}, id="plain, noise"),
    pytest.param("plain", {"inl": True}, id="plain, nonlinearity"),
]


@pytest.mark.parametrize(("name", "imperfections"), CASES)
def test_equals_reference_under_stalls(name, imperfections):
    shape = SHAPES[name]
    bundle = random_bundle(shape, seed=1, codes="random", **imperfections)
    expected = pipeline.run_levels(bundle, random_levels(shape, IMAGES, seed=2))
    words = ArrayGeometry(shape).pack_levels(expected.levels).reshape(-1, shape.row_lanes)

    dut = Accelerator(bundle)
    bench = Bench(dut, seed=3)
    bench.produce(dut.levels, words.tolist())
    conversions = bench.watch(dut.conversion_tap, expected.codes.size)
    results = bench.consume(dut.result, IMAGES)
    bench.run()

    order = [(tile, line) for tile in range(shape.row_tiles) for line in range(shape.templates)] * IMAGES
    assert [(item.row_tile, item.match_line) for item in conversions] == order
    assert [item.code for item in conversions] == expected.codes.reshape(-1).tolist()
    got = [(item.template, item.label, item.margin, item.accepted) for item in results]
    assert got == list(
        zip(expected.template, expected.label, expected.margin, expected.accepted, strict=True)
    )


@pytest.mark.parametrize("name", ["plain", "two_classes", "several_templates", "more_lanes_than_match_lines"])
def test_scores_can_be_read_back_after_each_image(name):
    shape = SHAPES[name]
    bundle = random_bundle(shape, seed=4, codes="random")
    expected = pipeline.run_levels(bundle, random_levels(shape, IMAGES, seed=5))
    words = ArrayGeometry(shape).pack_levels(expected.levels)
    dut = Accelerator(bundle)
    bench = Bench(dut)
    scores = np.zeros_like(expected.scores)

    async def classify_and_read(ctx):
        ctx.set(dut.result.ready, 1)
        for image in range(IMAGES):
            for word in words[image].tolist():
                ctx.set(dut.levels.payload, word)
                ctx.set(dut.levels.valid, 1)
                await ctx.tick().until(dut.levels.ready)
            ctx.set(dut.levels.valid, 0)
            await ctx.tick().until(dut.result.valid)
            for template in range(shape.templates):
                ctx.set(dut.score_address, template)
                await ctx.tick()
                scores[image, template] = ctx.get(dut.score)

    bench.testbench(classify_and_read)
    bench.run()
    assert scores.tolist() == expected.scores.tolist()


@pytest.mark.parametrize(
    ("name", "imperfections"),
    [
        *((name, {}) for name in SHAPES),
        *(
            (name, BOTH)
            for name in ("plain", "one_row_per_tile", "short_tile_many_lines", "windows_that_leak")
        ),
    ],
)
def test_timing_model_is_exact(name, imperfections):
    shape = SHAPES[name]
    images = 4
    bundle = random_bundle(shape, seed=6, **imperfections)
    dut = Accelerator(bundle)
    bench = Bench(dut)
    results = []

    async def keep_busy(ctx):
        await ctx.tick().repeat(IDLE_CYCLES)
        ctx.set(dut.levels.valid, 1)
        ctx.set(dut.result.ready, 1)
        words_left, cycle = images * ArrayGeometry(shape).words, 0
        while len(results) < images:
            if ctx.get(dut.result.valid):
                results.append(cycle)
            if words_left and ctx.get(dut.levels.ready):
                words_left -= 1
            await ctx.tick()
            ctx.set(dut.levels.valid, words_left > 0)
            cycle += 1

    bench.testbench(keep_busy)
    bench.run()
    assert accelerator_timing(bundle) == (results[0], results[-1] - results[-2])
