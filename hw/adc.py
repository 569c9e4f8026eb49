"""ADC readout: match-line currents to codes, with gain and offset of the ADC that reads each match line."""

import numpy as np
from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import conversion_layout, current_layout
from sw.design import DesignPoint
from sw.reference.adc import AdcTables

__all__ = ["AdcReadout", "adc_latency"]


def adc_latency(design: DesignPoint) -> int:
    """Cycles from a current to its code: look-up, multiplication, clamp; none for the ideal ADC."""
    return 0 if design.adc_bits is None else 3


class AdcReadout(wiring.Component):
    """All ADCs of the array, one conversion per cycle on one readout bus.

    ``code = clamp((current * gain + offset) >> shift, 0, 2**bits - 1)`` as in :mod:`sw.reference.adc`. The
    circuit stands for every ADC in turn and looks up gain and offset of the one that reads the match line.

    Latency: :func:`adc_latency`. Throughput: one conversion per cycle. Under back-pressure the
    pipeline stops as a whole and loses nothing.

    Parameters
    ----------
    design
        Gives resolution and sharing.
    tables
        Transfer characteristic of each ADC.

    Members
    -------
    i
        Currents.
    o
        Codes, in the same order.
    """

    def __init__(self, design: DesignPoint, tables: AdcTables):
        self._design = design
        self._tables = tables
        super().__init__(
            {
                "i": In(stream.Signature(current_layout(design))),
                "o": Out(stream.Signature(conversion_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Look up, multiply, add and clamp."""
        m = Module()
        design = self._design
        if design.adc_bits is None:
            m.d.comb += [
                self.o.valid.eq(self.i.valid),
                self.i.ready.eq(self.o.ready),
                self.o.payload.row_tile.eq(self.i.payload.row_tile),
                self.o.payload.match_line.eq(self.i.payload.match_line),
                self.o.payload.code.eq(self.i.payload.current),
            ]
            return m

        gain_bits = max(1, int(self._tables.gain.max()).bit_length())
        offset_bits = int(np.abs(self._tables.offset.astype(np.int64)).max()).bit_length() + 1
        product_bits = design.max_current.bit_length() + gain_bits
        sum_bits = max(product_bits + 1, offset_bits) + 1

        l_valid = Signal()
        l_current = Signal(current_layout(design))
        l_gain = Signal(gain_bits)
        l_offset = Signal(signed(offset_bits))
        p_valid = Signal()
        p_current = Signal(current_layout(design))
        p_product = Signal(product_bits)
        p_offset = Signal(signed(offset_bits))
        total = Signal(signed(sum_bits))
        shifted = Signal(signed(sum_bits))

        advance = Signal()
        m.d.comb += [
            advance.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(advance),
            total.eq(p_product + p_offset),
            shifted.eq(total >> self._tables.shift),
        ]
        with m.If(advance):
            m.d.sync += [
                l_valid.eq(self.i.valid),
                l_current.eq(self.i.payload),
                l_gain.eq(self._lookup(self._tables.gain)),
                l_offset.eq(self._lookup(self._tables.offset)),
                p_valid.eq(l_valid),
                p_current.eq(l_current),
                p_product.eq(l_current.current * l_gain),
                p_offset.eq(l_offset),
                self.o.valid.eq(p_valid),
                self.o.payload.row_tile.eq(p_current.row_tile),
                self.o.payload.match_line.eq(p_current.match_line),
                self.o.payload.code.eq(
                    Mux(shifted < 0, 0, Mux(shifted > design.max_adc_code, design.max_adc_code, shifted))
                ),
            ]
        return m

    def _lookup(self, table: np.ndarray) -> Value:
        """Entry of the ADC that reads the payload's match line; a constant when all ADCs are alike."""
        if np.all(table == table[0, 0]):
            return Const(int(table[0, 0]))
        design = self._design
        lines = range(design.templates)
        per_tile = [Array(int(row[design.adc_of_match_line(line)]) for line in lines) for row in table]
        return Array(per_tile)[self.i.payload.row_tile][self.i.payload.match_line]
