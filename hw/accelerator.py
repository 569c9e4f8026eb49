"""Accelerator: levels in, class out. It composes the stages and computes nothing."""

from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.array.behavioural import BehaviouralArray
from hw.array.codes.code_memory import load_port
from hw.array.programming.programmer import Programmer, programmer_ports
from hw.classifier.scores import ScoreAccumulator
from hw.classifier.winner import WinnerTakeAll
from hw.payloads import (
    conversion_layout,
    index_bits,
    level_word_layout,
    next_image_port,
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
        self._bundle = bundle
        self._spram = spram
        design = bundle.design
        tap = wiring.Signature({"valid": Out(1), "payload": Out(conversion_layout(design))})
        ports = _program_ports(design) if bundle.array.pulse is None else programmer_ports(design)
        super().__init__(
            {
                "levels": In(stream.Signature(level_word_layout(design))),
                "result": Out(stream.Signature(result_layout(design))),
                **ports,
                "conversion_tap": Out(tap),
                "score_address": In(index_bits(design.templates)),
                "score": Out(unsigned(design.max_score.bit_length())),
                **({"load": In(load_port())} if spram else {}),
                **({"next_image": In(next_image_port())} if bundle.array.read_noise is not None else {}),
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
        if self._bundle.array.pulse is None:
            connect(m, flipped(self.program), array.program)
            connect(m, array.programmed, flipped(self.programmed))
        else:
            m.submodules.programmer = programmer = Programmer(self._bundle.design, self._bundle.array.pulse)
            connect(m, programmer.program, array.program)
            connect(m, array.programmed, programmer.programmed)
            connect(m, flipped(self.write), programmer.write)
            connect(m, programmer.written, flipped(self.written))
            m.d.comb += self.failures.eq(programmer.failures)
        if self._spram:
            connect(m, flipped(self.load), array.load)
        if self._bundle.array.read_noise is not None:
            connect(m, flipped(self.next_image), array.next_image)
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
