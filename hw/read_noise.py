"""Read noise: adds a noise value to every match-line current on its way to the ADC."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.noise_values import NoiseValues, noise_bits
from hw.payloads import current_layout, next_image_port
from sw.design import DesignPoint
from sw.reference.noise import ReadNoise

__all__ = ["ReadNoiseAdder"]


class ReadNoiseAdder(wiring.Component):
    """Currents plus noise, saturated at 0 and at the largest current of a full tile.

    Latency: 1 cycle. Throughput: one current per cycle as long as there are noise values; at the start of an
    image currents wait for them, see :class:`hw.noise_values.NoiseValues`. Under back-pressure on `o` both
    wait.

    Parameters
    ----------
    design
        Gives all widths.
    noise
        What is added.

    Members
    -------
    next_image
        Sets the index of the next image, see :class:`hw.noise_values.NoiseValues`; only while no image is
        inside.
    i, o
        Currents, in the same order: conversions are counted, and `row_tile` and `match_line` not looked at.
    """

    def __init__(self, design: DesignPoint, noise: ReadNoise):
        self._design = design
        self._noise = noise
        super().__init__(
            {
                "next_image": In(next_image_port()),
                "i": In(stream.Signature(current_layout(design))),
                "o": Out(stream.Signature(current_layout(design))),
            }
        )

    def elaborate(self, platform):
        """A current leaves with its noise, or waits for it."""
        m = Module()
        most = self._design.max_current
        m.submodules.values = values = NoiseValues(self._design, self._noise)
        connect(m, flipped(self.next_image), values.next_image)
        advance = Signal()
        total = Signal(signed(max(most.bit_length() + 1, noise_bits(self._noise)) + 1))
        m.d.comb += [
            advance.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(advance & values.o.valid),
            values.o.ready.eq(advance & self.i.valid),
            total.eq(self.i.payload.current + values.o.payload),
        ]
        with m.If(advance):
            m.d.sync += [
                self.o.valid.eq(self.i.valid & values.o.valid),
                self.o.payload.eq(self.i.payload),
                self.o.payload.current.eq(Mux(total < 0, 0, Mux(total > most, most, total))),
            ]
        return m
