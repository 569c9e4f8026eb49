"""Quantiser: feature values against their own thresholds, to word-line values."""

from amaranth.hdl import Module, Mux, Shape, Signal, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits
from sw.bundle import Bundle

__all__ = ["Quantiser", "threshold_contents"]


def threshold_contents(bundle: Bundle, value_range: tuple[int, int]) -> tuple[int, tuple[int, ...]]:
    """Bits of a threshold, and the thresholds in feature order.

    Thresholds outside `value_range`, the smallest and largest feature value, are moved to just outside, which
    changes no comparison and keeps the memory narrow.
    """
    low, high = value_range
    thresholds = bundle.feature_thresholds.reshape(-1).clip(low, high + 1)
    bits = max(low.bit_length(), (high + 1).bit_length()) + 1
    return bits, tuple(thresholds.tolist())


class Quantiser(wiring.Component):
    """One comparison per cycle, with the thresholds in a memory in feature order.

    Latency: 1 cycle. Throughput: one word-line value per cycle, so L cycles per feature value. Values wait
    while a word-line value is not taken.

    Parameters
    ----------
    bundle
        Thresholds.
    value_shape
        Shape of a feature value.
    value_range
        Smallest and largest feature value.

    Members
    -------
    i
        Feature values, channels within a pixel, pixel after pixel, image after image.
    o
        Word-line values in feature order.
    """

    def __init__(self, bundle: Bundle, value_shape: Shape, value_range: tuple[int, int]):
        self._levels = bundle.design.thresholds_per_feature
        self._bits, self._thresholds = threshold_contents(bundle, value_range)
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(value_shape, 1))),
                "o": Out(stream.Signature(1)),
            }
        )

    def elaborate(self, platform):
        """The threshold of the next comparison is read ahead."""
        m = Module()
        depth = len(self._thresholds)
        m.submodules.thresholds = thresholds = memory.Memory(
            shape=signed(self._bits),
            depth=depth,
            init=list(self._thresholds),
            attrs={"ram_style": "block", "rom_style": "block"},
        )
        read = thresholds.read_port()
        feature, next_feature = Signal(index_bits(depth)), Signal(index_bits(depth))
        level = Signal(index_bits(self._levels))
        last_level, primed, compare = Signal(), Signal(), Signal()
        m.d.comb += [
            last_level.eq(level == self._levels - 1),
            compare.eq(primed & self.i.valid & (~self.o.valid | self.o.ready)),
            self.i.ready.eq(compare & last_level),
            next_feature.eq(Mux(feature == depth - 1, 0, feature + 1)),
            read.addr.eq(Mux(compare, next_feature, feature)),
            read.en.eq(1),
        ]
        m.d.sync += primed.eq(1)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(compare):
            m.d.sync += [
                self.o.valid.eq(1),
                self.o.payload.eq(self.i.payload[0] >= read.data),
                feature.eq(next_feature),
                level.eq(Mux(last_level, 0, level + 1)),
            ]
        return m
