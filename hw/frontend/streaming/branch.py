"""Branch: where a map goes several ways, and where two maps come together."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits

__all__ = ["Fork", "Pair"]


class Fork(wiring.Component):
    """Gives every item to several takers, each of which takes it when it is ready.

    Latency: none. Throughput: one item per cycle. The next item comes when all have the one before it.

    Parameters
    ----------
    item
        Layout of an item.
    takers
        How many.

    Members
    -------
    i
        Items.
    o
        For each taker, the same items.
    """

    def __init__(self, item: data.Layout, takers: int):
        super().__init__(
            {"i": In(stream.Signature(item)), "o": Out(stream.Signature(item)).array(takers)},
        )

    def elaborate(self, platform):
        """A flag for each taker that has the item already."""
        m = Module()
        had = Signal(len(self.o))
        have = Signal(len(self.o))
        for number, taker in enumerate(self.o):
            m.d.comb += [
                taker.valid.eq(self.i.valid & ~had[number]),
                taker.payload.eq(self.i.payload),
                have[number].eq(had[number] | taker.ready),
            ]
        m.d.comb += self.i.ready.eq(have.all())
        with m.If(self.i.valid):
            m.d.sync += had.eq(Mux(self.i.ready, 0, have))
        return m


class Pair(wiring.Component):
    """Words of two maps one behind the other: those of a pixel of the first, then those of the second.

    Latency: none. Throughput: one word per cycle. Under back-pressure both maps wait.

    Parameters
    ----------
    word
        Layout of a word.
    words
        Words per pixel of a map.

    Members
    -------
    i
        The two maps.
    o
        Words of both.
    """

    def __init__(self, word: data.Layout, words: int):
        self._words = words
        super().__init__(
            {"i": In(stream.Signature(word)).array(2), "o": Out(stream.Signature(word))},
        )

    def elaborate(self, platform):
        """A counter of words, and whose turn it is."""
        m = Module()
        first, second = self.i
        turn, word = Signal(), Signal(index_bits(self._words))
        last = Signal()
        m.d.comb += [
            last.eq(word == self._words - 1),
            self.o.valid.eq(Mux(turn, second.valid, first.valid)),
            self.o.payload.as_value().eq(Mux(turn, second.payload.as_value(), first.payload.as_value())),
            Cat(first.ready, second.ready).eq(Mux(turn, self.o.ready << 1, self.o.ready)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [word.eq(Mux(last, 0, word + 1)), turn.eq(turn ^ last)]
        return m
