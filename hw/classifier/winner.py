"""Winner-take-all: scores to class and margin."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.classifier.scores import score_layout
from hw.payloads import index_bits, result_layout
from sw.design import DesignPoint

__all__ = ["WinnerTakeAll"]


class WinnerTakeAll(wiring.Component):
    """Keeps the best score and the best of any other class while the scores stream by.

    Ties go to the lowest template, because a later score must be greater to win. Margin and acceptance as in
    :func:`sw.reference.classifier.decide`.

    Latency: 2 cycles from the last score to the result. Throughput: one score per cycle; after the last score
    of an image the input waits until the result is taken.

    Parameters
    ----------
    design
        Gives classes, templates per class and the margin.

    Members
    -------
    i
        Scores of all templates in order.
    o
        One result per image.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        super().__init__(
            {
                "i": In(stream.Signature(score_layout(design))),
                "o": Out(stream.Signature(result_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Best of the class first, then best of the classes."""
        m = Module()
        design = self._design
        template_bits = index_bits(design.templates)
        score = self.i.payload.score

        # Class stage: the best template of the class that is streaming by.
        c_count = Signal(range(design.templates_per_class))
        c_label = Signal(index_bits(design.classes))
        c_score = Signal.like(score)
        c_template = Signal(template_bits)
        c_done = Signal()
        better = Signal()
        m.d.comb += better.eq((c_count == 0) | _greater(score, c_score))
        m.d.sync += c_done.eq(0)
        with m.If(self.i.valid & self.i.ready):
            with m.If(better):
                m.d.sync += [c_score.eq(score), c_template.eq(self.i.payload.template)]
            m.d.sync += c_count.eq(c_count + 1)
            with m.If(c_count == design.templates_per_class - 1):
                m.d.sync += [c_count.eq(0), c_done.eq(1)]

        # Compare stage: the best class so far and the best of the others.
        best = Signal.like(score)
        best_template = Signal(template_bits)
        best_label = Signal(index_bits(design.classes))
        other = Signal.like(score)
        with m.If(c_done):
            with m.If((c_label == 0) | _greater(c_score, best)):
                m.d.sync += [
                    best.eq(c_score),
                    best_template.eq(c_template),
                    best_label.eq(c_label),
                    other.eq(Mux(c_label == 0, 0, best)),
                ]
            with m.Elif(_greater(c_score, other)):
                m.d.sync += other.eq(c_score)
            m.d.sync += c_label.eq(c_label + 1)
            with m.If(c_label == design.classes - 1):
                m.d.sync += [c_label.eq(0), self.o.valid.eq(1)]

        # Until the result is taken no score may come in: that of the next image would change it.
        margin = Signal.like(score)
        closing = Signal()
        with m.If(self.i.valid & self.i.ready & (self.i.payload.template == design.templates - 1)):
            m.d.sync += closing.eq(1)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [self.o.valid.eq(0), closing.eq(0)]
        m.d.comb += [
            self.i.ready.eq(~closing),
            margin.eq(best - other),
            self.o.payload.label.eq(best_label),
            self.o.payload.template.eq(best_template),
            self.o.payload.margin.eq(margin),
            self.o.payload.accepted.eq(margin >= design.margin),
        ]
        return m


def _greater(one: Value, other: Value) -> Value:
    """Whether `one` is greater, as the sign of a difference: that is a carry chain in every case.

    Synthesis makes a comparison of narrow numbers from look-up tables, of which five stand behind each other.
    """
    return (other - one)[-1]
