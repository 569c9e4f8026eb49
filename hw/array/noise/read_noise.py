"""Read noise: adds a noise value to every match-line current on its way to the ADC."""

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.array.noise.noise_values import NoiseValues, noise_bits
from hw.payloads import current_layout, next_image_port
from sw.design import DesignPoint
from sw.reference.noise import ReadNoise

__all__ = ["ReadNoiseAdder"]


class ReadNoiseAdder(wiring.Component):
    """Currents plus noise, saturated at 0 and at the largest current of their row tile.

    That is a constant where all tiles are alike; where the last one is short, `row_tile` picks one of two.

    Latency: 1 cycle. Throughput: one current per cycle as long as there are noise values; at the start of an
    image currents wait for them, see :class:`hw.array.noise.noise_values.NoiseValues`. Under back-pressure on
    `o` both wait.

    Parameters
    ----------
    design
        Gives all widths.
    noise
        What is added.

    Members
    -------
    next_image
        Sets the index of the next image, see :class:`hw.array.noise.noise_values.NoiseValues`; only after the
        last current of an image and before the first of the next.
    i, o
        Currents, tile after tile, and in the same order: conversions are counted, and of `row_tile` no more
        is looked at than what saturates.
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
        m.submodules.values = values = NoiseValues(self._design, self._noise)
        connect(m, flipped(self.next_image), values.next_image)
        advance = Signal()
        most = self._largest(self.i.payload.row_tile)
        total = Signal(signed(max(len(self.i.payload.current) + 1, noise_bits(self._noise)) + 1))
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

    def _largest(self, row_tile: Value) -> Value:
        """Largest current of a row tile."""
        design = self._design
        last = design.row_tiles - 1
        full, short = design.max_current, design.max_current_in_tile(last)
        return Const(full) if short == full else Mux(row_tile == last, Const(short), Const(full))
