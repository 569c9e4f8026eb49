"""Request guard: ends a request whose bytes stop coming, or come broken."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.host.protocol import IDLE_BITS

__all__ = ["RequestGuard"]


class RequestGuard(wiring.Component):
    """Stands between receiver and controller, and takes away what belongs to no whole request.

    When the controller waits for bytes of a request and none comes for IDLE_BITS bit times, or whenever a
    frame had no stop bit, `drop` rises. Then the request in progress is to be given up, and all bytes that
    come are thrown away, because nobody knows what they belong to. `drop` falls when the controller is done
    and the line has been silent for IDLE_BITS bit times.

    Latency: none, bytes pass through. Under back-pressure they wait in the receiver; while `drop` is high
    there is none.

    Parameters
    ----------
    divisor
        Clock cycles per bit.

    Members
    -------
    i, o
        Bytes from the receiver and to the controller.
    broken
        Of :class:`hw.host.uart.UartReceiver`.
    waiting
        The controller is inside a request and cannot go on without its next byte.
    busy
        The controller serves a request.
    drop
        Give up the request in progress, and send no answer to it.
    """

    def __init__(self, divisor: int):
        self._idle_cycles = divisor * IDLE_BITS
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "broken": In(1),
                "waiting": In(1),
                "busy": In(1),
                "drop": Out(1),
            }
        )

    def elaborate(self, platform):
        """One counter of silent cycles."""
        m = Module()
        # It begins so that its highest bit rises at the end, which needs no comparison.
        bits = self._idle_cycles.bit_length()
        begin = 2**bits - self._idle_cycles
        cycles = Signal(bits + 1, init=begin)
        silent = cycles[-1]
        with m.If(self.i.valid | self.broken):
            m.d.sync += cycles.eq(begin)
        with m.Elif(~silent):
            m.d.sync += cycles.eq(cycles + 1)

        with m.If(self.broken | (self.waiting & silent)):
            m.d.sync += self.drop.eq(1)
        with m.Elif(silent & ~self.busy):
            m.d.sync += self.drop.eq(0)
        m.d.comb += [
            self.o.payload.eq(self.i.payload),
            self.o.valid.eq(self.i.valid & ~self.drop),
            self.i.ready.eq(self.o.ready | self.drop),
        ]
        return m
