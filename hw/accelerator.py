"""Accelerator: levels in, class out. It composes the stages and computes nothing."""

from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.array import BehaviouralArray
from hw.code_memory import load_port
from hw.payloads import conversion_layout, index_bits, level_word_layout, program_layout, result_layout
from hw.scores import ScoreAccumulator
from hw.winner import WinnerTakeAll
from sw.bundle import Bundle

__all__ = ["Accelerator"]


class Accelerator(wiring.Component):
    """Array, score accumulation and winner-take-all.

    Latency and throughput: :func:`hw.timing.accelerator_timing`. Every stream may be stalled for any time at
    either end without losing or changing anything.

    Parameters
    ----------
    bundle
        The classifier.
    spram
        As for :class:`hw.array.BehaviouralArray`.

    Members
    -------
    levels
        Words of word-line values, image after image, see :meth:`hw.geometry.ArrayGeometry.pack_levels`.
    result
        One answer per image.
    program, programmed
        The array's programming port, see :class:`hw.payloads.ArraySeam`.
    load
        With `spram`: the codes; no word of an image may come before all of them.
    conversion_tap
        Copy of every conversion in the cycle it is taken, for verification.
    score_address, score
        See :class:`hw.scores.ScoreAccumulator`.
    """

    def __init__(self, bundle: Bundle, *, spram: bool = False):
        self._bundle = bundle
        self._spram = spram
        design = bundle.design
        tap = wiring.Signature({"valid": Out(1), "payload": Out(conversion_layout(design))})
        super().__init__(
            {
                "levels": In(stream.Signature(level_word_layout(design))),
                "result": Out(stream.Signature(result_layout(design))),
                "program": In(stream.Signature(program_layout(design))),
                "programmed": Out(stream.Signature(unsigned(design.cell_bits))),
                "conversion_tap": Out(tap),
                "score_address": In(index_bits(design.templates)),
                "score": Out(unsigned(design.max_score.bit_length())),
                **({"load": In(load_port())} if spram else {}),
            }
        )

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        m.submodules.array = array = BehaviouralArray(self._bundle, spram=self._spram)
        m.submodules.scores = scores = ScoreAccumulator(self._bundle.design)
        m.submodules.winner = winner = WinnerTakeAll(self._bundle.design)

        connect(m, flipped(self.levels), array.levels)
        connect(m, array.conversions, scores.i)
        connect(m, scores.o, winner.i)
        connect(m, winner.o, flipped(self.result))
        connect(m, flipped(self.program), array.program)
        connect(m, array.programmed, flipped(self.programmed))
        if self._spram:
            connect(m, flipped(self.load), array.load)
        m.d.comb += [
            self.conversion_tap.valid.eq(array.conversions.valid & array.conversions.ready),
            self.conversion_tap.payload.eq(array.conversions.payload),
            scores.score_address.eq(self.score_address),
            self.score.eq(scores.score),
        ]
        return m
