"""Skid buffer: a spare place for one item of a stream, so that a stop need not run through it at once."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SkidBuffer"]


class SkidBuffer(wiring.Component):
    """Takes one more item when the consumer stops, and so says a cycle ahead whether it takes the next.

    A chain of blocks whose every `ready` depends on the one behind it is the slowest path of a chip. Here it
    ends, because `i.ready` is a register; what goes forward is not delayed.

    Latency: none, an item passes in its own cycle while nothing waits. Throughput: one item per cycle. Under
    back-pressure one item waits in the spare place, and the next one before it.

    Parameters
    ----------
    payload
        Shape or layout of an item.

    Members
    -------
    i, o
        Items.
    """

    def __init__(self, payload):
        super().__init__({"i": In(stream.Signature(payload)), "o": Out(stream.Signature(payload))})

    def elaborate(self, platform):
        """The place is filled when nobody takes an item that comes, and empty when it is taken."""
        m = Module()
        waiting = Signal()
        place = Signal(len(Value.cast(self.i.payload)))
        coming = Value.cast(self.i.payload)
        m.d.comb += [
            self.i.ready.eq(~waiting),
            self.o.valid.eq(waiting | self.i.valid),
            Value.cast(self.o.payload).eq(Mux(waiting, place, coming)),
        ]
        m.d.sync += waiting.eq(self.o.valid & ~self.o.ready)
        # While the place is empty it follows what comes, needed or not: a condition less.
        with m.If(~waiting):
            m.d.sync += place.eq(coming)
        return m
