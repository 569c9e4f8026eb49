"""Front end: pixels in, feature values out, layer units streaming one behind the other. It only composes."""

from amaranth.hdl import Module, Shape, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.layer import LayerUnit
from hw.frontend.streaming.regroup import Regroup
from sw.bundle import Bundle
from sw.design.layer import PIXEL_BITS

__all__ = ["FrontEnd", "feature_range", "input_bits", "schedules_of"]


def schedules_of(bundle: Bundle, parallelism: tuple[Parallelism, ...]) -> tuple[LayerSchedule, ...]:
    """The schedule of every layer of a bundle.

    Raises
    ------
    ValueError
        If the parallelisms do not fit together.
    """
    design = bundle.design
    if len(parallelism) != len(design.layers):
        raise ValueError(f"one parallelism per layer is needed: {len(design.layers)}, got {len(parallelism)}")
    schedules = tuple(
        LayerSchedule(*parts)
        for parts in zip(design.layers, design.layer_shapes, bundle.frontend, parallelism, strict=True)
    )
    wanted = [schedule.parallelism.input_lanes for schedule in schedules] + [1]
    if wanted[0] > design.channels:
        raise ValueError(
            f"the first layer takes pixels of {design.channels} values, got {wanted[0]} input lanes"
        )
    for number, (schedule, lanes) in enumerate(zip(schedules, wanted[1:], strict=True)):
        if lanes % schedule.values_at_once:
            raise ValueError(
                f"layer {number} delivers {schedule.values_at_once} values at once, which must divide the "
                f"{lanes} input lanes behind it"
            )
    return schedules


def feature_range(schedules: tuple[LayerSchedule, ...]) -> tuple[int, int]:
    """Smallest and largest feature value of a front end."""
    weighted = [schedule for schedule in schedules if schedule.layer.has_weights]
    return weighted[-1].accumulator_range if weighted else (0, 2**PIXEL_BITS - 1)


def input_bits(schedules: tuple[LayerSchedule, ...]) -> list[int]:
    """Bits of the input values of every layer unit."""
    bits = [PIXEL_BITS]
    for schedule in schedules:
        if schedule.layer.has_weights:
            bits.append(schedule.layer.activation_bits or schedule.accumulator_bits)
        else:
            bits.append(bits[-1])
    return bits[:-1]


class FrontEnd(wiring.Component):
    """All layers of a bundle.

    Throughput: the slowest unit's cycles per image; images follow each other without a gap. Latency: the sum
    of what each unit waits for. Under back-pressure everything waits and nothing is lost.

    Parameters
    ----------
    bundle
        Layers and trained integers.
    parallelism
        One per layer. The first unit has at most an input lane for each value of a pixel. A unit's
        `input_lanes` are a multiple of the values its predecessor delivers at once.

    Attributes
    ----------
    shape, value_range
        Shape and range of a feature value.

    Members
    -------
    i
        Values of pixels, in the order of :mod:`sw.design.images`, image after image.
    o
        Feature values, channels within a pixel, pixel after pixel.
    """

    def __init__(self, bundle: Bundle, parallelism: tuple[Parallelism, ...]):
        self._schedules = schedules_of(bundle, parallelism)
        self._units: list[LayerUnit] = []
        self.shape: Shape = unsigned(PIXEL_BITS)
        self.value_range = feature_range(self._schedules)
        for schedule in self._schedules:
            self._units.append(LayerUnit(schedule, self.shape))
            self.shape = self._units[-1].shape
        super().__init__(
            {
                "i": In(stream.Signature(PIXEL_BITS)),
                "o": Out(stream.Signature(data.ArrayLayout(self.shape, 1))),
            }
        )

    def elaborate(self, platform):
        """Units with regroupers between them."""
        m = Module()
        if not self._units:
            m.d.comb += [
                self.o.payload[0].eq(self.i.payload),
                self.o.valid.eq(self.i.valid),
                self.i.ready.eq(self.o.ready),
            ]
            return m
        first, lanes = self._units[0], self._schedules[0].parallelism.input_lanes
        into: wiring.Component = first
        if lanes > 1:
            m.submodules.gather = into = Regroup.of_pixels(self._schedules[0].shape.inputs[0], lanes)
            connect(m, into.o, first.i)
        m.d.comb += [
            into.i.payload[0].eq(self.i.payload),
            into.i.valid.eq(self.i.valid),
            self.i.ready.eq(into.i.ready),
        ]
        after = [(schedule.parallelism.input_lanes, schedule.input_words) for schedule in self._schedules[1:]]
        after.append((1, self._schedules[-1].shape.outputs[0]))
        for number, (unit, (word_values, words)) in enumerate(zip(self._units, after, strict=True)):
            m.submodules[f"layer_{number}"] = unit
            m.submodules[f"regroup_{number}"] = regroup = Regroup(
                unit.shape,
                items=unit.items,
                item_values=unit.item_values,
                word_values=word_values,
                words=words,
            )
            connect(m, unit.o, regroup.i)
            if number + 1 < len(self._units):
                connect(m, regroup.o, self._units[number + 1].i)
            else:
                connect(m, regroup.o, flipped(self.o))
        return m
