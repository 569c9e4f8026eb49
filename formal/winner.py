"""Winner-take-all equals its definition, ties and margin included, for every score and every stall."""

from functools import reduce

from amaranth.hdl import Array, Assert, Assume, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from formal.proof import Proof
from formal.specification import Inside, keeps_its_offers, without_reset
from hw.classifier.scores import score_layout
from hw.classifier.winner import WinnerTakeAll
from hw.payloads import result_layout
from sw.design import DesignPoint

__all__ = ["FOUR", "PROOFS", "SIX", "WinnerSpec"]

FOUR = DesignPoint(
    name="four", height=1, width=15, classes=2, templates_per_class=2, rows=15, row_lanes=1, margin=2
)
"""Four templates with scores of four bits, two per class."""

SIX = DesignPoint(name="six", height=1, width=7, classes=3, templates_per_class=2, rows=7, row_lanes=1)
"""Six templates with scores of three bits, two per class."""


class WinnerSpec(Component):
    """Keeps all scores of an image, and computes the answer from them by the definition.

    Template: the lowest one with the largest score. Label: its class. Margin: its score minus the largest
    score of any other class. Assumes what :class:`hw.classifier.scores.ScoreAccumulator` gives: templates in
    order.
    """

    def __init__(self, design: DesignPoint = FOUR, block: type[WinnerTakeAll] = WinnerTakeAll):
        self._design = design
        self._block = block(design)
        super().__init__(
            {
                "i": In(stream.Signature(score_layout(design))),
                "o": Out(stream.Signature(result_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Keep, count, compare."""
        m = Module()
        without_reset(m)
        design, block = self._design, self._block
        inside = Inside(block)
        m.submodules.block = inside.fragment
        connect(m, flipped(self.i), block.i)
        connect(m, block.o, flipped(self.o))

        templates = design.templates
        position = Signal(range(templates + 1))
        scores = [
            Signal(design.max_score.bit_length(), name=f"score_{template}") for template in range(templates)
        ]
        taken, answered = Signal(), Signal()
        m.d.comb += [taken.eq(block.i.valid & block.i.ready), answered.eq(block.o.valid & block.o.ready)]
        with m.If(self.i.valid):
            m.d.comb += Assume(self.i.payload.template == position)
        with m.If(taken):
            m.d.sync += position.eq(position + 1)
            for template, score in enumerate(scores):
                with m.If(position == template):
                    m.d.sync += score.eq(block.i.payload.score)
        with m.If(answered):
            m.d.sync += position.eq(0)
        m.d.comb += [Assert(position <= templates), Assert(~taken | (position < templates))]

        # The definition.
        per_class = design.templates_per_class
        largest = reduce(_larger, scores)
        winner = _first(scores, largest)
        label = Array(template // per_class for template in range(templates))[winner]
        classes = [
            reduce(_larger, scores[start : start + per_class]) for start in range(0, templates, per_class)
        ]
        others = [Mux(label == number, 0, best) for number, best in enumerate(classes)]
        margin = largest - reduce(_larger, others)
        with m.If(block.o.valid):
            m.d.comb += [
                Assert(position == templates),
                Assert(block.o.payload.template == winner),
                Assert(block.o.payload.label == label),
                Assert(block.o.payload.margin == margin),
                Assert(block.o.payload.accepted == (margin >= design.margin)),
            ]
        keeps_its_offers(m, block.o, "o")

        # Throughput and latency: a score per cycle, and the result two cycles after the last of them.
        m.d.comb += Assert(block.i.ready == (position < templates))
        waited = Signal(range(3))
        m.d.sync += waited.eq(Mux((position == templates) & ~block.o.valid, waited + 1, 0))
        m.d.comb += [Assert(waited <= 1), Assert((waited == 0) | block.o.valid)]

        self._lemmas(m, inside, scores, classes, position)
        return m

    def _lemmas(self, m: Module, inside: Inside, scores, classes, position: Value) -> None:
        """How the block's registers belong to the scores so far; `seen` classes have been compared."""
        per_class, number_of_classes = self._design.templates_per_class, self._design.classes
        done = inside["c_done"]
        seen = Signal(range(number_of_classes + 1))
        m.d.comb += seen.eq(Array(n // per_class for n in range(len(scores) + 1))[position] - done)
        m.d.comb += [
            Assert(inside["closing"] == (position == len(scores))),
            Assert(inside["c_count"] == Array(n % per_class for n in range(len(scores) + 1))[position]),
            Assert(~done | ((position > 0) & (inside["c_count"] == 0))),
            Assert(inside["o__valid"] == (seen == number_of_classes)),
            Assert(inside["c_label"] == Mux(seen == number_of_classes, 0, seen)),
        ]
        for count in range(1, len(scores) + 1):
            start = (count - 1) // per_class * per_class
            best = reduce(_larger, scores[start:count])
            with m.If((position == count) & (done | (inside["c_count"] != 0))):
                m.d.comb += [
                    Assert(inside["c_score"] == best),
                    Assert(inside["c_template"] == start + _first(scores[start:count], best)),
                ]
        for count in range(1, number_of_classes + 1):
            best = reduce(_larger, classes[:count])
            label = _first(classes[:count], best)
            others = [Mux(label == number, 0, score) for number, score in enumerate(classes[:count])]
            with m.If(seen == count):
                m.d.comb += [
                    Assert(inside["best"] == best),
                    Assert(inside["best_label"] == label),
                    Assert(inside["best_template"] == _first(scores[: count * per_class], best)),
                    Assert(inside["other"] == reduce(_larger, others)),
                ]


def _larger(a: Value, b: Value) -> Value:
    return Mux(a > b, a, b)


def _first(values: list[Value], wanted: Value) -> Value:
    """Lowest index at which `wanted` stands; it is among them."""
    index: Value = Value.cast(len(values) - 1)
    for number in reversed(range(len(values) - 1)):
        index = Mux(values[number] == wanted, number, index)
    return index


PROOFS = (
    Proof(
        "winner-four",
        "label, template, margin and acceptance of four 4-bit scores, two per class, equal the definition",
        "unbounded",
        3,
        WinnerSpec,
    ),
    Proof(
        "winner-six",
        "label, template, margin and acceptance of six 3-bit scores, two per class, equal the definition",
        "unbounded",
        3,
        lambda: WinnerSpec(SIX),
    ),
)
