"""UART, 8 data bits, no parity, 1 stop bit: byte streams from and to the pins."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["UartReceiver", "UartTransmitter"]

SMALLEST_DIVISOR = 4
"""Below this a bit's middle cannot be told from its edges through the synchroniser."""


def _checked(divisor: int) -> int:
    if divisor < SMALLEST_DIVISOR:
        raise ValueError(f"divisor must be at least {SMALLEST_DIVISOR} clock cycles per bit, got {divisor}")
    return divisor


class UartReceiver(wiring.Component):
    """Pin to bytes.

    Latency: half a bit after the last data bit. A byte that is not taken before the next one is complete is
    overwritten: UART has no back-pressure. A frame whose stop bit is low is dropped.

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
    """

    def __init__(self, divisor: int):
        self._divisor = _checked(divisor)
        super().__init__({"rx": In(1, init=1), "o": Out(stream.Signature(8))})

    def elaborate(self, platform):
        """Start bit, then a sample in the middle of each bit."""
        m = Module()
        rx = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.rx, rx, init=1)

        # From the edge of the start bit it is one bit and a half to the middle of the first data bit.
        timer = Signal(range(self._divisor + self._divisor // 2))
        bits_left = Signal(range(10))
        shift = Signal(8)

        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(bits_left == 0):
            with m.If(~rx):
                m.d.sync += [bits_left.eq(9), timer.eq(self._divisor + self._divisor // 2 - 1)]
        with m.Elif(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.Else():
            m.d.sync += [timer.eq(self._divisor - 1), bits_left.eq(bits_left - 1)]
            with m.If(bits_left > 1):
                m.d.sync += shift.eq(Cat(shift[1:], rx))
            with m.Elif(rx):
                m.d.sync += [self.o.payload.eq(shift), self.o.valid.eq(1)]
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
        bits_left = Signal(range(11))
        frame = Signal(10, init=2**10 - 1)  # ones move in behind a frame, because the line idles high

        m.d.comb += [self.tx.eq(frame[0]), self.i.ready.eq(bits_left == 0)]
        with m.If(bits_left == 0):
            with m.If(self.i.valid):
                m.d.sync += [
                    frame.eq(Cat(Const(0, 1), self.i.payload, Const(1, 1))),
                    bits_left.eq(10),
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
