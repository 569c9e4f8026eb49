"""Proofs of what is on the ways of a map that goes several ones: the fork, and the queue."""

from itertools import pairwise

from amaranth.hdl import Array, Assert, Assume, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, connect, flipped

from formal.proof import Proof
from formal.specification import Inside, keeps_its_offers, without_reset
from hw.frontend.streaming.branch import Fork
from hw.frontend.streaming.queue import Queue

__all__ = ["PROOFS", "ForkSpec", "QueueSpec"]

WORD = data.ArrayLayout(2, 1)


class ForkSpec(Component):
    """Each of several takers takes each item once, and the next item comes when all have it."""

    def __init__(self, takers: int, block: type[Fork] = Fork):
        self._block = block(WORD, takers)
        super().__init__(self._block.signature)

    def elaborate(self, platform):
        """Whether each taker has the item that is there, counted beside the block."""
        m = Module()
        without_reset(m)
        block = self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        item, offered, waiting = Value.cast(block.i.payload), Signal(WORD.size), Signal()
        m.d.sync += [waiting.eq(block.i.valid & ~block.i.ready), offered.eq(item)]
        with m.If(waiting):
            m.d.comb += Assume(block.i.valid & (item == offered))
        all_have = Signal()
        has = Signal(len(block.o))
        m.d.comb += [all_have.eq(1), Assert(inside["had"] == has)]
        for number, taker in enumerate(block.o):
            connect(m, taker, flipped(self.o[number]))
            took = taker.valid & taker.ready
            m.d.comb += Assert(taker.valid == (block.i.valid & ~has[number]))
            with m.If(taker.valid):
                m.d.comb += Assert(Value.cast(taker.payload) == item)
            with m.If(~(has[number] | took)):
                m.d.comb += all_have.eq(0)
            m.d.sync += has[number].eq(Mux(block.i.valid & block.i.ready, 0, has[number] | took))
            keeps_its_offers(m, taker, f"o_{number}")
        with m.If(block.i.valid):
            m.d.comb += Assert(block.i.ready == all_have)
        return m


class QueueSpec(Component):
    """Words leave as they came, one cycle after the one before, and are taken while there is room."""

    def __init__(self, depth: int, block: type[Queue] = Queue):
        self._depth, self._block = depth, block(WORD, depth)
        super().__init__(self._block.signature)

    def elaborate(self, platform):
        """All words that are inside, the oldest first."""
        m = Module()
        without_reset(m)
        block = self._block
        m.submodules.block = block
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))
        came, left = Signal(), Signal()
        count, kept = Signal(range(self._depth + 2)), Signal(range(self._depth + 2))
        words = [Signal(WORD.size, name=f"word_{number}") for number in range(self._depth + 1)]
        offers = Signal()
        m.d.comb += [
            came.eq(block.i.valid & block.i.ready),
            left.eq(block.o.valid & block.o.ready),
            kept.eq(count - left),
            Assert(block.o.valid == offers),
            Assert(block.i.ready == (count - offers < self._depth)),
        ]
        with m.If(block.o.valid):
            m.d.comb += Assert((count != 0) & (block.o.payload.as_value() == words[0]))
        m.d.sync += [count.eq(kept + came), offers.eq(kept != 0)]
        with m.If(left):
            m.d.sync += [word.eq(after) for word, after in pairwise(words)]
        with m.If(came):
            m.d.sync += Array(words)[kept].eq(block.i.payload.as_value())
        keeps_its_offers(m, block.o, "o")
        return m


PROOFS = (
    Proof(
        "fork",
        "each of two takers takes every item once, whenever it is ready",
        "unbounded",
        3,
        lambda: ForkSpec(2),
    ),
    Proof(
        "queue",
        "words leave in order, none is lost, repeated or late, and there is room for all that are promised",
        "bounded",
        14,
        lambda: QueueSpec(2),
    ),
)
