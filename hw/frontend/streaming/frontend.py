"""Front end: pixels in, feature values out, layer units streaming one behind the other. It only composes."""

from functools import cached_property
from typing import Any

from amaranth.hdl import Module, Shape, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.frontend.paths import Edge, edges_of, queue_words
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.branch import Fork, Pair
from hw.frontend.streaming.layer import LayerUnit
from hw.frontend.streaming.queue import Queue
from hw.frontend.streaming.regroup import Regroup
from sw.bundle import Bundle
from sw.design.layer import PIXEL_BITS
from sw.design.paths import IMAGE, sources_of

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
    wanted = [schedule.parallelism.input_lanes for schedule in schedules]
    if schedules and wanted[0] > design.channels:
        raise ValueError(
            f"the first layer takes pixels of {design.channels} values, got {wanted[0]} input lanes"
        )
    behind = [(edge.source, wanted[edge.taker]) for edge in edges_of(design)]
    for number, lanes in [*behind, (len(schedules) - 1, 1)] if schedules else ():
        values = schedules[number].values_at_once
        if lanes % values:
            raise ValueError(
                f"layer {number} delivers {values} values at once, which must divide the "
                f"{lanes} input lanes behind it"
            )
    return schedules


def feature_range(schedules: tuple[LayerSchedule, ...]) -> tuple[int, int]:
    """Smallest and largest feature value of a front end."""
    weighted = [schedule for schedule in schedules if schedule.layer.has_weights]
    return weighted[-1].accumulator_range if weighted else (0, 2**PIXEL_BITS - 1)


def input_bits(schedules: tuple[LayerSchedule, ...]) -> list[int]:
    """Bits of the input values of every layer unit."""
    taken: list[int] = []
    given = {IMAGE: PIXEL_BITS}
    sources = sources_of([schedule.layer for schedule in schedules])
    for number, (schedule, (source, *_)) in enumerate(zip(schedules, sources, strict=True)):
        taken.append(given[source])
        given[number] = taken[-1]
        if schedule.layer.has_weights:
            given[number] = schedule.layer.activation_bits or schedule.accumulator_bits
    return taken


class FrontEnd(wiring.Component):
    """All layers of a bundle.

    Throughput: the slowest unit's cycles per image; images follow each other without a gap. Latency: the sum
    of what each unit waits for. Under back-pressure everything waits and nothing is lost; that it never waits
    for ever where a map goes several ways is the matter of :mod:`hw.frontend.paths`.

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
        self.value_range = feature_range(self._schedules)
        self._edges = edges_of(bundle.design)
        shapes: dict[int, Shape] = {IMAGE: unsigned(PIXEL_BITS)}
        for number, (schedule, (source, *_)) in enumerate(
            zip(self._schedules, bundle.design.sources, strict=True)
        ):
            self._units.append(LayerUnit(schedule, shapes[source]))
            shapes[number] = self._units[-1].shape
        self.shape = shapes[len(self._units) - 1]
        super().__init__(
            {
                "i": In(stream.Signature(PIXEL_BITS)),
                "o": Out(stream.Signature(data.ArrayLayout(self.shape, 1))),
            }
        )

    def elaborate(self, platform):
        """Units with regroupers between them; where a map goes several ways, also queues."""
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
        for number, unit in enumerate(self._units):
            m.submodules[f"layer_{number}"] = unit
            given = [edge for edge in self._edges if edge.source == number]
            if not given:
                words = self._schedules[number].shape.outputs[0]
                connect(m, self._regrouped(m, unit, f"{number}", unit.o, 1, words), flipped(self.o))
            elif given[0].plain:
                (edge,) = given
                connect(m, self._on_its_way(m, edge, f"{number}", unit.o), self._units[edge.taker].i)
            else:
                self._give(m, unit, number, given)
        for number, unit in enumerate(self._units):
            if self._schedules[number].layer.adds:
                m.submodules[f"pair_{number}"] = pair = self._pairs[number]
                connect(m, pair.o, unit.i)
        return m

    def _give(self, m: Module, unit: LayerUnit, number: int, edges: list[Edge]) -> None:
        """A map on its ways to several units, or to an addition."""
        outputs = [unit.o]
        if len(edges) > 1:
            m.submodules[f"fork_{number}"] = fork = Fork(unit.o.payload.shape(), len(edges))
            connect(m, unit.o, fork.i)
            outputs = list(fork.o)
        for edge, items in zip(edges, outputs, strict=True):
            words = self._on_its_way(m, edge, edge.name, items)
            adds = self._schedules[edge.taker].layer.adds
            taker = self._pairs[edge.taker].i[edge.port] if adds else self._units[edge.taker].i
            connect(m, words, taker)

    def _on_its_way(self, m: Module, edge: Edge, name: str, items: Any) -> Any:
        """Words for the taker of an edge, behind a queue if it has one."""
        schedule = self._schedules[edge.taker]
        lanes, words = schedule.parallelism.input_lanes, schedule.map_words
        regrouped = self._regrouped(m, self._units[edge.source], name, items, lanes, words)
        if not edge.waits:
            return regrouped
        m.submodules[f"queue_{name}"] = queue = Queue(
            regrouped.payload.shape(), queue_words(edge.waits, words)
        )
        connect(m, regrouped, queue.i)
        return queue.o

    def _regrouped(self, m: Module, unit: LayerUnit, name: str, items: Any, lanes: int, words: int) -> Any:
        """Items of a unit as words of so many lanes."""
        m.submodules[f"regroup_{name}"] = regroup = Regroup(
            unit.shape, items=unit.items, item_values=unit.item_values, word_values=lanes, words=words
        )
        connect(m, items, regroup.i)
        return regroup.o

    @cached_property
    def _pairs(self) -> dict[int, Pair]:
        """What joins both maps of an addition."""
        return {
            number: Pair(self._units[number].i.payload.shape(), schedule.map_words)
            for number, schedule in enumerate(self._schedules)
            if schedule.layer.adds
        }
