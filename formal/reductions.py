"""Reductions of the front end: a group's result stays until it is done with, and none is lost.

This is what :class:`formal.streams.SerialiserSpec` assumes of its producer.
"""

import numpy as np
from amaranth.hdl import Assert, Assume, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import Component, In

from formal.proof import Proof
from formal.specification import Inside, without_reset
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.mac import MacArray, MaxArray
from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference.frontend import LayerParameters

__all__ = ["POINTWISE", "PROOFS", "WORD", "HeldSpec"]

VALUE = unsigned(2)
LANES = 2
WORD = data.ArrayLayout(VALUE, LANES)
POINTWISE = LayerSchedule(
    Layer(kind="pointwise1x1", out_channels=LANES),
    LayerShape((LANES, 1, 1), (LANES, 1, 1), VALUE.width),
    LayerParameters(np.ones((LANES, LANES, 1, 1), np.int8), np.zeros((LANES, 0), np.int32)),
    Parallelism(LANES, LANES),
)


class HeldSpec(Component):
    """Free steps, and a consumer that is done with a group whenever it likes, but not before it is valid.

    For the max-pool the maxima of every group are computed beside the block. Of the multiply-accumulate unit,
    whose sums run through an adder tree, only the handshake is proved.
    """

    def __init__(self, block: MacArray | MaxArray):
        self._block = block
        self._has_weights = hasattr(block, "weights")
        wide = {"data": block.data}
        if self._has_weights:
            wide["weights"] = self._block.weights
        super().__init__(
            {name: In(len(Value.cast(port))) for name, port in wide.items()}
            | {"valid": In(1), "ends_group": In(1), "held_done": In(1)}
        )

    def elaborate(self, platform):
        """Keep the last group, and the one that is coming in."""
        m = Module()
        without_reset(m)
        block = self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        held = Value.cast(block.held)
        m.d.comb += [
            block.valid.eq(self.valid),
            Value.cast(block.data).eq(self.data),
            block.ends_group.eq(self.ends_group),
            block.held_done.eq(self.held_done),
            Assume(~self.held_done | block.held_valid),
        ]
        if self._has_weights:
            m.d.comb += Value.cast(block.weights).eq(self.weights)
        else:
            self._maxima(m, inside)

        kept, before = Signal(), Signal(len(held))
        m.d.sync += [kept.eq(block.held_valid & ~self.held_done), before.eq(held)]
        with m.If(kept):
            m.d.comb += [Assert(block.held_valid), Assert(held == before)]
        with m.If(~block.held_valid | self.held_done):
            m.d.comb += Assert(block.advance)
        return m

    def _maxima(self, m: Module, inside: Inside) -> None:
        block = self._block
        first = Signal(init=1)
        step = Signal()
        m.d.comb += step.eq(self.valid & block.advance)
        finished = Signal()
        m.d.sync += finished.eq(step & self.ends_group)
        with m.If(step):
            m.d.sync += first.eq(self.ends_group)
        with m.If(finished):
            m.d.comb += Assert(block.held_valid)
        m.d.comb += Assert(inside["first"] == first)
        for lane in range(LANES):
            value = WORD(self.data)[lane]
            largest, expected = Signal(VALUE, name=f"so_far_{lane}"), Signal(VALUE, name=f"expected_{lane}")
            larger = Signal(VALUE, name=f"next_{lane}")
            m.d.comb += larger.eq(Mux(first | (value > largest), value, largest))
            with m.If(step):
                m.d.sync += largest.eq(larger)
                with m.If(self.ends_group):
                    m.d.sync += expected.eq(larger)
            with m.If(block.held_valid):
                m.d.comb += Assert(block.held[lane] == expected)
            m.d.comb += Assert(first | (inside[f"largest_{lane}"] == largest))


PROOFS = (
    Proof(
        "max-pool-held",
        "the maxima of a group are right, stay until they are done with, and the next group waits",
        "unbounded",
        3,
        lambda: HeldSpec(MaxArray(WORD)),
    ),
    Proof(
        "mac-held",
        "the sums of a group stay until they are done with, and the pipeline moves when nothing is held",
        "unbounded",
        3,
        lambda: HeldSpec(MacArray(POINTWISE, WORD)),
    ),
)
