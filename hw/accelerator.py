"""Accelerator: levels in, class out. It composes the stages and computes nothing."""

from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.array.behavioural import BehaviouralArray
from hw.array.programming.programmer import Programmer
from hw.classifier.scores import ScoreAccumulator
from hw.classifier.winner import WinnerTakeAll
from hw.optional import connect_optional, optional_ports
from hw.payloads import (
    conversion_layout,
    index_bits,
    level_word_layout,
    program_layout,
    programmed_shape,
    result_layout,
)
from sw.bundle import Bundle
from sw.design import DesignPoint

__all__ = ["Accelerator"]


class Accelerator(wiring.Component):
    """Array, score accumulation and winner-take-all.

    Latency and throughput: :func:`hw.sizing.array_timing.accelerator_timing`. Every stream may be stalled for
    any time at either end without losing or changing anything.

    Parameters
    ----------
    bundle
        The classifier.
    spram
        As for :class:`hw.array.behavioural.BehaviouralArray`.

    Members
    -------
    levels
        Words of word-line values, image after image, see :meth:`hw.geometry.ArrayGeometry.pack_levels`.
    result
        One answer per image.
    program, programmed
        The array's programming port, see :class:`hw.payloads.ArraySeam`; not with a pulse rule.
    write, written, failures
        With a pulse rule: those of a :class:`hw.array.programming.programmer.Programmer`, which has the port
        to itself.
    load
        With `spram`: the codes; no word of an image may come before all of them.
    next_image
        With read noise: the index of the next image, see :class:`hw.array.behavioural.BehaviouralArray`.
    conversion_tap
        Copy of every conversion in the cycle it is taken, for verification.
    score_address, score
        See :class:`hw.classifier.scores.ScoreAccumulator`.
    """

    def __init__(self, bundle: Bundle, *, spram: bool = False):
        self._design = design = bundle.design
        self._array = BehaviouralArray(bundle, spram=spram)
        self._programmer = Programmer(design, bundle.array.pulse) if bundle.array.pulse is not None else None
        tap = wiring.Signature({"valid": Out(1), "payload": Out(conversion_layout(design))})
        ports = _program_ports(design) if self._programmer is None else optional_ports(self._programmer)
        super().__init__(
            {
                "levels": In(stream.Signature(level_word_layout(design))),
                "result": Out(stream.Signature(result_layout(design))),
                **ports,
                "conversion_tap": Out(tap),
                "score_address": In(index_bits(design.templates)),
                "score": Out(unsigned(design.max_score.bit_length())),
                **optional_ports(self._array),
            }
        )

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        m.submodules.array = array = self._array
        m.submodules.scores = scores = ScoreAccumulator(self._design)
        m.submodules.winner = winner = WinnerTakeAll(self._design)

        connect(m, flipped(self.levels), array.levels)
        connect(m, array.conversions, scores.i)
        connect(m, scores.o, winner.i)
        connect(m, winner.o, flipped(self.result))
        if self._programmer is None:
            connect(m, flipped(self.program), array.program)
            connect(m, array.programmed, flipped(self.programmed))
        else:
            m.submodules.programmer = programmer = self._programmer
            connect(m, programmer.program, array.program)
            connect(m, array.programmed, programmer.programmed)
            connect_optional(m, flipped(self), programmer)
        connect_optional(m, flipped(self), array)
        m.d.comb += [
            self.conversion_tap.valid.eq(array.conversions.valid & array.conversions.ready),
            self.conversion_tap.payload.eq(array.conversions.payload),
            scores.score_address.eq(self.score_address),
            self.score.eq(scores.score),
        ]
        return m


def _program_ports(design: DesignPoint) -> dict[str, wiring.Member]:
    return {
        "program": In(stream.Signature(program_layout(design))),
        "programmed": Out(stream.Signature(programmed_shape(design))),
    }
