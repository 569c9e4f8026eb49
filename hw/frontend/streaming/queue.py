"""Queue: words of a map that wait until another map is as far."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.frontend.unit_memories import memory_style

__all__ = ["Queue"]


class Queue(wiring.Component):
    """Words in the order in which they come, in a memory that is read for each of them once.

    Amaranth's own queue does the same, but does not let its user say where its memory goes.

    Latency: 2 cycles from a word to its offer. Throughput: one word per cycle. Under back-pressure `depth`
    words wait in the memory and one behind it; then no more are taken.

    Parameters
    ----------
    word
        Layout of a word.
    depth
        Words of the memory, a power of two.

    Members
    -------
    i, o
        Words.
    """

    def __init__(self, word: data.Layout, depth: int):
        self._depth, self._width = depth, word.size
        super().__init__({"i": In(stream.Signature(word)), "o": Out(stream.Signature(word))})

    def elaborate(self, platform):
        """A ring with two addresses, and how many words are between them."""
        m = Module()
        style = memory_style(self._depth, self._width, writable=True)
        m.submodules.ring = ring = memory.Memory(
            shape=unsigned(self._width), depth=self._depth, init=[], attrs={"ram_style": style}
        )
        write, read = ring.write_port(), ring.read_port()
        waiting = Signal(range(self._depth + 1))
        m.d.comb += [
            self.i.ready.eq(~waiting[-1]),  # set at `depth` alone
            write.en.eq(self.i.valid & self.i.ready),
            write.data.eq(self.i.payload.as_value()),
            read.en.eq((waiting != 0) & (~self.o.valid | self.o.ready)),
            self.o.payload.as_value().eq(read.data),
        ]
        m.d.sync += waiting.eq(waiting + write.en - read.en)
        with m.If(write.en):
            m.d.sync += write.addr.eq(write.addr + 1)
        with m.If(read.en):
            m.d.sync += read.addr.eq(read.addr + 1)
        with m.If(self.o.ready | read.en):
            m.d.sync += self.o.valid.eq(read.en)
        return m
