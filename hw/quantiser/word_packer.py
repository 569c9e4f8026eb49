"""Word packer: a few word-line values at a time in, words for the array out."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits, level_word_layout
from sw.design import DesignPoint

__all__ = ["WordPacker"]


class WordPacker(wiring.Component):
    """Fills words in the layout of :mod:`hw.geometry`, image after image.

    Latency: 1 cycle from the last value of a word to the word. Throughput: `at_once` values per cycle. Values
    wait while a finished word is not taken.

    Parameters
    ----------
    design
        Gives features, rows and lanes.
    at_once
        Values per cycle; divides features, rows and row lanes.

    Members
    -------
    i
        `at_once` neighbouring word-line values, in feature order.
    o
        Words.
    """

    def __init__(self, design: DesignPoint, at_once: int = 1):
        for name in ("features", "rows", "row_lanes"):
            size = getattr(design, name)
            if size % at_once:
                raise ValueError(f"{name} = {size} must be a multiple of at_once = {at_once}")
        self._design = design
        self._at_once = at_once
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(design.level_bits, at_once))),
                "o": Out(stream.Signature(level_word_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Count features, rows of the tile and lanes of the word, in groups of `at_once`."""
        m = Module()
        design, at_once = self._design, self._at_once
        features, rows, lanes = (size // at_once for size in (design.features, design.rows, design.row_lanes))
        feature = Signal(index_bits(features))
        row = Signal(index_bits(rows))
        lane = Signal(index_bits(lanes))
        word_bits = design.row_lanes * design.level_bits
        word = Signal(word_bits)
        filled = Signal(word_bits)
        last_feature, last_row = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~self.o.valid | self.o.ready),
            last_feature.eq(feature == features - 1),
            last_row.eq((row == rows - 1) | last_feature),
            filled.eq(Mux(lane == 0, 0, word)),
            filled.word_select(lane, at_once * design.level_bits).eq(self.i.payload.as_value()),
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
            with m.If(last_row | (lane == lanes - 1)):
                m.d.sync += [lane.eq(0), self.o.payload.as_value().eq(filled), self.o.valid.eq(1)]
        return m
