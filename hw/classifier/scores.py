"""Scores: adds up the codes of each match line over the row tiles."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import conversion_layout, index_bits
from sw.design import DesignPoint

__all__ = ["ScoreAccumulator", "score_layout"]


def score_layout(design: DesignPoint) -> data.StructLayout:
    """A template's final score."""
    return data.StructLayout(
        {
            "template": unsigned(index_bits(design.templates)),
            "score": unsigned(design.max_score.bit_length()),
        }
    )


class ScoreAccumulator(wiring.Component):
    """One score per template in a memory.

    Latency: 2 cycles from the conversion of the last row tile to its score. Throughput: one conversion per
    cycle; neighbouring conversions never belong to the same match line, because there are at least two. Under
    back-pressure on `o` the input waits.

    Parameters
    ----------
    design
        Gives all sizes.

    Members
    -------
    i
        Conversions, tile after tile.
    o
        Scores, template after template, during the last row tile.
    score_address, score
        Read side for the host: the score of the addressed template appears in the next cycle whenever no
        conversion is going on.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        super().__init__(
            {
                "i": In(stream.Signature(conversion_layout(design))),
                "o": Out(stream.Signature(score_layout(design))),
                "score_address": In(index_bits(design.templates)),
                "score": Out(unsigned(design.max_score.bit_length())),
            }
        )

    def elaborate(self, platform):
        """Read in one cycle, add and write in the next, hand on in the third."""
        m = Module()
        design = self._design
        m.submodules.scores = scores = memory.Memory(
            shape=self.score.shape(), depth=design.templates, init=[], attrs={"ram_style": "block"}
        )
        read = scores.read_port()
        write = scores.write_port()

        a_valid = Signal()
        a_conversion = Signal(conversion_layout(design))
        total = Signal(self.score.shape())
        a_first, final = Signal(), Signal()
        m.d.comb += [
            total.eq(Mux(a_first, 0, read.data) + a_conversion.code),
            write.en.eq(a_valid),
            write.addr.eq(a_conversion.match_line),
            write.data.eq(total),
            self.i.ready.eq(~final | ~self.o.valid | self.o.ready),
            self.score.eq(read.data),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.comb += [read.en.eq(1), read.addr.eq(self.i.payload.match_line)]
        with m.Else():
            # While a conversion waits in the add stage its old score must stay on the port.
            m.d.comb += [read.en.eq(~a_valid), read.addr.eq(self.score_address)]
        # A register for the score: the sum and what it is compared with are too long for one cycle.
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.valid.eq(final),
                self.o.payload.template.eq(a_conversion.match_line),
                self.o.payload.score.eq(total),
            ]
        with m.If(self.i.ready):
            m.d.sync += [
                a_valid.eq(self.i.valid),
                a_conversion.eq(self.i.payload),
                # Found out a cycle early, because all the array may have to stop for it.
                a_first.eq(self.i.payload.row_tile == 0),
                final.eq(self.i.valid & (self.i.payload.row_tile == design.row_tiles - 1)),
            ]
        return m
