"""Quantiser: feature values against their own thresholds, to word-line values."""

from math import gcd

from amaranth.hdl import Module, Mux, Shape, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits
from hw.rom import add_rom
from sw.bundle import Bundle
from sw.design import DesignPoint

__all__ = ["Quantiser", "comparisons_at_once", "cycles_per_value", "quantiser_cycles", "threshold_contents"]

WINDOW_COMPARISONS = 7
"""Most comparisons of a level that are counted in one cycle: two levels of logic behind the comparators."""


def comparisons_at_once(design: DesignPoint) -> int:
    """Thresholds of a feature that are compared in one cycle.

    Binary cells: as many of its L as divide word and row tile evenly, so that no group of values is split
    between words. Window cells, where they make one value: as many as divide L, up to WINDOW_COMPARISONS.
    """
    if design.cell == "window":
        fitting = range(1, WINDOW_COMPARISONS + 1)
        return max(count for count in fitting if design.thresholds_per_feature % count == 0)
    return gcd(design.thresholds_per_feature, design.row_lanes, design.rows)


def cycles_per_value(design: DesignPoint) -> int:
    """Cycles of the quantiser for one feature value."""
    return design.thresholds_per_feature // comparisons_at_once(design)


def quantiser_cycles(design: DesignPoint) -> int:
    """Cycles per image of the quantiser."""
    channels, height, width = design.feature_map_shape
    return channels * height * width * cycles_per_value(design)


def threshold_contents(bundle: Bundle, value_range: tuple[int, int]) -> tuple[int, tuple[int, ...]]:
    """Bits of a threshold, and the entries of the threshold memory, one per cycle in feature order.

    An entry holds the thresholds that are compared at once, the first one in its lowest bits. Thresholds
    outside `value_range`, the smallest and largest feature value, are moved to just outside, which changes no
    comparison and keeps the memory narrow.
    """
    low, high = value_range
    thresholds = bundle.feature_thresholds.reshape(-1).clip(low, high + 1)
    bits = max(low.bit_length(), (high + 1).bit_length()) + 1
    at_once = comparisons_at_once(bundle.design)
    mask = 2**bits - 1
    entries = []
    for group in thresholds.reshape(-1, at_once).tolist():
        entries.append(sum((value & mask) << (place * bits) for place, value in enumerate(group)))
    return bits, tuple(entries)


class Quantiser(wiring.Component):
    """Comparators with their thresholds in a memory in feature order.

    Latency: 1 cycle, for a level of window cells :func:`cycles_per_value`. Throughput: one feature value in
    :func:`cycles_per_value` cycles, which is one cycle where rows and row lanes are multiples of L, and for
    levels of up to three bits. Values wait while a
    result is not taken.

    Parameters
    ----------
    bundle
        Thresholds.
    value_shape
        Shape of a feature value.
    value_range
        Smallest and largest feature value.

    Attributes
    ----------
    at_once
        Word-line values that are delivered together: the comparisons of a cycle, or one level.

    Members
    -------
    i
        Feature values, channels within a pixel, pixel after pixel, image after image.
    o
        Word-line values in feature order, a few neighbouring ones at a time.
    """

    def __init__(self, bundle: Bundle, value_shape: Shape, value_range: tuple[int, int]):
        design = bundle.design
        self._compared = comparisons_at_once(design)
        self._counts = design.cell == "window"
        self.at_once = 1 if self._counts else self._compared
        self._rounds = cycles_per_value(design)
        self._bits, self._entries = threshold_contents(bundle, value_range)
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(value_shape, 1))),
                "o": Out(stream.Signature(data.ArrayLayout(design.level_bits, self.at_once))),
            }
        )

    def elaborate(self, platform):
        """Thresholds wait in a register, and those behind them on the port of their memory.

        So reading a deep memory and comparing are not in one cycle.
        """
        m = Module()
        depth = len(self._entries)
        read = add_rom(m, "thresholds", unsigned(self._bits * self._compared), self._entries, "block")
        entry, waiting = Signal(index_bits(depth)), Signal.like(read.data)
        round_ = Signal(index_bits(self._rounds))
        last_round, free, compare, move = Signal(), Signal(), Signal(), Signal()
        on_port, primed = Signal(), Signal()
        m.d.comb += [
            last_round.eq(round_ == self._rounds - 1),
            free.eq(primed & (~self.o.valid | self.o.ready)),
            compare.eq(free & self.i.valid),
            self.i.ready.eq(free & last_round),
            move.eq(compare | ~primed),
            read.addr.eq(entry),
            read.en.eq(move),
        ]
        m.d.sync += [on_port.eq(1), primed.eq(on_port)]
        with m.If(move):
            m.d.sync += [waiting.eq(read.data), entry.eq(Mux(entry == depth - 1, 0, entry + 1))]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(compare):
            m.d.sync += [
                self.o.valid.eq(last_round if self._counts else 1),
                round_.eq(Mux(last_round, 0, round_ + 1)),
            ]
            thresholds = [
                waiting.word_select(place, self._bits).as_signed() for place in range(self._compared)
            ]
            reached = [self.i.payload[0] >= threshold for threshold in thresholds]
            if self._counts:
                before = Mux(round_ == 0, 0, self.o.payload[0])
                m.d.sync += self.o.payload[0].eq(before + sum(reached))
            else:
                m.d.sync += [value.eq(bit) for value, bit in zip(self.o.payload, reached, strict=True)]
        return m
