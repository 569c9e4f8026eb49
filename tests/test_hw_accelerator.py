"""The whole accelerator against the reference, at corner shapes, under stalls, and its cycles."""

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.geometry import ArrayGeometry
from hw.timing import accelerator_timing
from sw.design import DesignPoint
from sw.reference import pipeline
from tests.bundles import random_bundle, random_levels
from tests.rtl import Bench

IMAGES = 6
IDLE_CYCLES = 50
"""Enough for noise values to be there."""


def design(**changes) -> DesignPoint:
    base = {"name": "shape", "height": 5, "width": 7, "classes": 3, "rows": 8, "cols": 4, "cols_per_adc": 2}
    return DesignPoint(**{**base, "cell_bits": 3, "adc_bits": 5, "row_lanes": 4, **changes})


SHAPES = {
    "plain": design(),
    "ideal_adc": design(adc_bits=None),
    "ideal_cells": design(adc_bits=None, cell_bits=1),
    "one_row_per_tile": design(rows=1, row_lanes=1),
    "one_tile": design(rows=64),
    "rows_not_a_multiple_of_lanes": design(rows=11, row_lanes=4),
    "two_classes": design(classes=2),
    "several_templates": design(templates_per_class=3),
    "thermometer": design(thresholds_per_feature=3),
    "match_lines_not_a_multiple_of_lanes": design(templates_per_class=3, col_lanes=4),
    "more_lanes_than_match_lines": design(col_lanes=8),
    "short_tile_many_lines": design(rows=4, templates_per_class=4, col_lanes=12),
    "one_feature": design(height=1, width=1),
    "wide_codes": design(cell_bits=8, adc_bits=10),
    "one_bit_adc": design(adc_bits=1),
    "large_margin": design(margin=6),
    "windows": design(cell="window", thresholds_per_feature=3),
    "one_bit_windows": design(cell="window", cell_bits=1, rows=11, adc_bits=None),
    "windows_that_leak": design(
        cell="window",
        thresholds_per_feature=7,
        match_code=5,
        mismatch_code=2,
        rows=11,
        templates_per_class=3,
        col_lanes=4,
    ),
    "narrow_levels_in_wide_windows": design(
        cell="window", thresholds_per_feature=3, cell_bits=8, match_code=200, mismatch_code=3, rows=9
    ),
}


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


@pytest.mark.parametrize(("name", "imperfections"), CASES)
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
