"""Skid buffer: cuts the path of `ready` between two blocks."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SkidBuffer"]


class SkidBuffer(wiring.Component):
    """Two registers, so that `i.ready` comes from a register and does not depend on `o.ready`.

    Without it `ready` runs through every block from the array back to the last layer's window within one
    cycle, which was the slowest path of the chip.

    Latency: 1 cycle. Throughput: one item per cycle. Under back-pressure one more item is taken, then `i` waits.

    Parameters
    ----------
    shape
        Shape of an item.

    Members
    -------
    i, o
        The same items in the same order.
    """

    def __init__(self, shape):
        self._shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        """An item that comes while `o` waits goes to the spare register."""
        m = Module()
        spare = Signal(self._shape)
        spare_full = Signal()
        m.d.comb += self.i.ready.eq(~spare_full)
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += spare_full.eq(0)
            with m.If(spare_full):
                m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(spare)]
            with m.Else():
                m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload)]
        with m.Elif(self.i.valid & self.i.ready):
            m.d.sync += [spare_full.eq(1), spare.eq(self.i.payload)]
        return m
