"""ADC readout: match-line currents to codes, with gain and offset of the ADC that reads each match line."""

import numpy as np
from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import conversion_layout, current_layout, index_bits
from hw.rom import add_rom, read_at_once
from sw.design import DesignPoint
from sw.reference.adc import AdcTables

__all__ = ["AdcReadout", "adc_latency", "bent_codes"]


def adc_latency(design: DesignPoint, tables: AdcTables) -> int:
    """Cycles from a current to its code: look-up, multiplication, clamp; none for the ideal ADC.

    One more where there is nonlinearity.
    """
    if design.adc_bits is None:
        return 0
    return 4 if tables.inl.size else 3


def bent_codes(design: DesignPoint, tables: AdcTables) -> tuple[int, ...]:
    """Entries of the memory of nonlinearity: the final code of every code of every ADC, ADC after ADC.

    Empty where there is none. ADCs are counted row tile by row tile.
    """
    codes = np.arange(tables.inl.shape[-1]) + tables.inl
    return tuple(codes.clip(0, design.max_adc_code).reshape(-1).tolist())


class AdcReadout(wiring.Component):
    """All ADCs of the array, one conversion per cycle on one readout bus.

    ``code = clamp((current * gain + offset) >> shift, 0, 2**bits - 1)`` as in :mod:`sw.reference.adc`. The
    circuit stands for every ADC in turn and looks up gain and offset of the one that reads the match line.
    Nonlinearity is one memory of all ADCs, :func:`bent_codes`, behind the clamp.

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

        # With nonlinearity, the clamped code stays in registers before the memory.
        bends = self._tables.inl.size > 0
        c_valid, clamped = self.o.valid, self.o.payload
        if bends:
            c_valid, clamped = Signal(), Signal(conversion_layout(design))
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

        gain = self._lookup(m, l_gain, self._tables.gain, self.i.payload)
        offset = self._lookup(m, l_offset, self._tables.offset, self.i.payload)
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
                l_gain.eq(gain),
                l_offset.eq(offset),
                p_valid.eq(l_valid),
                p_current.eq(l_current),
                p_product.eq(l_current.current * l_gain),
                p_offset.eq(l_offset),
                c_valid.eq(p_valid),
                clamped.row_tile.eq(p_current.row_tile),
                clamped.match_line.eq(p_current.match_line),
                clamped.code.eq(
                    Mux(shifted < 0, 0, Mux(shifted > design.max_adc_code, design.max_adc_code, shifted))
                ),
            ]
        if bends:
            self._bend(m, advance, p_current, c_valid, clamped)
        return m

    def _bend(
        self, m: Module, advance: Value, p_current: data.View, c_valid: Value, clamped: data.View
    ) -> None:
        """Look up the final code of a clamped one.

        Every ADC has 2**bits entries, so code and number of the ADC side by side are the address.
        """
        design = self._design
        contents = bent_codes(design, self._tables)
        read = add_rom(m, "inl", self.o.payload.code.shape(), contents, "block")
        adcs = np.arange(self._tables.gain.size).reshape(self._tables.gain.shape)
        adc = Signal(range(adcs.size))
        number = self._lookup(m, adc, adcs, p_current)
        m.d.comb += [
            read.addr.eq(Cat(clamped.code, adc)),
            read.en.eq(advance),
            self.o.payload.code.eq(read.data),
        ]
        with m.If(advance):
            m.d.sync += [
                adc.eq(number),
                self.o.valid.eq(c_valid),
                self.o.payload.row_tile.eq(clamped.row_tile),
                self.o.payload.match_line.eq(clamped.match_line),
            ]

    def _lookup(self, m: Module, to: Signal, table: np.ndarray, current: data.View) -> Value:
        """Entry for `to` of the ADC that reads the match line of `current`; a constant when all are alike.

        The number of the ADC in its row tile and that of the tile, side by side, are the address of one small
        memory: to pick a row tile, and in each of them a match line, takes more logic, one behind the other.
        """
        if np.all(table == table[0, 0]):
            return Const(int(table[0, 0]))
        design = self._design
        lines = range(design.templates)
        number = Signal(index_bits(table.shape[1]), name=f"{to.name}_adc")
        m.d.comb += number.eq(Array(design.adc_of_match_line(line) for line in lines)[current.match_line])
        padding = ((0, 0), (0, 2 ** len(number) - table.shape[1]))
        contents = np.pad(table, padding, mode="edge").reshape(-1).tolist()
        return read_at_once(m, f"{to.name}_table", to.shape(), contents, Cat(number, current.row_tile))
