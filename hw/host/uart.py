"""UART, 8 data bits, no parity, 1 stop bit: byte streams from and to the pins."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["SMALLEST_DIVISOR", "UartReceiver", "UartTransmitter"]

SMALLEST_DIVISOR = 4
"""Below this a bit's middle cannot be told from its edges through the synchroniser."""
FRAME_BITS = 10
"""Start bit, eight data bits, stop bit."""


def _checked(divisor: int) -> int:
    if divisor < SMALLEST_DIVISOR:
        raise ValueError(f"divisor must be at least {SMALLEST_DIVISOR} clock cycles per bit, got {divisor}")
    return divisor


class UartReceiver(wiring.Component):
    """Pin to bytes, on a line with noise.

    Every decision is the majority of three samples, one clock cycle apart, so a disturbance of one cycle
    changes nothing. The start bit is watched until its middle: if the line rises before, the low was a
    glitch, and the receiver waits for the next falling edge. A frame whose stop bit is low is no byte but
    noise or a break: it is dropped, and the receiver waits until the line is high again.

    With a `divisor` of 4 or more, bits may be up to 2 % too long or too short. With 15 or more they may be up
    to 3 % off, and each may have one bad sample. Between a glitch and a frame the line must be high for at
    least two cycles: a shorter gap looks like a bad sample within one low. :mod:`formal.uart` proves this.

    Latency: half a bit and 4 cycles from the beginning of the stop bit. A byte that is not taken before the
    next one is complete is overwritten: UART has no back-pressure.

    Parameters
    ----------
    divisor
        Clock cycles per bit, at least 4.

    Members
    -------
    rx
        The pin, asynchronous, high when idle.
    o
        Bytes received.
    broken
        A frame had no stop bit, and the line has been low since.
    """

    def __init__(self, divisor: int):
        self._divisor = _checked(divisor)
        super().__init__({"rx": In(1, init=1), "o": Out(stream.Signature(8)), "broken": Out(1)})

    def elaborate(self, platform):
        """Majority of three, then one count of bits: start bit, eight data bits, stop bit."""
        m = Module()
        sample = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.rx, sample, init=1)
        earlier, earliest, line = Signal(init=1), Signal(init=1), Signal()
        m.d.sync += [earlier.eq(sample), earliest.eq(earlier)]
        m.d.comb += line.eq((sample & earlier) | (sample & earliest) | (earlier & earliest))

        timer = Signal(range(self._divisor))
        bits_left = Signal(range(FRAME_BITS + 1))
        shift = Signal(8)

        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(line):
            m.d.sync += self.broken.eq(0)
        with m.If(bits_left == 0):
            with m.If(~line & ~self.broken):
                m.d.sync += [bits_left.eq(FRAME_BITS), timer.eq(self._divisor // 2 - 1)]
        with m.Elif((bits_left == FRAME_BITS) & line):
            m.d.sync += bits_left.eq(0)
        with m.Elif(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.Else():
            m.d.sync += [timer.eq(self._divisor - 1), bits_left.eq(bits_left - 1)]
            with m.If(bits_left > 1):
                m.d.sync += shift.eq(Cat(shift[1:], line))
            with m.Elif(line):
                m.d.sync += [self.o.payload.eq(shift), self.o.valid.eq(1)]
            with m.Else():
                m.d.sync += self.broken.eq(1)
        return m


class UartTransmitter(wiring.Component):
    """Bytes to pin.

    Throughput: one byte per ``10 * divisor`` cycles; the next byte waits until then.

    Parameters
    ----------
    divisor
        Clock cycles per bit, at least 4.

    Members
    -------
    tx
        The pin, high when idle.
    i
        Bytes to send.
    """

    def __init__(self, divisor: int):
        self._divisor = _checked(divisor)
        super().__init__({"tx": Out(1, init=1), "i": In(stream.Signature(8))})

    def elaborate(self, platform):
        """Start bit, data bits, stop bit out of one shift register."""
        m = Module()
        timer = Signal(range(self._divisor))
        bits_left = Signal(range(FRAME_BITS + 1))
        frame = Signal(
            FRAME_BITS, init=2**FRAME_BITS - 1
        )  # ones move in behind a frame, because the line idles high

        m.d.comb += [self.tx.eq(frame[0]), self.i.ready.eq(bits_left == 0)]
        with m.If(bits_left == 0):
            with m.If(self.i.valid):
                m.d.sync += [
                    frame.eq(Cat(Const(0, 1), self.i.payload, Const(1, 1))),
                    bits_left.eq(FRAME_BITS),
                    timer.eq(self._divisor - 1),
                ]
        with m.Elif(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.Else():
            m.d.sync += [
                timer.eq(self._divisor - 1),
                bits_left.eq(bits_left - 1),
                frame.eq(Cat(frame[1:], Const(1, 1))),
            ]
        return m
