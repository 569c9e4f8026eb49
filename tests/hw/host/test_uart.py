"""UART pins: frames, clocks that are off, glitches, breaks, noise, divisors."""

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.host.uart import UartReceiver, UartTransmitter
from tests.helpers.rtl import Bench


class Loop(wiring.Component):
    """Transmitter wired to receiver."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def __init__(self, divisor: int):
        self._divisor = divisor
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.transmitter = transmitter = UartTransmitter(self._divisor)
        m.submodules.receiver = receiver = UartReceiver(self._divisor)
        connect(m, flipped(self.i), transmitter.i)
        connect(m, receiver.o, flipped(self.o))
        m.d.comb += receiver.rx.eq(transmitter.tx)
        return m


@pytest.mark.parametrize("divisor", [4, 7, 24])
def test_bytes_pass_the_wire(divisor):
    dut = Loop(divisor)
    bench = Bench(dut, seed=1, stall=0.5)
    sent = [0x00, 0xFF, 0x55, 0xAA, 0x01, 0x80, *range(40, 60)]
    bench.produce(dut.i, sent)
    got = bench.consume(dut.o, len(sent))
    bench.run()
    assert got == sent


def test_a_byte_that_nobody_takes_is_overwritten_and_the_bench_sees_it():
    dut = Loop(4)
    bench = Bench(dut, seed=1, stall=1.0)
    bench.consume(dut.o, 1)

    async def send(ctx):
        for byte in (1, 2):
            ctx.set(dut.i.payload, byte)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)

    bench.testbench(send)
    with pytest.raises(AssertionError, match="an offer was withdrawn or changed"):
        bench.run()


def received(divisor, line, spoilt=()):
    """Bytes, and cycles in which `broken` rose, on a line with these levels, high behind them."""
    dut = UartReceiver(divisor)
    bench = Bench(dut, budget=40_000)
    got, breaks = [], []

    async def pin(ctx):
        was_broken = 0
        ctx.set(dut.o.ready, 1)
        for cycle, level in enumerate([*line, *[1] * 11 * divisor]):
            ctx.set(dut.rx, level ^ (cycle in spoilt))
            await ctx.tick()
            if ctx.get(dut.o.valid):
                got.append(ctx.get(dut.o.payload))
            if ctx.get(dut.broken) > was_broken:
                breaks.append(cycle)
            was_broken = ctx.get(dut.broken)

    bench.testbench(pin)
    bench.run()
    return got, breaks


def frames(data, divisor, off=0.0, begin=0.0):
    """Levels of bytes without a pause; bits are longer by the share `off`, sampled from `begin` cycles on."""
    bits = [bit for byte in data for bit in (0, *(byte >> place & 1 for place in range(8)), 1)]
    length = divisor * (1 + off)
    return [bits[int((cycle + begin) / length)] for cycle in range(int(len(bits) * length - begin))]


HIGH = [1] * 8
DATA = [0x00, 0xFF, 0x55, 0xAA, 0x01, 0x80, 0xFE, 0x7F]


@pytest.mark.parametrize("divisor", [4, 5, 24])
@pytest.mark.parametrize("off", [-0.02, 0.02])
def test_clocks_may_be_two_percent_off(divisor, off):
    for begin in (0.01, 0.5, 0.99):
        assert received(divisor, HIGH + frames(DATA, divisor, off, begin)) == (DATA, [])


@pytest.mark.parametrize("divisor", [5, 8, 24])
def test_lows_shorter_than_half_a_bit_are_no_bytes(divisor):
    line = list(HIGH)
    for length in range(1, (divisor + 1) // 2):
        line += [0] * length + [1, 1]
        line += frames([length], divisor)
    assert received(divisor, line) == (list(range(1, (divisor + 1) // 2)), [])


@pytest.mark.parametrize("length", [10, 11, 35])
def test_a_break_is_no_byte_and_disturbs_none(length):
    divisor = 8
    line = HIGH + frames([1, 2], divisor) + [0] * length * divisor + [1, 1] + frames([3], divisor)
    got, breaks = received(divisor, line)
    assert got == [1, 2, 3] and len(breaks) == 1


def test_a_frame_whose_stop_bit_is_low_is_dropped():
    divisor = 8
    line = frames([5, 6, 7], divisor)
    line[19 * divisor : 20 * divisor] = [0] * divisor  # the next start bit belongs to this low
    got, breaks = received(divisor, HIGH + line[: 20 * divisor] + HIGH * 10 + frames([7], divisor))
    assert got == [5, 7] and len(breaks) == 1


@pytest.mark.parametrize("off", [-0.03, 0.03])
def test_one_bad_sample_in_each_bit_changes_nothing(off):
    """At random places; :mod:`formal.uart` has all of them."""
    divisor, rng = 16, np.random.default_rng(1)
    length = divisor * (1 + off)
    spoilt = {len(HIGH) + int(length * bit) + 1 + rng.integers(divisor - 1) for bit in range(10 * len(DATA))}
    assert received(divisor, HIGH + frames(DATA, divisor, off), spoilt) == (DATA, [])


@pytest.mark.parametrize("block", [UartReceiver, UartTransmitter])
def test_divisor_too_small_is_refused(block):
    with pytest.raises(ValueError, match="at least 4 clock cycles per bit, got 3"):
        block(3)
