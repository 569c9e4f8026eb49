"""Chip: the accelerator with its UART host link, everything but clock and pins. It only composes."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from hw.accelerator import Accelerator
from hw.controller import Controller
from hw.feature_buffer import FeatureBuffer
from hw.frontend.schedule import Parallelism
from hw.image_accelerator import ImageAccelerator
from hw.uart import UartReceiver, UartTransmitter
from sw.bundle import Bundle

__all__ = ["Chip"]


class Chip(wiring.Component):
    """What goes on every board.

    Parameters
    ----------
    bundle
        The classifier.
    divisor
        Clock cycles per UART bit, at least 4.
    parallelism
        One per layer of the front end, see :class:`hw.frontend.frontend.FrontEnd`. None leaves the front end
        out: the host sends features.

    Members
    -------
    rx, tx
        UART pins.
    busy
        A request is being served.
    """

    rx: In(1, init=1)
    tx: Out(1, init=1)
    busy: Out(1)

    def __init__(self, bundle: Bundle, divisor: int, parallelism: tuple[Parallelism, ...] | None = None):
        self._bundle = bundle
        self._divisor = divisor
        self._parallelism = parallelism
        super().__init__()

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self._divisor)
        m.submodules.transmitter = transmitter = UartTransmitter(self._divisor)
        with_front_end = self._parallelism is not None
        m.submodules.controller = controller = Controller(self._bundle, with_front_end=with_front_end)
        if with_front_end:
            m.submodules.accelerator = accelerator = ImageAccelerator(self._bundle, self._parallelism)
            connect(m, controller.data, accelerator.pixels)
        else:
            m.submodules.buffer = buffer = FeatureBuffer(self._bundle.design)
            m.submodules.accelerator = accelerator = Accelerator(self._bundle)
            connect(m, controller.data, buffer.i)
            connect(m, buffer.o, accelerator.levels)
            m.d.comb += [controller.loaded.eq(buffer.loaded), buffer.start.eq(controller.start)]

        connect(m, receiver.o, controller.i)
        connect(m, controller.o, transmitter.i)
        connect(m, accelerator.result, controller.result)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            self.busy.eq(controller.busy),
            accelerator.score_address.eq(controller.score_address),
            controller.score.eq(accelerator.score),
        ]
        return m
