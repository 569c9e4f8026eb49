"""Word packer: word-line values one by one in, words for the array out."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits, level_word_layout
from sw.design import DesignPoint

__all__ = ["WordPacker"]


class WordPacker(wiring.Component):
    """Fills words in the layout of :mod:`hw.geometry`, image after image.

    Latency: 1 cycle from the last value of a word to the word. Throughput: one value per cycle. Values wait
    while a finished word is not taken.

    Parameters
    ----------
    design
        Gives features, rows and lanes.

    Members
    -------
    i
        Word-line values in feature order.
    o
        Words.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        super().__init__(
            {"i": In(stream.Signature(1)), "o": Out(stream.Signature(level_word_layout(design)))}
        )

    def elaborate(self, platform):
        """Count features, rows of the tile and lanes of the word."""
        m = Module()
        design = self._design
        feature = Signal(index_bits(design.features))
        row = Signal(index_bits(design.rows))
        lane = Signal(index_bits(design.row_lanes))
        word = Signal(design.row_lanes)
        filled = Signal(design.row_lanes)
        last_feature, last_row = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~self.o.valid | self.o.ready),
            filled.eq(Mux(lane == 0, 0, word) | (self.i.payload << lane)),
            last_feature.eq(feature == design.features - 1),
            last_row.eq((row == design.rows - 1) | last_feature),
        ]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                feature.eq(Mux(last_feature, 0, feature + 1)),
                row.eq(Mux(last_row, 0, row + 1)),
                lane.eq(lane + 1),
                word.eq(filled),
            ]
            with m.If(last_row | (lane == design.row_lanes - 1)):
                m.d.sync += [lane.eq(0), self.o.payload.as_value().eq(filled), self.o.valid.eq(1)]
        return m
