"""Chip: the accelerator with its UART host link, everything but clock and pins. It only composes."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.accelerator import Accelerator
from hw.array.codes.code_image import code_bytes
from hw.array.codes.flash import FlashLoader
from hw.frontend.variant import Sizes
from hw.host.controller import Controller
from hw.host.feature_buffer import FeatureBuffer
from hw.host.guard import RequestGuard
from hw.host.uart import UartReceiver, UartTransmitter
from hw.image_accelerator import ImageAccelerator
from hw.optional import connect_optional, has_port, optional_ports
from sw.bundle import Bundle

__all__ = ["Chip"]


class Chip(wiring.Component):
    """The accelerator with its host link: the part of a design that is alike on every board.

    Parameters
    ----------
    bundle
        The classifier.
    divisor
        Clock cycles per UART bit, at least 4.
    parallelism
        Sizes of the front end, see :mod:`hw.frontend.variant`. None leaves the front end out: the host sends
        features.
    spram
        The codes are in single-port RAM, and a :class:`hw.array.codes.flash.FlashLoader` fetches them at
        start.

    Members
    -------
    rx, tx
        UART pins.
    ready
        The codes are in place; always, unless `spram`.
    busy
        A request is being served, or the chip is not ready.
    flash
        With `spram`: pins of the flash that holds the code image, see :mod:`hw.array.codes.code_image`.
    """

    def __init__(
        self,
        bundle: Bundle,
        divisor: int,
        parallelism: Sizes | None = None,
        *,
        spram: bool = False,
    ):
        self._bundle = bundle
        self._divisor = divisor
        self._with_front_end = parallelism is not None
        self._accelerator: ImageAccelerator | Accelerator
        if parallelism is not None:
            self._accelerator = ImageAccelerator(bundle, parallelism, spram=spram)
        else:
            self._accelerator = Accelerator(bundle, spram=spram)
        loads = has_port(self._accelerator, "load")
        self._loader = FlashLoader(code_bytes(bundle)) if loads else None
        super().__init__(
            {
                "rx": In(1, init=1),
                "tx": Out(1, init=1),
                "ready": Out(1),
                "busy": Out(1),
                **optional_ports(self._loader),
            }
        )

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self._divisor)
        m.submodules.guard = guard = RequestGuard(self._divisor)
        m.submodules.transmitter = transmitter = UartTransmitter(self._divisor)
        loader, accelerator = self._loader, self._accelerator
        m.submodules.controller = controller = Controller(
            self._bundle, with_front_end=self._with_front_end, loads_codes=loader is not None
        )
        if self._with_front_end:
            m.submodules.accelerator = accelerator
            connect(m, controller.data, accelerator.pixels)
        else:
            m.submodules.buffer = buffer = FeatureBuffer(self._bundle.design)
            m.submodules.accelerator = accelerator
            connect(m, controller.data, buffer.i)
            connect(m, buffer.o, accelerator.levels)
            m.d.comb += [controller.loaded.eq(buffer.loaded), buffer.start.eq(controller.start)]

        if loader is None:
            m.d.comb += self.ready.eq(1)
        else:
            m.submodules.loader = loader
            connect(m, loader.o, accelerator.load)
            connect_optional(m, flipped(self), loader)
            m.d.comb += self.ready.eq(loader.ready)

        connect(m, receiver.o, guard.i)
        connect(m, guard.o, controller.i)
        connect(m, controller.o, transmitter.i)
        connect(m, accelerator.result, controller.result)
        connect_optional(m, controller, accelerator)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            guard.broken.eq(receiver.broken),
            guard.waiting.eq(controller.waiting),
            guard.busy.eq(controller.busy),
            controller.drop.eq(guard.drop),
            controller.ready.eq(self.ready),
            self.busy.eq(controller.busy | ~self.ready),
            accelerator.score_address.eq(controller.score_address),
            controller.score.eq(accelerator.score),
        ]
        return m
