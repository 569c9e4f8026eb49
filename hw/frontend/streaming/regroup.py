"""Regroup: channel values of one layer into the words of the next."""

from math import ceil
from typing import Self

from amaranth.hdl import Module, Mux, Shape, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits
from sw.design.layer import PIXEL_BITS

__all__ = ["Regroup"]


class Regroup(wiring.Component):
    """Collects items of a few values into words of more, pixel by pixel.

    A producer whose lanes do not divide its channels sends values that belong to no channel at the end of a
    pixel; words that hold only such values are dropped.

    Latency: 1 cycle from the last item of a word. Throughput: one item per cycle. Items wait while a word is
    not taken.

    Parameters
    ----------
    value_shape
        Shape of a value.
    items
        Items per pixel.
    item_values, word_values
        Values per item and per word; the former divides the latter.
    words
        Words per pixel.

    Members
    -------
    i, o
        Items and words.
    """

    @classmethod
    def of_pixels(cls, channels: int, lanes: int) -> Self:
        """From the values of a pixel, as they come from outside, to words of so many."""
        words = ceil(channels / lanes)
        return cls(unsigned(PIXEL_BITS), items=channels, item_values=1, word_values=lanes, words=words)

    def __init__(self, value_shape: Shape, *, items: int, item_values: int, word_values: int, words: int):
        if word_values % item_values:
            raise ValueError(
                f"word_values must be a multiple of item_values = {item_values}, got {word_values}"
            )
        self._items, self._words = items, words
        self._items_per_word = word_values // item_values
        self._item = data.ArrayLayout(value_shape, item_values)
        super().__init__(
            {
                "i": In(stream.Signature(self._item)),
                "o": Out(stream.Signature(data.ArrayLayout(value_shape, word_values))),
            }
        )

    def elaborate(self, platform):
        """Items go to their places; the first one of a word clears the others."""
        m = Module()
        item = Signal(index_bits(self._items))
        place = Signal(index_bits(self._items_per_word))
        word = Signal(index_bits(self._items // self._items_per_word + 2))
        last_item, full = Signal(), Signal()
        m.d.comb += [
            last_item.eq(item == self._items - 1),
            full.eq(last_item | (place == self._items_per_word - 1)),
            self.i.ready.eq(~self.o.valid | self.o.ready),
        ]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [item.eq(Mux(last_item, 0, item + 1)), place.eq(Mux(full, 0, place + 1))]
            for number in range(self._items_per_word):
                part = self.o.payload.as_value().word_select(number, self._item.size)
                with m.If(place == number):
                    m.d.sync += part.eq(self.i.payload.as_value())
                with m.Elif(place == 0):
                    m.d.sync += part.eq(0)
            with m.If(full):
                m.d.sync += [self.o.valid.eq(word < self._words), word.eq(Mux(last_item, 0, word + 1))]
        return m
