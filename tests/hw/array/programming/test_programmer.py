"""Write-verify in hardware against the reference: programmer and array together, with injected faults."""

from math import gcd

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.geometry import ArrayGeometry
from hw.payloads import CellOperation, Fault
from sw.reference import pipeline
from sw.reference.pulse import (
    PulseRule,
    device_indices,
    erased_states,
    stuck_devices,
    target_states,
    write_verify,
)
from tests.helpers.bundles import random_bundle, random_levels
from tests.helpers.rtl import Bench, load, offer
from tests.helpers.shapes import SHAPES

EASY = PulseRule(key=(1, 2, 3, 4), lrs_state=3, max_pulses=20)
HARD = PulseRule(
    key=(9, 8, 7, 6),
    device_spread=120,
    cycle_spread=200,
    p_stuck_hrs=4_000,
    p_stuck_lrs=4_000,
    hrs_state=1,
    lrs_state=6,
    start_amplitude=70,
    amplitude_step=120,
    max_pulses=9,
)
CASES = {
    "no spread": ("plain", EASY),
    "spread, stuck devices, few pulses": ("rows_not_a_multiple_of_lanes", HARD),
    "tolerance": ("several_templates", HARD.model_copy(update={"tolerance": 1})),
    "lanes": ("more_lanes_than_match_lines", HARD),
    "windows": ("windows_that_leak", HARD),
}


def bundle_of(shape, rule, *, imperfect=False):
    design = SHAPES[shape].with_(cell_bits=3)
    return random_bundle(design, seed=1, pulse=rule, noise=imperfect, inl=imperfect)


MOST_CELLS = 20


def cells_of(design):
    return [(row, line) for line in range(design.templates) for row in range(design.features)]


