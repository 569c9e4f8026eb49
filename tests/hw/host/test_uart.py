"""UART pins: frames, back-to-back bytes, a broken stop bit, divisors."""

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


def test_frame_without_stop_bit_is_dropped():
    divisor = 8
    dut = UartReceiver(divisor)
    bench = Bench(dut)
    got = []

    async def pin(ctx):
        async def bits(*values):
            for value in values:
                ctx.set(dut.rx, value)
                await ctx.tick().repeat(divisor)

        await bits(1, 1)
        await bits(0, *[0] * 8, 0)  # stop bit missing
        await bits(*[1] * 12)
        await bits(0, 1, 0, 1, 0, 0, 0, 0, 0, 1)
        await bits(1, 1)
        got.append((ctx.get(dut.o.valid), ctx.get(dut.o.payload)))

    bench.testbench(pin)
    bench.run()
    assert got == [(1, 5)]


@pytest.mark.parametrize("block", [UartReceiver, UartTransmitter])
def test_divisor_too_small_is_refused(block):
    with pytest.raises(ValueError, match="at least 4 clock cycles per bit, got 3"):
        block(3)
