"""Image accelerator: pixels in, class out. It composes the stages and computes nothing."""

from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.accelerator import Accelerator
from hw.frontend.variant import Sizes, plan_front_end
from hw.optional import connect_optional, optional_ports
from hw.payloads import conversion_layout, index_bits, level_word_layout, result_layout
from hw.quantiser.quantiser import Quantiser
from hw.quantiser.word_packer import WordPacker
from hw.skid_buffer import SkidBuffer
from sw.bundle import Bundle
from sw.design.layer import PIXEL_BITS

__all__ = ["ImageAccelerator"]


class ImageAccelerator(wiring.Component):
    """All five stages.

    Front end and array work on different images at the same time. Latency and throughput:
    :func:`hw.sizing.image_timing.image_timing`. Every stream may be stalled at either end without losing or
    changing anything.

    Parameters
    ----------
    bundle
        The classifier.
    parallelism
        Sizes of the front end, see :mod:`hw.frontend.variant`.
    spram
        As for :class:`hw.accelerator.Accelerator`.

    Members
    -------
    pixels
        Values of pixels, in the order of :mod:`sw.design.images`, image after image.
    result
        One answer per image.
    load
        With `spram`: the codes; no pixel may come before all of them.
    write, written, failures
        With a pulse rule: see :class:`hw.array.programming.programmer.Programmer`. A request waits while an
        image is inside: for ever, if images come back to back; and images may come between its pulses. So no
        pixel should be offered from a request to its answer.
    next_image
        With read noise: the index of the next image. Only after the result of the last image was taken and
        before a pixel of the next: set at any other time, it spoils the noise of every image until it is set
        again or reset.
    level_tap, conversion_tap
        Copies of every word of word-line values and of every conversion, in the cycle it is taken.
    score_address, score
        See :class:`hw.classifier.scores.ScoreAccumulator`.
    """

    def __init__(self, bundle: Bundle, parallelism: Sizes, *, spram: bool = False):
        self._bundle = bundle
        self._accelerator = Accelerator(bundle, spram=spram)
        self._front_end = plan_front_end(bundle, parallelism).component()
        design = bundle.design
        level_tap = wiring.Signature({"valid": Out(1), "payload": Out(level_word_layout(design))})
        conversion_tap = wiring.Signature({"valid": Out(1), "payload": Out(conversion_layout(design))})
        super().__init__(
            {
                "pixels": In(stream.Signature(PIXEL_BITS)),
                "result": Out(stream.Signature(result_layout(design))),
                "level_tap": Out(level_tap),
                "conversion_tap": Out(conversion_tap),
                "score_address": In(index_bits(design.templates)),
                "score": Out(unsigned(design.max_score.bit_length())),
                **optional_ports(self._accelerator),
            }
        )

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        front = self._front_end
        m.submodules.frontend = front
        # The array can stop the quantiser in any cycle: this must not reach the last layer in the same one.
        m.submodules.buffer = buffer = SkidBuffer(front.o.payload.shape())
        m.submodules.quantiser = quantiser = Quantiser(self._bundle, front.shape, front.value_range)
        m.submodules.packer = packer = WordPacker(self._bundle.design, quantiser.at_once)
        m.submodules.accelerator = accelerator = self._accelerator

        connect(m, flipped(self.pixels), front.i)
        connect(m, front.o, buffer.i)
        connect(m, buffer.o, quantiser.i)
        connect(m, quantiser.o, packer.i)
        connect(m, packer.o, accelerator.levels)
        connect(m, accelerator.result, flipped(self.result))
        connect_optional(m, flipped(self), accelerator)
        m.d.comb += [
            self.level_tap.valid.eq(packer.o.valid & packer.o.ready),
            self.level_tap.payload.eq(packer.o.payload),
            self.conversion_tap.valid.eq(accelerator.conversion_tap.valid),
            self.conversion_tap.payload.eq(accelerator.conversion_tap.payload),
            accelerator.score_address.eq(self.score_address),
            self.score.eq(accelerator.score),
        ]
        return m
