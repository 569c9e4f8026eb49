"""Layer unit: window, reduction and activation of one layer. It composes and computes nothing."""

from amaranth.hdl import Module, Shape
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.frontend.schedule import LayerSchedule
from hw.frontend.streaming.activation import Serialiser, ThresholdSearch
from hw.frontend.streaming.mac import MacArray, MaxArray
from hw.frontend.streaming.requantise import Requantise
from hw.frontend.streaming.window import Window

__all__ = ["LayerUnit"]


class LayerUnit(wiring.Component):
    """One layer of the front end.

    Throughput: :attr:`hw.frontend.schedule.LayerSchedule.cycles` per image. Latency: until the last word of
    the first kernel position is there, then the stages of the parts. Under back-pressure everything waits.

    Parameters
    ----------
    schedule
        The layer, its parameters and its parallelism.
    value_shape
        Shape of one input value.

    Attributes
    ----------
    shape
        Shape of one output value.
    item_values, items
        Output values per item, and items per output pixel.

    Members
    -------
    i
        Words of `input_lanes` channels, pixel after pixel.
    o
        Items of neighbouring output channels, pixel after pixel.
    """

    def __init__(self, schedule: LayerSchedule, value_shape: Shape):
        self._schedule = schedule
        lanes = schedule.parallelism
        self._window = Window(schedule, value_shape)
        word = data.ArrayLayout(value_shape, lanes.input_lanes)
        if not schedule.layer.has_weights:
            self._reduce = MaxArray(word)
            self._finish = Serialiser(self._reduce.shape, lanes.input_lanes, lanes.input_lanes)
            self.item_values, group_values = lanes.input_lanes, lanes.input_lanes
        else:
            self._reduce = MacArray(schedule, word)
            if schedule.layer.activation_bits is None:
                self._finish = Serialiser(self._reduce.shape, lanes.output_lanes, lanes.searchers)
            elif schedule.layer.requantises:
                self._finish = Requantise(schedule, self._reduce.shape)
            else:
                self._finish = ThresholdSearch(schedule, self._reduce.shape)
            self.item_values, group_values = lanes.searchers, lanes.output_lanes
        self.items = schedule.groups * group_values // self.item_values
        self.shape = self._finish.shape
        super().__init__(
            {
                "i": In(stream.Signature(word)),
                "o": Out(stream.Signature(data.ArrayLayout(self.shape, self.item_values))),
            }
        )

    def elaborate(self, platform):
        """Connections only."""
        m = Module()
        m.submodules.window = window = self._window
        m.submodules.reduce = reduce = self._reduce
        m.submodules.finish = finish = self._finish
        connect(m, flipped(self.i), window.i)
        connect(m, finish.o, flipped(self.o))
        m.d.comb += [
            window.advance.eq(reduce.advance),
            reduce.valid.eq(window.valid),
            reduce.data.eq(window.data),
            reduce.ends_group.eq(window.ends_group),
            finish.held_valid.eq(reduce.held_valid),
            finish.held.eq(reduce.held),
            reduce.held_done.eq(finish.held_done),
        ]
        if self._schedule.layer.has_weights:
            m.d.comb += reduce.weights.eq(window.weights)
        if isinstance(finish, ThresholdSearch):
            m.d.comb += reduce.held_next.eq(finish.held_next)
        return m
