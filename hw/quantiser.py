"""Quantiser: feature values against their own thresholds, to word-line values."""

from amaranth.hdl import Module, Mux, Shape, Signal
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.payloads import index_bits
from sw.bundle import Bundle

__all__ = ["Quantiser"]


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
        Smallest and largest feature value; thresholds outside are moved to just outside, which changes no
        comparison and keeps the memory narrow.

    Members
    -------
    i
        Feature values, channels within a pixel, pixel after pixel, image after image.
    o
        Word-line values in feature order.
    """

    def __init__(self, bundle: Bundle, value_shape: Shape, value_range: tuple[int, int]):
        low, high = value_range
        self._levels = bundle.design.thresholds_per_feature
        self._thresholds = [
            min(max(int(threshold), low), high + 1) for threshold in bundle.feature_thresholds.reshape(-1)
        ]
        bits = max(low.bit_length(), (high + 1).bit_length()) + 1
        self._threshold_shape = Shape(bits, signed=True)
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
            shape=self._threshold_shape,
            depth=depth,
            init=self._thresholds,
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
