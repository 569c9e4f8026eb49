"""Feature buffer: bytes from the host in, words for the array out."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.geometry import ArrayGeometry
from hw.payloads import index_bits, level_word_layout
from hw.quantiser.word_packer import WordPacker
from sw.design import DesignPoint

__all__ = ["FeatureBuffer"]


class FeatureBuffer(wiring.Component):
    """Holds the word-line values of one image.

    Loading takes the bits of a byte one per cycle, so 9 cycles per byte; UART is slower than that. Sending
    takes one cycle per word after a first one and waits while `o` is not ready.

    Parameters
    ----------
    design
        Gives features, rows and lanes.

    Members
    -------
    i
        ``ceil(F * b / 8)`` bytes per image, bit i in bit ``i % 8`` of byte ``i // 8``: the b bits of each
        word-line value, its lowest first, feature after feature, then spare bits.
    loaded
        High for one cycle when the last byte of an image has been taken apart.
    start
        Send the image once; not while `sending`.
    sending
        Words are on their way.
    o
        The words of one image, see :mod:`hw.geometry`.
    """

    def __init__(self, design: DesignPoint):
        self._design = design
        self._geometry = ArrayGeometry(design)
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "loaded": Out(1),
                "start": In(1),
                "sending": Out(1),
                "o": Out(stream.Signature(level_word_layout(design))),
            }
        )

    def elaborate(self, platform):
        """Bit by bit into words, word by word out."""
        m = Module()
        design, geometry = self._design, self._geometry
        m.submodules.features = features = memory.Memory(
            shape=unsigned(geometry.word_bits), depth=geometry.words, init=[], attrs={"ram_style": "block"}
        )
        write = features.write_port()
        read = features.read_port()

        m.submodules.packer = packer = WordPacker(design)
        m.d.comb += [
            packer.o.ready.eq(1),
            write.en.eq(packer.o.valid),
            write.data.eq(packer.o.payload.as_value()),
        ]
        with m.If(packer.o.valid):
            m.d.sync += write.addr.eq(Mux(write.addr == geometry.words - 1, 0, write.addr + 1))

        byte = Signal(8)
        bits_left = Signal(range(9))
        image_bits = design.features * design.level_bits
        bits_wanted = Signal(range(image_bits + 1), init=image_bits)
        last_byte = Signal()
        if design.level_bits == 1:
            wanted, value = packer.i.valid, byte[0]
        else:
            wanted, value = self._values(m, packer.i.valid, byte[0])
        m.d.comb += [
            self.i.ready.eq(bits_left == 0),
            packer.i.payload[0].eq(value),
            wanted.eq((bits_left != 0) & (bits_wanted != 0)),
        ]
        with m.If(wanted):
            m.d.sync += bits_wanted.eq(bits_wanted - 1)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [byte.eq(self.i.payload), bits_left.eq(8), last_byte.eq(bits_wanted <= 8)]
        with m.If(bits_left != 0):
            m.d.sync += [bits_left.eq(bits_left - 1), byte.eq(byte >> 1)]
            with m.If((bits_left == 1) & last_byte):
                m.d.comb += self.loaded.eq(1)
                m.d.sync += bits_wanted.eq(image_bits)

        step = Signal()
        m.d.comb += [
            step.eq(self.sending & (~self.o.valid | self.o.ready)),
            read.en.eq(step),
            self.o.payload.as_value().eq(read.data),
        ]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(step):
            m.d.sync += [self.o.valid.eq(1), read.addr.eq(read.addr + 1)]
            with m.If(read.addr == geometry.words - 1):
                m.d.sync += [self.sending.eq(0), read.addr.eq(0)]
        with m.If(self.start):
            m.d.sync += self.sending.eq(1)
        return m

    def _values(self, m: Module, complete: Value, bit: Value) -> tuple[Signal, Value]:
        """Collects the bits of a value: the signal that takes `bit`, and the value when it is `complete`."""
        bits = self._design.level_bits
        taken = Signal()
        earlier = Signal(bits - 1)
        place = Signal(index_bits(bits))
        value = Cat(earlier, bit)
        last = place == bits - 1
        m.d.comb += complete.eq(taken & last)
        with m.If(taken):
            m.d.sync += [earlier.eq(value[1:]), place.eq(Mux(last, 0, place + 1))]
        return taken, value
