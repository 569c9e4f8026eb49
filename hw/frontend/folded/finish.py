"""Finish: turns the results of a folded front end's groups into maps and features, layer by layer."""

from amaranth.hdl import Cat, Module, Shape, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.frontend.folded.fold import Fold
from hw.frontend.folded.layer_table import table_layout
from hw.frontend.folded.maps import MapWriter, write_layout
from hw.frontend.streaming.activation import Serialiser, ThresholdSearch
from hw.frontend.streaming.regroup import Regroup

__all__ = ["Finish"]


class Finish(wiring.Component):
    """Sums become activations, or are written or handed on as they are; so are maxima.

    Latency and throughput: those of :class:`hw.frontend.streaming.activation.ThresholdSearch` and
    :class:`hw.frontend.streaming.activation.Serialiser`. Only features can be held up, so only the last layer
    waits.

    Parameters
    ----------
    fold
        Layers, thresholds and lanes.
    sum_shape
        Shape of a sum.
    word
        Layout of a word of a map.

    Members
    -------
    now, restart, last_layer
        See :class:`hw.frontend.folded.sequencer.Sequencer`.
    sums, maxima
        Results of a group: valid, values, and done once they are needed no longer.
    next_sums
        See :attr:`hw.frontend.streaming.mac.MacArray.held_next`.
    write
        Words for the memory of the maps, see :func:`hw.frontend.folded.maps.write_layout`.
    o
        Feature values.
    """

    def __init__(self, fold: Fold, sum_shape: Shape, word: data.ArrayLayout):
        self._fold, self._sum_shape, self._word = fold, sum_shape, word
        sums = data.ArrayLayout(sum_shape, fold.parallelism.output_lanes)
        super().__init__(
            {
                "now": In(table_layout(fold)),
                "restart": In(1),
                "last_layer": In(1),
                "sums": In(_result_signature(sums)),
                "maxima": In(_result_signature(word)),
                "next_sums": Out(1),
                "write": Out(write_layout(fold, word)),
                "o": Out(stream.Signature(data.ArrayLayout(fold.value_shapes[-1], 1))),
            }
        )

    def elaborate(self, platform):
        """A finish for each kind of layer that there is, enabled when it is that layer's turn."""
        m = Module()
        fold, lanes = self._fold, self._fold.parallelism
        sums_done: list[Value] = []
        maxima_done: list[Value] = []
        items: list[ThresholdSearch | Serialiser] = []
        if fold.search_bits:
            m.submodules.search = search = ThresholdSearch(fold, self._sum_shape)
            m.d.comb += [
                search.first_channel.eq(self.now.first_channel),
                search.last_channel.eq(self.now.last_channel),
                search.restart.eq(self.restart),
                self.next_sums.eq(search.held_next),
            ]
            items.append(search)
            self._take(m, search, self.sums, self.now.searches, sums_done)
        if fold.stores_sums:
            m.submodules.pass_on = pass_on = Serialiser(self._sum_shape, lanes.output_lanes, lanes.searchers)
            items.append(pass_on)
            self._take(m, pass_on, self.sums, ~self.now.searches & ~self.last_layer, sums_done)
        if fold.map_depth:
            m.submodules.writer = writer = MapWriter(fold, self._word)
            stored = self.maxima.valid & ~self.last_layer
            m.d.comb += [
                writer.now.eq(self.now),
                writer.restart.eq(self.restart),
                writer.maxima_valid.eq(stored),
                writer.maxima.eq(self.maxima.values),
                self.write.eq(writer.write),
            ]
            maxima_done.append(stored)
            for finish in items:
                m.d.comb += finish.o.ready.eq(1)
                with m.If(finish.o.valid):
                    m.d.comb += writer.item_valid.eq(1)
                    for place, value in enumerate(finish.o.payload):
                        m.d.comb += writer.item[place].eq(value)

        last = fold.schedules[-1]
        taken, done = (self.sums, sums_done) if last.layer.has_weights else (self.maxima, maxima_done)
        shape, count = fold.value_shapes[-1], len(taken.values)
        m.submodules.deliver = deliver = Serialiser(shape, count, 1)
        m.submodules.regroup = regroup = Regroup(
            shape, items=last.groups * count, item_values=1, word_values=1, words=last.shape.outputs[0]
        )
        self._take(m, deliver, taken, self.last_layer, done)
        connect(m, deliver.o, regroup.i)
        connect(m, regroup.o, flipped(self.o))
        m.d.comb += [self.sums.done.eq(Cat(sums_done).any()), self.maxima.done.eq(Cat(maxima_done).any())]
        return m

    def _take(
        self, m: Module, finish: ThresholdSearch | Serialiser, result, chosen, done: list[Value]
    ) -> None:
        """Let `finish` have the results while `chosen`; its end goes to `done`."""
        m.d.comb += finish.held_valid.eq(result.valid & chosen)
        for lane, value in enumerate(result.values):
            m.d.comb += finish.held[lane].eq(value)
        done.append(finish.held_done)


def _result_signature(values: data.Layout) -> wiring.Signature:
    return wiring.Signature({"valid": Out(1), "values": Out(values), "done": In(1)})
