"""Stream core: the image accelerator behind plain port names, for use inside other designs."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.variant import Sizes
from hw.image_accelerator import ImageAccelerator
from hw.optional import has_port
from hw.payloads import result_layout
from sw.bundle import Bundle
from sw.design.layer import PIXEL_BITS

__all__ = ["StreamCore"]


class StreamCore(wiring.Component):
    """Pixels in, classes out, nothing else. It only renames.

    Cells cannot be programmed: a pulse rule of the bundle makes nothing here.

    A value of a pixel is taken, and a result given, in each cycle in which valid and ready of its stream are
    high. Latency, throughput and back-pressure: see :class:`hw.image_accelerator.ImageAccelerator`.

    Parameters
    ----------
    bundle, parallelism
        The classifier, and the sizes of its front end, see :mod:`hw.frontend.variant`.

    Members
    -------
    pixel_valid, pixel_ready, pixel
        Values of pixels, in the order of :mod:`sw.design.images`, image after image.
    result_valid, result_ready
        One result per image, in the same order.
    label, template, margin, accepted
        The result, while `result_valid`: class and best template, distance of its score to the best one of
        another class, and whether that is enough.
    next_image_valid, next_image
        With read noise: the index of the next image, on which its noise depends; 0 after reset, and one more
        for every image. Only after the result of the last image was taken and before a pixel of the next: set
        at any other time, it spoils the noise of every image until it is set again or reset.
    """

    def __init__(self, bundle: Bundle, parallelism: Sizes):
        self._accelerator = ImageAccelerator(bundle.with_array(pulse=None), parallelism)
        self._result = result_layout(bundle.design)
        self._indexed = has_port(self._accelerator, "next_image")
        super().__init__(
            {
                "pixel_valid": In(1),
                "pixel_ready": Out(1),
                "pixel": In(PIXEL_BITS),
                "result_valid": Out(1),
                "result_ready": In(1),
                **{name: Out(field.shape) for name, field in self._result},
                **({"next_image_valid": In(1), "next_image": In(32)} if self._indexed else {}),
            }
        )

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        m.submodules.accelerator = accelerator = self._accelerator
        m.d.comb += [
            accelerator.pixels.valid.eq(self.pixel_valid),
            accelerator.pixels.payload.eq(self.pixel),
            self.pixel_ready.eq(accelerator.pixels.ready),
            self.result_valid.eq(accelerator.result.valid),
            accelerator.result.ready.eq(self.result_ready),
        ]
        for name, _ in self._result:
            m.d.comb += getattr(self, name).eq(accelerator.result.payload[name])
        if self._indexed:
            m.d.comb += [
                accelerator.next_image.valid.eq(self.next_image_valid),
                accelerator.next_image.payload.eq(self.next_image),
            ]
        return m
