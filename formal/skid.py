"""Specification of the skid buffer: a queue of two items."""

from amaranth.hdl import Assert, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from formal.proof import Proof
from formal.specification import Inside, keeps_its_offers, without_reset
from hw.skid import SkidBuffer

__all__ = ["PROOFS", "SkidBufferSpec"]

ITEM_BITS = 3


class SkidBufferSpec(Component):
    """Every item leaves once, in order; one is taken in whenever there are fewer than two."""

    def __init__(self, block: type[SkidBuffer] = SkidBuffer):
        self._block = block(ITEM_BITS)
        super().__init__({"i": In(stream.Signature(ITEM_BITS)), "o": Out(stream.Signature(ITEM_BITS))})

    def elaborate(self, platform):
        """A queue beside the block."""
        m = Module()
        without_reset(m)
        block = self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))

        first, second = Signal(ITEM_BITS), Signal(ITEM_BITS)
        count = Signal(2)
        comes, goes = Signal(), Signal()
        left = Signal(2)
        m.d.comb += [
            comes.eq(block.i.valid & block.i.ready),
            goes.eq(block.o.valid & block.o.ready),
            left.eq(count - goes),
        ]
        m.d.sync += [count.eq(left + comes), first.eq(Mux(goes, second, first))]
        with m.If(comes):
            with m.If(left == 0):
                m.d.sync += first.eq(block.i.payload)
            with m.Else():
                m.d.sync += second.eq(block.i.payload)

        m.d.comb += [
            Assert(count <= 2),
            Assert(block.o.valid == (count != 0)),
            Assert(block.i.ready == (count != 2)),
            Assert((count == 0) | (block.o.payload == first)),
            Assert((count != 2) | (inside["spare"] == second)),
        ]
        keeps_its_offers(m, block.o, "o")
        return m


PROOFS = (
    Proof(
        "skid-buffer",
        "a queue of two: nothing is lost or repeated, and ready does not depend on the consumer",
        "unbounded",
        3,
        SkidBufferSpec,
    ),
)
