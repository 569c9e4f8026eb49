"""Fold: how the layers of a classifier share one engine and its memories, before it is built.

Plain numbers and NumPy. The engine computes layer after layer. A map is written by one layer and read by
others, mostly by the next alone, and is kept as long as one of them is to come.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from math import ceil

from amaranth.hdl import Shape, signed, unsigned

from hw.arith import AdderTree
from hw.frontend.folded.regions import Regions
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.step import StepFormat
from hw.frontend.unit_memories import MemoryPlan
from hw.payloads import index_bits
from sw.bundle import Bundle
from sw.design.layer import PIXEL_BITS
from sw.design.paths import IMAGE

__all__ = ["Fold"]

MAC_LATENCY = 6
MAX_LATENCY = 5
"""Cycles from a step to the held result of its group, without the adder tree of the products."""
CHANGE_CYCLES = 2
"""Between a layer's last result and the start of the next layer: drained, numbers of the layer fetched."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Widths, memories and cycles of a folded front end, before it is built.

    Parameters
    ----------
    bundle
        Layers and trained integers.
    parallelism
        Size of the engine; its searchers divide its input lanes.

    Raises
    ------
    ValueError
        If the size does not serve, or if no layer has weights.
    """

    bundle: Bundle
    parallelism: Parallelism

    def __post_init__(self) -> None:
        lanes = self.parallelism
        if lanes.input_lanes % lanes.searchers:
            raise ValueError(
                f"searchers of a folded front end must divide input_lanes = {lanes.input_lanes}, "
                f"got {lanes.searchers}"
            )
        if not any(layer.has_weights for layer in self.bundle.design.layers):
            raise ValueError("a folded front end needs a layer with weights, the design has none")

    @cached_property
    def schedules(self) -> tuple[LayerSchedule, ...]:
        """Of every layer, on the engine's lanes; a max-pool takes one entry per step."""
        pool = Parallelism(self.parallelism.input_lanes)
        design = self.bundle.design
        return tuple(
            LayerSchedule(
                layer, shape, trained, self.parallelism if layer.has_weights else pool, self._between(sources)
            )
            for layer, shape, trained, sources in zip(
                design.layers, design.layer_shapes, self.bundle.frontend, design.sources, strict=True
            )
        )

    def _between(self, sources: tuple[int, ...]) -> int | None:
        """Words from the first map that a layer takes to the second one, if it takes two; addresses wrap, so
        this is never negative."""
        if len(sources) == 1:
            return None
        first, second = (self.map_starts[source] for source in sources)
        return (second - first) % 2**self.address_bits

    def resized(self, taps: int, searchers: int) -> "Fold":
        """With other taps and searchers, without counting weights again.

        The schedules go where the cached property keeps its value.
        """
        other = Fold(self.bundle, replace(self.parallelism, taps=taps, searchers=searchers))
        other.__dict__["schedules"] = tuple(
            schedule.resized(taps, searchers) if schedule.layer.has_weights else schedule
            for schedule in self.schedules
        )
        return other

    # -- widths ---------------------------------------------------------------------------------------------

    @cached_property
    def _weighted(self) -> list[LayerSchedule]:
        return [schedule for schedule in self.schedules if schedule.layer.has_weights]

    @property
    def weight_bits(self) -> int:
        """Bits of a weight: those of the layer with the widest."""
        return max(schedule.weight_bits for schedule in self._weighted)

    @property
    def accumulator_bits(self) -> int:
        """Bits of a signed accumulator."""
        return max(schedule.accumulator_bits for schedule in self._weighted)

    @property
    def threshold_bits(self) -> int:
        """Bits of a signed threshold."""
        return max(schedule.threshold_bits for schedule in self._weighted)

    @property
    def search_bits(self) -> int:
        """Bits that every search finds; a layer with fewer has thresholds that nothing reaches. Maybe 0."""
        return max(schedule.search_bits for schedule in self.schedules)

    @property
    def has_pools(self) -> bool:
        """Whether any layer is a max-pool."""
        return any(not schedule.layer.has_weights for schedule in self.schedules)

    @property
    def stores_sums(self) -> bool:
        """Whether max-pools follow the last layer with weights."""
        return not self.schedules[-1].layer.has_weights

    @cached_property
    def value_shapes(self) -> tuple[Shape, ...]:
        """Shape of the values that each layer takes, and of those that the last one gives."""
        shapes: list[Shape] = []
        given: dict[int, Shape] = {IMAGE: unsigned(PIXEL_BITS)}
        for number, (schedule, sources) in enumerate(
            zip(self.schedules, self.bundle.design.sources, strict=True)
        ):
            shapes.append(given[sources[0]])
            if not schedule.layer.has_weights:
                given[number] = shapes[-1]
            elif schedule.search_bits:
                given[number] = unsigned(schedule.search_bits)
            else:
                given[number] = signed(schedule.accumulator_bits)
        return (*shapes, given[len(shapes) - 1])

    @property
    def stored_shape(self) -> Shape:
        """Of a value in the memory of the maps. Signed only where sums are stored for a max-pool."""
        stored = self.value_shapes[1:-1] or (unsigned(1),)
        width = max(shape.width for shape in stored)
        if not any(shape.signed for shape in stored):
            return unsigned(width)
        return signed(max(shape.width if shape.signed else shape.width + 1 for shape in stored))

    @property
    def factor_bits(self) -> tuple[int, ...]:
        """Bits of a value that each input lane multiplies; pixels are in the first lanes."""
        pairs = zip(self.schedules[1:], self.value_shapes[1:], strict=False)
        widths = [shape.width for schedule, shape in pairs if schedule.layer.has_weights]
        stored = max(widths, default=1)
        first = PIXEL_BITS if self.schedules[0].layer.has_weights else stored
        others = self.parallelism.input_lanes - self.pixel_lanes
        return (max(first, stored),) * self.pixel_lanes + (stored,) * others

    # -- memories -------------------------------------------------------------------------------------------

    @property
    def pixel_lanes(self) -> int:
        """Values of a word of the memory of an image."""
        return min(self.bundle.design.channels, self.parallelism.input_lanes)

    @cached_property
    def image_words(self) -> int:
        """Words of an image."""
        channels, height, width = self.bundle.design.layer_shapes[0].inputs
        return ceil(channels / self.pixel_lanes) * height * width

    @cached_property
    def map_words(self) -> tuple[int, ...]:
        """Words of the map of every layer but the last."""
        outputs = (shape.outputs for shape in self.bundle.design.layer_shapes[:-1])
        return tuple(
            ceil(channels / self.parallelism.input_lanes) * height * width
            for channels, height, width in outputs
        )

    @cached_property
    def _regions(self) -> Regions:
        """Where the maps lie."""
        last_takers = {
            source: number for number, sources in enumerate(self.bundle.design.sources) for source in sources
        }
        return Regions.of(self.map_words, [last_takers[number] for number in range(len(self.map_words))])

    @property
    def map_depth(self) -> int:
        """Words of the memory of the maps; 0 for one layer."""
        return self._regions.depth

    @property
    def map_starts(self) -> tuple[int, ...]:
        """Address of the first word of every map."""
        return self._regions.starts

    @property
    def address_bits(self) -> int:
        """Bits of an address in either memory."""
        return index_bits(max(self.image_words, self.map_depth))

    @property
    def depth(self) -> int:
        """Largest overhang of any layer's kernel."""
        return max(schedule.walk.depth for schedule in self.schedules)

    @property
    def step_format(self) -> StepFormat:
        """Of the schedule memory."""
        lanes = self.parallelism
        offset_bits = max(schedule.offset_bits for schedule in self.schedules)
        weights = lanes.input_lanes * lanes.output_lanes
        return StepFormat(offset_bits, self.weight_bits, self.depth, weights, lanes.taps)

    @cached_property
    def first_steps(self) -> tuple[int, ...]:
        """Where each layer starts in the schedule memory, and where the last one ends."""
        return _sums(sum(schedule.steps) for schedule in self.schedules)

    def rom(self) -> list[int]:
        """Schedule memory, layer after layer."""
        return [word for schedule in self.schedules for word in schedule.engine_rom(self.step_format)]

    @cached_property
    def first_channels(self) -> tuple[int, ...]:
        """First channel of each layer among those that a searcher serves, and how many these are in all."""
        return _sums(schedule.searched_channels * bool(schedule.search_bits) for schedule in self.schedules)

    @property
    def searched_channels(self) -> int:
        """Channels that each searcher serves in all layers."""
        return self.first_channels[-1]

    def threshold_rom(self, searcher: int) -> list[int]:
        """Thresholds, layer after layer."""
        return [
            threshold
            for schedule in self.schedules
            if schedule.search_bits
            for threshold in schedule.threshold_rom(searcher, self.search_bits)
        ]

    def memories(self, *, contents: bool = False) -> Iterator[MemoryPlan]:
        """Every memory of the engine."""
        lanes = self.parallelism
        for tap in range(lanes.taps):
            yield MemoryPlan(f"frontend.pixels.{tap}", self.image_words, self.pixel_lanes * PIXEL_BITS)
            if self.map_depth:
                width = lanes.input_lanes * self.stored_shape.width
                yield MemoryPlan(f"frontend.maps.{tap}", self.map_depth, width)
        yield MemoryPlan(
            "frontend.schedule",
            self.first_steps[-1],
            self.step_format.width,
            writable=False,
            contents=tuple(self.rom()) if contents else None,
        )
        if self.search_bits:
            mask = 2**self.threshold_bits - 1
            for searcher in range(lanes.searchers):
                yield MemoryPlan(
                    f"frontend.thresholds.{searcher}",
                    self.searched_channels << self.search_bits,
                    self.threshold_bits,
                    writable=False,
                    contents=tuple(value & mask for value in self.threshold_rom(searcher))
                    if contents
                    else None,
                )

    # -- cycles ---------------------------------------------------------------------------------------------

    def cycles(self, value_cycles: int = 1) -> int:
        """Cycles per image when pixels are always there and a feature is taken every `value_cycles`.

        The pixels of the next image come in while the second and later layers are computed, its first word
        before. A closed form, because hundreds of sizes are compared: exact for 1, otherwise some per cent
        more than the flow says.
        """
        first, *others = self.layer_cycles(value_cycles)
        return first + max(sum(others), self.bundle.design.image_size.values - self.pixel_lanes)

    def layer_cycles(self, value_cycles: int = 1) -> tuple[int, ...]:
        """Cycles of every layer, from its start to that of the next one."""
        return tuple(
            self._cycles_of(schedule, self._finish_cycles(number, value_cycles))
            for number, schedule in enumerate(self.schedules)
        )

    def _cycles_of(self, schedule: LayerSchedule, finishes: list[int]) -> int:
        steps = schedule.steps
        pixels = schedule.shape.outputs[1] * schedule.shape.outputs[2]
        # A group's result is there `steps` after that of the one before, but not before that is finished.
        groups = pixels * sum(map(max, steps, finishes[-1:] + finishes[:-1]))
        first = max(steps[0], finishes[-1])
        return groups - first + steps[0] + self.latency_of(schedule) + finishes[-1] + CHANGE_CYCLES

    def latency_of(self, schedule: LayerSchedule) -> int:
        """Cycles from a step of a layer to the held result of its group."""
        if not schedule.layer.has_weights:
            return MAX_LATENCY
        return MAC_LATENCY + AdderTree.latency(self.parallelism.taps * self.parallelism.input_lanes)

    def _finish_cycles(self, number: int, value_cycles: int) -> list[int]:
        """Cycles between the result of every group and its being written or handed on."""
        schedule, lanes = self.schedules[number], self.parallelism
        if number < len(self.schedules) - 1:
            rounds = lanes.output_lanes // lanes.searchers if schedule.layer.has_weights else 1
            return [rounds * (self.search_bits if schedule.search_bits else 1)] * schedule.groups
        values = lanes.output_lanes if schedule.layer.has_weights else lanes.input_lanes
        real = [min(values, schedule.shape.outputs[0] - group * values) for group in range(schedule.groups)]
        return [count * value_cycles + values - count for count in real]


def _sums(counts: Iterable[int]) -> tuple[int, ...]:
    """0 and the sums of the first 1, 2, ... counts."""
    return tuple(accumulate(counts, initial=0))
