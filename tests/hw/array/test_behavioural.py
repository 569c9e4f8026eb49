"""The array behind its seam: conversions, and programming of single devices."""

import numpy as np
import pytest

from hw.array.behavioural import BehaviouralArray
from hw.geometry import ArrayGeometry
from hw.payloads import ArraySeam, ProgramOperation
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_levels
from tests.helpers.rtl import Bench, load, offer
from tests.helpers.shapes import SHAPES


def apply(codes: np.ndarray, request: dict, max_code: int) -> int:
    """The pulse rule, straight from the docstring of the port."""
    place = request["device"], request["row"], request["match_line"]
    step = {ProgramOperation.READ: 0, ProgramOperation.SET: 1, ProgramOperation.RESET: -1}[
        request["operation"]
    ]
    codes[place] = min(max(int(codes[place]) + step * request["amplitude"], 0), max_code)
    return int(codes[place])


@pytest.mark.parametrize("name", ["plain", "wide_codes", "one_row_per_tile", "one_feature"])
def test_codes_that_were_loaded_are_as_good_as_built_in_ones(name):
    shape = SHAPES[name]
    bundle, other = (random_bundle(shape, seed=seed, codes="random") for seed in (1, 2))
    levels = random_levels(shape, 3, seed=3)
    words = ArrayGeometry(shape).pack_levels(levels).reshape(-1, shape.row_lanes).tolist()
    dut = BehaviouralArray(bundle, spram=True)
    bench = Bench(dut, seed=4)

    async def load_and_classify(ctx):
        await load(ctx, dut, other)  # loading again replaces all of it
        await load(ctx, dut, bundle)
        await offer(ctx, dut.levels, words)

    conversions = bench.consume(dut.conversions, 3 * shape.row_tiles * shape.templates)
    bench.testbench(load_and_classify)
    bench.run()
    expected = pipeline.run_levels(bundle, levels).codes
    assert [item.code for item in conversions] == expected.reshape(-1).tolist()


@pytest.mark.parametrize("spram", [False, True], ids=["block RAM", "single-port RAM"])
@pytest.mark.parametrize(
    "name", ["plain", "rows_not_a_multiple_of_lanes", "several_templates", "more_lanes_than_match_lines"]
)
def test_programming_changes_what_later_images_see(name, spram):
    shape = SHAPES[name]
    bundle = random_bundle(shape, seed=1, codes="random")
    rng = np.random.default_rng(2)
    codes = bundle.array.codes.copy()
    requests = [
        {
            "operation": ProgramOperation(int(rng.integers(3))),
            "device": int(rng.integers(2)),
            "row": int(rng.integers(shape.features)),
            "match_line": int(rng.integers(shape.templates)),
            "amplitude": int(rng.integers(shape.max_code + 1)),
        }
        for _ in range(40)
    ]
    answers = [apply(codes, request, shape.max_code) for request in requests]
    changed = bundle.with_array(codes=codes)
    levels = random_levels(shape, 3, seed=3)
    words = ArrayGeometry(shape).pack_levels(levels).reshape(-1, shape.row_lanes).tolist()

    dut = BehaviouralArray(bundle, spram=spram)
    bench = Bench(dut, seed=4)
    conversions = []

    async def program_then_classify(ctx):
        if spram:
            await load(ctx, dut, bundle)
        for request, answer in zip(requests, answers, strict=True):
            ctx.set(dut.program.payload, request)
            ctx.set(dut.program.valid, 1)
            await ctx.tick().until(dut.program.ready)
            ctx.set(dut.program.valid, 0)
            ctx.set(dut.programmed.ready, 1)
            (got,) = await ctx.tick().sample(dut.programmed.payload).until(dut.programmed.valid)
            ctx.set(dut.programmed.ready, 0)
            assert got == answer, request
        await offer(ctx, dut.levels, words)

    conversions = bench.consume(dut.conversions, 3 * shape.row_tiles * shape.templates)
    bench.testbench(program_then_classify)
    bench.run()
    expected = pipeline.run_levels(changed, levels).codes
    assert [item.code for item in conversions] == expected.reshape(-1).tolist()
    assert not np.array_equal(expected, pipeline.run_levels(bundle, levels).codes)


def test_programming_waits_while_an_image_is_inside():
    shape = SHAPES["plain"]
    bundle = random_bundle(shape, seed=1, codes="random")
    levels = random_levels(shape, 1, seed=2)
    words = ArrayGeometry(shape).pack_levels(levels)[0].tolist()
    dut = BehaviouralArray(bundle)
    bench = Bench(dut)
    codes = []

    async def ask_in_the_middle(ctx):
        ctx.set(dut.conversions.ready, 1)
        for number, word in enumerate(words):
            if number == 1:
                ctx.set(dut.program.payload, {"operation": ProgramOperation.SET, "amplitude": shape.max_code})
                ctx.set(dut.program.valid, 1)
            ctx.set(dut.levels.payload, word)
            ctx.set(dut.levels.valid, 1)
            (accepted,) = await ctx.tick().sample(dut.program.ready).until(dut.levels.ready)
            assert not (number and accepted), "programming must wait for the image"
        ctx.set(dut.levels.valid, 0)
        await ctx.tick().until(dut.program.ready)

    async def collect(ctx):
        while len(codes) < shape.row_tiles * shape.templates:
            (item,) = await ctx.tick().sample(dut.conversions.payload).until(dut.conversions.valid)
            codes.append(item.code)

    bench.testbench(collect)
    bench.testbench(ask_in_the_middle)
    bench.run()
    assert codes == pipeline.run_levels(bundle, levels).codes.reshape(-1).tolist()


def test_seam_is_a_value():
    assert ArraySeam(SHAPES["plain"]) == ArraySeam(SHAPES["plain"])
    assert ArraySeam(SHAPES["plain"]) != ArraySeam(SHAPES["one_tile"])
    assert "shape" in repr(ArraySeam(SHAPES["plain"]))