def cells_to_write(design):
    """All cells of a small array; of a larger one every n-th, with an n that comes to other rows per line."""
    cells = cells_of(design)
    step = -(-len(cells) // MOST_CELLS)
    while gcd(step, len(cells)) > 1:
        step += 1
    return cells[::step]


@pytest.mark.parametrize("shape", sorted({shape for shape, _ in CASES.values()}))
def test_cells_that_are_written_lie_in_every_tile_and_line(shape):
    design = SHAPES[shape]
    cells = cells_to_write(design)
    assert {row // design.rows for row, _ in cells} == set(range(design.row_tiles))
    assert {line for _, line in cells} == set(range(design.templates))


async def ask(ctx, dut, **request):
    ctx.set(dut.write.payload, request)
    ctx.set(dut.write.valid, 1)
    ctx.set(dut.written.ready, 1)
    answer = dut.written.payload
    (bits,) = await ctx.tick().sample(answer.as_value()).until(dut.written.valid)
    ctx.set(dut.write.valid, 0)
    ctx.set(dut.written.ready, 0)
    return answer.shape().from_bits(bits)


@pytest.mark.parametrize(
    ("name", "spram", "imperfect"),
    [
        *((name, False, False) for name in CASES),
        ("lanes", True, False),
        ("no spread", False, True),
        ("windows", False, True),
    ],
)
def test_array_is_programmed_as_the_reference_programs_it(name, spram, imperfect):
    shape, rule = CASES[name]
    bundle = bundle_of(shape, rule, imperfect=imperfect)
    design = bundle.design
    indices = device_indices(design.features, design.templates)
    erased = erased_states(indices, rule)
    targets = target_states(bundle.templates, design, rule)
    expected = write_verify(erased, targets, indices, rule, design.max_code)
    cells = cells_to_write(design)
    written = np.zeros(erased.shape, bool)
    written[:, *zip(*cells, strict=True)] = True
    blank = bundle.with_array(codes=erased.astype(np.uint8))
    programmed = bundle.with_array(codes=np.where(written, expected.states, erased).astype(np.uint8))
    levels = random_levels(design, 2, seed=3)
    words = ArrayGeometry(design).pack_levels(levels).reshape(-1, design.row_lanes).tolist()
    dut = Accelerator(blank, spram=spram)
    bench = Bench(dut, seed=4, budget=300_000)

    async def program_then_classify(ctx):
        if spram:
            await load(ctx, dut, blank)
        for row, line in cells:
            got = await ask(
                ctx,
                dut,
                operation=CellOperation.WRITE,
                row=row,
                match_line=line,
                targets=targets[:, row, line].tolist(),
            )
            place = slice(None), row, line
            assert list(got.codes) == expected.states[place].tolist(), place
            assert [got.failed >> device & 1 for device in range(2)] == expected.failed[place].tolist(), place
            assert got.sets == expected.sets[place].sum(), place
            assert got.resets == expected.resets[place].sum(), place
        assert ctx.get(dut.failures) == expected.failed[written].sum()
        await offer(ctx, dut.levels, words)

    bench.consume(dut.result, 2)
    conversions = bench.watch(dut.conversion_tap, 2 * design.row_tiles * design.templates)
    bench.testbench(program_then_classify)
    bench.run()
    reference = pipeline.run_levels(programmed, levels).codes
    assert [item.code for item in conversions] == reference.reshape(-1).tolist()
    assert expected.failed[written].any() == (rule is not EASY)


def test_cycles_of_a_cell_and_of_a_pulse():
    bundle = bundle_of("plain", EASY)
    codes = bundle.array.codes[:, 0, 0].tolist()
    dut = Accelerator(bundle)
    bench = Bench(dut)

    async def cycles_of(ctx, targets):
        """From the first cycle of the request to that of the answer."""
        request = {"operation": CellOperation.WRITE, "row": 0, "match_line": 0, "targets": targets}
        ctx.set(dut.write.payload, request)
        ctx.set(dut.write.valid, 1)
        cycles = 0
        while not ctx.get(dut.written.valid):
            await ctx.tick()
            cycles += 1
        answer = ctx.get(dut.written.payload)
        ctx.set(dut.written.ready, 1)
        await ctx.tick()
        ctx.set(dut.written.ready, 0)
        ctx.set(dut.write.valid, 0)
        await ctx.tick()
        return cycles, answer.sets + answer.resets

    async def write(ctx):
        assert await cycles_of(ctx, codes) == (21, 0)
        cycles, pulses = await cycles_of(ctx, [7 - code for code in codes])
        assert pulses > 1 and cycles == 21 + 73 * pulses

    bench.testbench(write)
    bench.run()


def test_injected_faults_hold_a_device_until_they_are_cleared():
    bundle = bundle_of("plain", EASY)
    design = bundle.design
    cells = cells_of(design)[:9]
    indices = device_indices(design.features, design.templates)
    all_stuck = EASY.model_copy(update={"p_stuck_hrs": 2**16})
    states = bundle.array.codes.astype(np.int64)
    dut = Accelerator(bundle)
    bench = Bench(dut, budget=100_000)

    async def inject(ctx, cell, device, fault):
        row, line = cell
        place = device, row, line
        answer = await ask(
            ctx, dut, operation=CellOperation.FAULT, row=row, match_line=line, device=device, fault=fault
        )
        if not answer.refused and fault is not Fault.CLEAR:
            states[place] = EASY.lrs_state if fault is Fault.LRS else EASY.hrs_state
        assert answer.codes[0] == states[place]
        return answer.refused

    async def write(ctx, cell, target, held):
        row, line = cell
        answer = await ask(
            ctx, dut, operation=CellOperation.WRITE, row=row, match_line=line, targets=[target, target]
        )
        for device in range(2):
            place = slice(device, device + 1), slice(row, row + 1), slice(line, line + 1)
            rule = all_stuck if device == held else EASY
            done = write_verify(
                states[place], np.full((1, 1, 1), target), indices[place], rule, design.max_code
            )
            states[place] = done.states
            assert answer.codes[device] == done.states.item()
            assert answer.failed >> device & 1 == done.failed.item() == (device == held)

    async def play(ctx):
        for number, cell in enumerate(cells[:8]):
            fault = Fault.LRS if number % 2 else Fault.HRS
            assert not await inject(ctx, cell, number % 2, fault)
        assert await inject(ctx, cells[8], 0, Fault.LRS)  # no more room
        await write(ctx, cells[8], 5, held=None)
        for number, cell in enumerate(cells[:8]):
            await write(ctx, cell, 5, held=number % 2)
        assert not await inject(ctx, cells[3], 1, Fault.HRS)  # a listed one may change sides
        await write(ctx, cells[3], 5, held=1)
        for cell in (cells[8], cells[2]):  # the first is not listed, which does nothing
            assert not await inject(ctx, cell, 0, Fault.CLEAR)
        await write(ctx, cells[2], 5, held=None)
        assert not await inject(ctx, cells[8], 1, Fault.HRS)  # takes the free place
        assert await inject(ctx, cells[2], 0, Fault.HRS)
        for row, line in cells:
            answer = await ask(ctx, dut, operation=CellOperation.READ, row=row, match_line=line)
            assert list(answer.codes) == states[:, row, line].tolist()
            assert not (answer.failed or answer.sets or answer.resets)

    bench.testbench(play)
    bench.run()


def test_rule_has_devices_of_every_kind():
    hrs, lrs = stuck_devices(device_indices(18, 6), HARD)
    assert hrs.any() and lrs.any() and not (hrs | lrs).all()
