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

    Latency: 3 cycles from the conversion of the last row tile to its score. Throughput: one conversion per
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
        """Read, keep what was read, add and write, hand on: a cycle for each."""
        m = Module()
        design = self._design
        m.submodules.scores = scores = memory.Memory(
            shape=self.score.shape(), depth=design.templates, init=[], attrs={"ram_style": "block"}
        )
        write = scores.write_port()
        # Of two templates the first one is read again in the cycle in which it is written.
        read = scores.read_port(transparent_for=[write] if design.templates == 2 else [])

        r_valid, a_valid = Signal(), Signal()
        r_conversion, a_conversion = Signal(conversion_layout(design)), Signal(conversion_layout(design))
        before = Signal(self.score.shape())
        total = Signal(self.score.shape())
        final, advance = Signal(), Signal()
        m.d.comb += [
            total.eq(before + a_conversion.code),
            write.en.eq(a_valid),
            write.addr.eq(a_conversion.match_line),
            write.data.eq(total),
            advance.eq(~final | ~self.o.valid | self.o.ready),
            self.i.ready.eq(advance),
            self.score.eq(read.data),
        ]
        with m.If(self.i.valid & advance):
            m.d.comb += [read.en.eq(1), read.addr.eq(self.i.payload.match_line)]
        with m.Else():
            # While a conversion waits for its old score, this must stay on the port.
            m.d.comb += [read.en.eq(~r_valid), read.addr.eq(self.score_address)]
        with m.If(advance):
            m.d.sync += [
                r_valid.eq(self.i.valid),
                r_conversion.eq(self.i.payload),
                a_valid.eq(r_valid),
                a_conversion.eq(r_conversion),
                before.eq(Mux(r_conversion.row_tile == 0, 0, read.data)),
                # Found out a cycle early, because all the array may have to stop for it.
                final.eq(r_valid & (r_conversion.row_tile == design.row_tiles - 1)),
            ]
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.valid.eq(final),
                self.o.payload.template.eq(a_conversion.match_line),
                self.o.payload.score.eq(total),
            ]
        return m
