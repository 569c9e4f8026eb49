"""ADC readout: every code is the reference's, saturated at both ends, and no conversion is lost."""

import numpy as np
from amaranth.hdl import Array, Assert, Assume, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from formal.proof import Proof
from formal.specification import Inside, keeps_its_offers, without_reset
from hw.adc import AdcReadout, adc_latency
from hw.payloads import conversion_layout, current_layout
from sw.design import DesignPoint
from sw.reference.adc import AdcTables, convert, full_scale_tables

__all__ = ["PROOFS", "REAL", "REAL_TABLES", "SHARED", "SHARED_TABLES", "AdcSpec", "codes_of"]

SHARED = DesignPoint(
    name="shared", height=1, width=5, classes=3, rows=3, row_lanes=1, cell_bits=2, adc_bits=3, cols_per_adc=2
)
"""Two row tiles, three match lines, two ADCs per row tile; currents 0 to 9, codes 0 to 7."""

SHARED_TABLES = AdcTables(
    gain=np.array([[5, 3], [7, 2]], np.int32), offset=np.array([[-9, 4], [1, -3]], np.int32), shift=2
)
"""Codes below 0 and above 7 occur before saturation."""

REAL = DesignPoint(name="real", height=7, width=112, classes=10, rows=112, cell_bits=4, adc_bits=8)
"""Tiles of 112 rows with 4-bit cells: currents up to 1,680."""

REAL_TABLES = full_scale_tables(REAL, 200, 1500)
"""Saturates on both sides of 200 to 1,500."""


class AdcSpec(Component):
    """A queue of what went in, and the reference's code for its oldest entry.

    Assumes that currents, row tiles and match lines are within the design's limits.
    """

    def __init__(
        self,
        design: DesignPoint = SHARED,
        tables: AdcTables = SHARED_TABLES,
        block: type[AdcReadout] = AdcReadout,
        built_with: AdcTables | None = None,
    ):
        self._design, self._tables = design, tables
        self._block = block(design, built_with or tables)
        super().__init__(
            {
                "i": In(stream.Signature(current_layout(design))),
                "o": Out(stream.Signature(conversion_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Push, pop, compare the head."""
        m = Module()
        without_reset(m)
        design, block = self._design, self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))
        with m.If(self.i.valid):
            m.d.comb += [
                Assume(self.i.payload.current <= design.max_current),
                Assume(self.i.payload.row_tile < design.row_tiles),
                Assume(self.i.payload.match_line < design.templates),
            ]

        depth = adc_latency(design, self._tables)
        queue = [Signal(current_layout(design), name=f"queue_{place}") for place in range(depth)]
        count = Signal(range(depth + 1))
        pushed, popped = Signal(), Signal()
        m.d.comb += [pushed.eq(block.i.valid & block.i.ready), popped.eq(block.o.valid & block.o.ready)]
        m.d.sync += count.eq(count + pushed - popped)
        with m.If(popped):
            for before, after in zip(queue[1:], queue, strict=False):
                m.d.sync += after.eq(before)
        with m.If(pushed):
            for place, entry in enumerate(queue):
                with m.If(count - popped == place):
                    m.d.sync += entry.eq(block.i.payload)
            m.d.comb += Assert((count < depth) | popped)

        head = queue[0]
        code = Signal(range(design.max_adc_code + 1))
        m.d.comb += code.eq(_read(codes_of(design, self._tables), head)[head.current])
        with m.If(block.o.valid):
            m.d.comb += [
                Assert(count > 0),
                Assert(block.o.payload.row_tile == head.row_tile),
                Assert(block.o.payload.match_line == head.match_line),
                Assert(block.o.payload.code == code),
            ]
        with m.If(block.o.ready):
            m.d.comb += Assert(block.i.ready)
        keeps_its_offers(m, block.o, "o")

        # A current that is the oldest shows its code within the latency.
        waited = Signal(range(depth + 1))
        m.d.sync += waited.eq(Mux((count > 0) & ~block.o.valid, waited + 1, 0))
        m.d.comb += Assert(waited < depth)

        # How the block's registers belong to what went in.
        at_p, at_l = Signal(range(depth)), Signal(range(depth))
        m.d.comb += [
            at_p.eq(block.o.valid),
            at_l.eq(block.o.valid + inside["p_valid"]),
            Assert(count == block.o.valid + inside["p_valid"] + inside["l_valid"]),
            Assert(~inside["p_valid"] | block.o.valid | (waited < 2)),
            Assert(~inside["l_valid"] | inside["p_valid"] | block.o.valid | (waited < 1)),
        ]
        entries = Array(Value.cast(entry) for entry in queue)
        p_entry, l_entry = (Signal(current_layout(design), name=name) for name in ("p_entry", "l_entry"))
        m.d.comb += [Value.cast(p_entry).eq(entries[at_p]), Value.cast(l_entry).eq(entries[at_l])]
        with m.If(inside["p_valid"]):
            m.d.comb += [
                Assert(inside["p_current"] == Value.cast(p_entry)),
                Assert(inside["p_product"] == p_entry.current * _of_adc(design, self._tables.gain, p_entry)),
                Assert(inside["p_offset"] == _of_adc(design, self._tables.offset, p_entry)),
            ]
        with m.If(inside["l_valid"]):
            m.d.comb += [
                Assert(inside["l_current"] == Value.cast(l_entry)),
                Assert(inside["l_gain"] == _of_adc(design, self._tables.gain, l_entry)),
                Assert(inside["l_offset"] == _of_adc(design, self._tables.offset, l_entry)),
            ]
        for place, entry in enumerate(queue):
            with m.If(count > place):
                m.d.comb += [
                    Assert(entry.current <= design.max_current),
                    Assert(entry.row_tile < design.row_tiles),
                    Assert(entry.match_line < design.templates),
                ]
        return m


def codes_of(design: DesignPoint, tables: AdcTables) -> np.ndarray:
    """The reference's code for every current, int64, (row tiles, T, max_current + 1)."""
    currents = np.arange(design.max_current + 1, dtype=np.int64)
    every = np.broadcast_to(
        currents[:, np.newaxis, np.newaxis], (len(currents), design.row_tiles, design.templates)
    )
    return convert(every, tables, design).transpose(1, 2, 0)


def _read(codes: np.ndarray, entry) -> Array:
    """The row of codes of one entry's ADC; one row for all when they are alike."""
    if np.all(codes == codes[0, 0]):
        return Array(codes[0, 0].tolist())
    lines = [[Array(line) for line in tile] for tile in codes.tolist()]
    return Array(Array(tile) for tile in lines)[entry.row_tile][entry.match_line]


def _of_adc(design: DesignPoint, values: np.ndarray, entry) -> Value:
    """Gain or offset of the ADC that reads one entry's match line."""
    lines = range(design.templates)
    tiles = [Array(int(row[design.adc_of_match_line(line)]) for line in lines) for row in values]
    return Array(tiles)[entry.row_tile][entry.match_line]


PROOFS = (
    Proof(
        "adc-shared",
        "every code is the reference's for the ADC that reads the match line, in order, none lost",
        "unbounded",
        2,
        AdcSpec,
    ),
    Proof(
        "adc-real-size",
        "codes of 11-bit currents with 12-bit gain equal the reference and saturate at 0 and 255",
        "unbounded",
        2,
        lambda: AdcSpec(REAL, REAL_TABLES),
    ),
)
