"""The request guard: what it lets pass, when it drops, and when it stops."""

import pytest

from hw.host.guard import RequestGuard
from tests.helpers.rtl import Bench

DIVISOR, IDLE_BITS = 5, 6
IDLE_CYCLES = DIVISOR * IDLE_BITS


@pytest.fixture(autouse=True)
def short_silence(monkeypatch):
    monkeypatch.setattr("hw.host.guard.IDLE_BITS", IDLE_BITS)


def run(process):
    dut = RequestGuard(DIVISOR)
    bench = Bench(dut)
    bench.testbench(lambda ctx: process(ctx, dut))
    bench.run()


async def byte(ctx, dut, value):
    """A byte for one cycle: whether it passed."""
    ctx.set(dut.i.payload, value)
    ctx.set(dut.i.valid, 1)
    assert ctx.get(dut.i.ready)
    passed = ctx.get(dut.o.valid)
    assert not passed or ctx.get(dut.o.payload) == value
    await ctx.tick()
    ctx.set(dut.i.valid, 0)
    return passed


async def cycles_until(ctx, dut, drop):
    for cycles in range(1, 3 * IDLE_CYCLES):
        await ctx.tick()
        if ctx.get(dut.drop) == drop:
            return cycles
    return None


def test_bytes_pass_and_wait_in_front_of_a_controller_that_is_not_ready():
    async def process(ctx, dut):
        ctx.set(dut.i.valid, 1)
        for ready in (0, 1, 0):
            ctx.set(dut.o.ready, ready)
            assert (ctx.get(dut.i.ready), ctx.get(dut.o.valid)) == (ready, 1)
            await ctx.tick().repeat(2 * IDLE_CYCLES)
        assert not ctx.get(dut.drop)

    run(process)


@pytest.mark.parametrize("busy", [0, 1])
def test_silence_drops_a_request_that_waits_and_nothing_else(busy):
    async def process(ctx, dut):
        ctx.set(dut.o.ready, 1)
        ctx.set(dut.busy, busy)
        assert await byte(ctx, dut, 7)
        assert await cycles_until(ctx, dut, 1) is None
        assert await byte(ctx, dut, 8)
        ctx.set(dut.waiting, 1)
        assert await cycles_until(ctx, dut, 1) == IDLE_CYCLES + 1
        ctx.set(dut.waiting, 0)
        ctx.set(dut.busy, 0)
        assert await cycles_until(ctx, dut, 0) == 1
        assert await byte(ctx, dut, 9)

    run(process)


def test_bytes_that_come_in_time_keep_a_request():
    async def process(ctx, dut):
        ctx.set(dut.o.ready, 1)
        ctx.set(dut.waiting, 1)
        for value in range(5):
            assert await byte(ctx, dut, value)
            await ctx.tick().repeat(IDLE_CYCLES - 1)
            assert not ctx.get(dut.drop)

    run(process)


def test_behind_a_broken_byte_nothing_passes_until_the_line_is_silent_and_the_controller_done():
    async def process(ctx, dut):
        ctx.set(dut.o.ready, 1)
        ctx.set(dut.busy, 1)
        ctx.set(dut.broken, 1)
        await ctx.tick().repeat(2 * IDLE_CYCLES)
        assert ctx.get(dut.drop)
        ctx.set(dut.broken, 0)
        for _ in range(4):
            assert not await byte(ctx, dut, 1)
            await ctx.tick().repeat(IDLE_CYCLES - 3)
        assert await cycles_until(ctx, dut, 0) is None
        ctx.set(dut.busy, 0)
        assert await cycles_until(ctx, dut, 0) == 1
        ctx.set(dut.broken, 1)
        await ctx.tick()
        ctx.set(dut.broken, 0)
        assert not await byte(ctx, dut, 2)
        assert await cycles_until(ctx, dut, 0) == IDLE_CYCLES + 1
        assert await byte(ctx, dut, 3)

    run(process)
