"""Requantise against the reference at the extremes: ties, both ends, gains of 0, narrow and full ranges."""

import numpy as np
import pytest
from amaranth.hdl import signed

from hw.frontend.cost import dsps_of
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.requantise import Requantise
from hw.frontend.unit_memories import unit_memories
from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference import frontend
from sw.reference.frontend import LayerParameters, Requantisation
from tests.helpers.rtl import Bench

P = Parallelism
LARGEST = 2**15 - 1
CHANNELS = (
    (1, 0, 1),
    (3, -2, 2),
    (0, 77, 3),
    (LARGEST, 2**40, 31),
    (1, -7, 0),
    (LARGEST, 0, 12),
    (5, 1, 4),
)
"""Multiplier, offset and shift. Reached are: ties, one level only, a step, all levels."""


def schedule_of(bits, size, channels=CHANNELS, weight=1, input_bits=8):
    """A pointwise layer with one input; odd channels have negative weights."""
    layer = Layer(kind="pointwise1x1", out_channels=len(channels), weight_bits=8, activation_bits=bits)
    signs = np.where(np.arange(len(channels)) % 2, -1, 1)
    multiplier, offset, shift = np.array(channels, np.int64).T
    parameters = LayerParameters(
        (weight * signs).astype(np.int8).reshape(-1, 1, 1, 1),
        np.zeros((len(channels), 0), np.int32),
        Requantisation(multiplier.astype(np.int32), offset, shift.astype(np.int32)),
    )
    shape = LayerShape((1, 4, 4), (len(channels), 4, 4), input_bits)
    return LayerSchedule(layer, shape, parameters, size)


def run(schedule, sums, stall=0.3):
    """Levels (N, C) of accumulators (N, C), group after group through the unit."""
    lanes, channels = schedule.parallelism.output_lanes, sums.shape[1]
    rows = np.zeros((len(sums), schedule.groups * lanes), np.int64)
    rows[:, :channels] = sums
    dut = Requantise(schedule, signed(schedule.accumulator_bits))
    bench = Bench(dut, seed=lanes, stall=stall, budget=60_000)
    waits = np.random.default_rng(3)

    async def hold(ctx):
        for group in rows.reshape(-1, lanes).tolist():
            while waits.random() < stall:
                await ctx.tick()
            ctx.set(dut.held, group)
            ctx.set(dut.held_valid, 1)
            await ctx.tick().until(dut.held_done)
            ctx.set(dut.held_valid, 0)

    bench.testbench(hold)
    items = bench.consume(dut.o, rows.size // schedule.parallelism.searchers)
    bench.run()
    return np.array([list(item) for item in items]).reshape(rows.shape)[:, :channels]


@pytest.mark.parametrize("bits", [5, 6, 7, 8])
@pytest.mark.parametrize("size", [P(), P(1, 4, 1, 2), P(1, 8, 1, 8)], ids=str)
def test_every_accumulator_gives_the_level_of_the_reference(bits, size):
    schedule = schedule_of(bits, size)
    values = np.arange(256) if size != P() else np.arange(0, 256, 3)
    sums = values[:, np.newaxis] * schedule.parameters.weight.reshape(-1).astype(np.int64)
    want = frontend.requantise(sums, schedule.parameters.requantisation, schedule.layer)
    assert np.array_equal(run(schedule, sums), want)
    assert {0, 2**bits - 1} <= set(want.reshape(-1).tolist())


def test_both_ends_of_wide_accumulators():
    channels = ((LARGEST, -(2**40), 9), (LARGEST, 2**40, 28), (2**14, 0, 20), (1, 2**20, 12))
    schedule = schedule_of(8, P(1, 2), channels, weight=127, input_bits=16)
    weight = schedule.parameters.weight.reshape(-1).astype(np.int64)
    sums = np.array([0, 1, 2**15, 2**16 - 2, 2**16 - 1])[:, np.newaxis] * weight
    assert schedule.accumulator_bits == 24
    want = frontend.requantise(sums, schedule.parameters.requantisation, schedule.layer)
    assert np.array_equal(run(schedule, sums), want)


def test_channels_with_one_level_take_no_wide_numbers():
    """The offset of 2**40 and the shift of 31 belong to a channel that always gives the same level."""
    flat = schedule_of(6, P(), ((0, 9 << 20, 20), (LARGEST, 2**40, 3), (900, 5, 8))).transfer
    assert flat.tables.multiplier.tolist() == [0, 0, 900]
    assert flat.tables.offset.tolist() == [(9 << 8) + 128, (63 << 8) + 128, 5 + 128]
    assert flat.shifts == (8,)
    assert (flat.choice_bits, flat.multiplier_bits, flat.offset_bits) == (0, 10, 15)


def test_all_channels_with_one_level_are_constants():
    schedule = schedule_of(5, P(1, 4), ((0, 9 << 20, 20), (7, -(2**30), 3), (0, 99, 0)))
    assert (schedule.transfer.shifts, schedule.transfer.total_bits) == ((0,), 6)
    assert run(schedule, np.array([[0, 0, 0], [255, -255, 255]])).tolist() == [[9, 0, 31]] * 2


@pytest.mark.parametrize("bits", [5, 8])
def test_thresholds_give_the_same_levels_at_every_accumulator(bits):
    schedule = schedule_of(bits, P(), weight=127)
    sums = np.arange(256)[:, np.newaxis] * schedule.parameters.weight.reshape(-1).astype(np.int64)
    want = frontend.requantise(sums, schedule.parameters.requantisation, schedule.layer)
    assert np.array_equal(frontend.activate(sums, schedule.transfer.thresholds()), want)


def test_memory_and_cycles_are_planned():
    schedule = schedule_of(8, P(1, 4, 1, 2))
    plans = [plan for plan in unit_memories(schedule, 8, "x", contents=True) if "transfer" in plan.name]
    assert [(plan.name, plan.depth) for plan in plans] == [("x.transfer.0", 4), ("x.transfer.1", 4)]
    assert all(max(plan.contents).bit_length() <= plan.width == schedule.transfer.width for plan in plans)
    assert schedule.search_cycles == 2


@pytest.mark.parametrize(
    ("weight_bits", "input_bits", "size", "ice40", "ecp5"),
    [
        (2, 8, P(1, 4, 1, 1), 1, 1),
        (2, 8, P(1, 4, 1, 2), 2, 2),
        (4, 7, P(2, 2, 1, 1), 2, 1),
        (4, 6, P(2, 2, 1, 1), 1, 1),
        (8, 8, P(2, 2, 1, 1), 6, 6),
    ],
)
def test_multipliers_are_those_that_synthesis_takes(weight_bits, input_bits, size, ice40, ecp5):
    """Counts of Yosys 0.70 for such units."""
    layer = Layer(kind="conv3x3", out_channels=4, weight_bits=weight_bits, activation_bits=8)
    weight = np.full((4, 12, 3, 3), layer.weight_limit, np.int8)
    tables = Requantisation(np.full(4, 2**14, np.int32), np.zeros(4, np.int64), np.full(4, 20, np.int32))
    parameters = LayerParameters(weight, np.zeros((4, 0), np.int32), tables)
    schedule = LayerSchedule(layer, LayerShape((12, 4, 4), (4, 4, 4), input_bits), parameters, size)
    assert dsps_of(schedule, input_bits, "ice40") == ice40
    assert dsps_of(schedule, input_bits, "ecp5") == ecp5
