"""Feature buffer: bytes from the host in, words for the array out."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.geometry import ArrayGeometry
from hw.payloads import index_bits, level_word_layout
from hw.protocol import load_bytes
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
        ``ceil(F / 8)`` bytes per image, feature f in bit ``f % 8`` of byte ``f // 8``, then spare bits.
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
            shape=unsigned(design.row_lanes), depth=geometry.words, init=[], attrs={"ram_style": "block"}
        )
        write = features.write_port()
        read = features.read_port()

        byte = Signal(8)
        bits_left = Signal(range(9))
        bytes_taken = Signal(index_bits(load_bytes(design) + 1))
        feature = Signal(index_bits(design.features + 1))
        row = Signal(index_bits(design.rows))
        lane = Signal(range(design.row_lanes))
        word = Signal(design.row_lanes)
        filled = Signal(design.row_lanes)
        last_row = Signal()
        m.d.comb += [
            self.i.ready.eq(bits_left == 0),
            filled.eq(Mux(lane == 0, 0, word) | (byte[0] << lane)),
            last_row.eq((row == design.rows - 1) | (feature == design.features - 1)),
            write.data.eq(filled),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [byte.eq(self.i.payload), bits_left.eq(8), bytes_taken.eq(bytes_taken + 1)]
        with m.If(bits_left != 0):
            m.d.sync += [bits_left.eq(bits_left - 1), byte.eq(byte >> 1)]
            with m.If(feature != design.features):
                m.d.sync += [
                    feature.eq(feature + 1),
                    row.eq(Mux(last_row, 0, row + 1)),
                    lane.eq(lane + 1),
                    word.eq(filled),
                ]
                with m.If(last_row | (lane == design.row_lanes - 1)):
                    m.d.comb += write.en.eq(1)
                    m.d.sync += [lane.eq(0), write.addr.eq(write.addr + 1)]
            with m.If((bits_left == 1) & (bytes_taken == load_bytes(design))):
                m.d.comb += self.loaded.eq(1)
                m.d.sync += [bytes_taken.eq(0), feature.eq(0), write.addr.eq(0)]

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
