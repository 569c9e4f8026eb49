"""Folded front end: pixels in, feature values out, one engine for all layers. It only composes."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.frontend.folded.finish import Finish
from hw.frontend.folded.fold import Fold
from hw.frontend.folded.maps import MapMemory
from hw.frontend.folded.sequencer import Sequencer
from hw.frontend.streaming.frontend import feature_range
from hw.frontend.streaming.mac import MacArray, MaxArray
from hw.frontend.streaming.regroup import Regroup
from sw.design.layer import PIXEL_BITS

__all__ = ["FoldedFrontEnd"]


class FoldedFrontEnd(wiring.Component):
    """All layers of a bundle, one after the other.

    Throughput: :attr:`hw.frontend.folded.fold.Fold.cycles` per image. Latency: a whole image, then the sum of
    all layers. The pixels of the next image are taken while the second and later layers are computed. Under
    back-pressure the last layer waits and nothing is lost.

    Parameters
    ----------
    fold
        Widths, memories and schedules of the engine.

    Attributes
    ----------
    shape, value_range
        Shape and range of a feature value.

    Members
    -------
    i, o
        As of :class:`hw.frontend.streaming.frontend.FrontEnd`.
    """

    def __init__(self, fold: Fold):
        self._fold = fold
        self.shape = fold.value_shapes[-1]
        self.value_range = feature_range(fold.schedules)
        super().__init__(
            {
                "i": In(stream.Signature(PIXEL_BITS)),
                "o": Out(stream.Signature(data.ArrayLayout(self.shape, 1))),
            }
        )

    def elaborate(self, platform):
        """Sequencer, memories, reductions, and the finish of their results."""
        m = Module()
        fold = self._fold
        m.submodules.sequencer = sequencer = Sequencer(fold)
        m.submodules.maps = maps = MapMemory(fold)
        m.submodules.multiply = multiply = MacArray(fold, _factors(fold))
        m.submodules.finish = finish = Finish(fold, multiply.shape, maps.word)
        reductions = [(multiply, finish.sums, ~sequencer.now.pools)]
        if fold.has_pools:
            m.submodules.maximum = maximum = MaxArray(maps.word)
            reductions.append((maximum, finish.maxima, sequencer.now.pools))

        if fold.pixel_lanes > 1:
            channels = fold.bundle.design.channels
            m.submodules.gather = gather = Regroup.of_pixels(channels, fold.pixel_lanes)
            m.d.comb += [
                gather.i.payload[0].eq(self.i.payload),
                gather.i.valid.eq(self.i.valid),
                self.i.ready.eq(gather.i.ready),
                maps.i.payload.eq(gather.o.payload.as_value()),
                maps.i.valid.eq(gather.o.valid),
                gather.o.ready.eq(maps.i.ready),
            ]
        else:
            connect(m, flipped(self.i), maps.i)
        connect(m, finish.o, flipped(self.o))
        m.d.comb += [
            sequencer.image.eq(maps.image),
            maps.image_done.eq(sequencer.image_done),
            maps.advance.eq(sequencer.advance),
            maps.reads.eq(sequencer.reads),
            maps.first_layer.eq(sequencer.first_layer),
            maps.addresses.eq(sequencer.addresses),
            maps.write.eq(finish.write),
            multiply.weights.eq(sequencer.weights),
            finish.now.eq(sequencer.now),
            finish.restart.eq(sequencer.restart),
            finish.last_layer.eq(sequencer.last_layer),
            multiply.held_next.eq(finish.next_sums),
            sequencer.advance.eq(Cat(reduction.advance for reduction, _, _ in reductions).all()),
            sequencer.group_done.eq(Cat(result.done for _, result, _ in reductions).any()),
        ]
        taps = self._values(m, sequencer, maps)
        for reduction, result, chosen in reductions:
            m.d.comb += [
                reduction.valid.eq(sequencer.valid & chosen),
                reduction.ends_group.eq(sequencer.ends_group),
                result.valid.eq(reduction.held_valid),
                result.values.eq(reduction.held),
                reduction.held_done.eq(result.done),
            ]
            for word, values in zip(reduction.data, taps, strict=False):
                m.d.comb += [word[lane].eq(value) for lane, value in enumerate(values)]
        return m

    def _values(self, m: Module, sequencer: Sequencer, maps: MapMemory) -> list[list[Signal]]:
        """For each tap its values in registers, 0 outside the image; a pixel is in the first lanes.

        The registers keep the product out of the cycle in which a deep memory is read and its word masked.
        """
        taps = []
        for tap in range(self._fold.parallelism.taps):
            values = []
            for lane in range(self._fold.parallelism.input_lanes):
                value = maps.words[tap][lane] if self._fold.map_depth else Const(0, 1)
                if lane < self._fold.pixel_lanes:
                    pixel = maps.pixels[tap].word_select(lane, PIXEL_BITS)
                    value = Mux(sequencer.first_layer, pixel, value)
                values.append(Signal(value.shape(), name=f"value_{tap}_{lane}"))
                with m.If(sequencer.advance):
                    m.d.sync += values[-1].eq(Mux(sequencer.outside[tap], 0, value))
            taps.append(values)
        return taps


def _factors(fold: Fold) -> data.FlexibleLayout:
    """Values of a word as the multipliers take them."""
    starts = [sum(fold.factor_bits[:lane]) for lane in range(len(fold.factor_bits) + 1)]
    fields = {lane: data.Field(unsigned(bits), starts[lane]) for lane, bits in enumerate(fold.factor_bits)}
    return data.FlexibleLayout(starts[-1], fields)
