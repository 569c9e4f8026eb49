"""Variant: a unit for every layer, or one engine for all of them. Nothing else tells the two apart.

*Streaming*: all layers run at once, and an image takes as long as the slowest of them. *Folded*: the layers
of an image run one after the other on the same multipliers, which serves deep students on small parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from amaranth.lib import wiring

from constraints.boards import Family
from hw.events import Offers
from hw.frontend.cost import (
    Resource,
    dsps_of,
    engine_dsps,
    engine_terms,
    gather_cost,
    layer_terms,
    priced,
    ways_cost,
)
from hw.frontend.flow import folded_offers, streaming_offers
from hw.frontend.folded.fold import Fold
from hw.frontend.folded.frontend import FoldedFrontEnd
from hw.frontend.paths import edges_of, waits_of
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.frontend import FrontEnd, feature_range, input_bits, schedules_of
from hw.frontend.unit_memories import MemoryPlan, unit_memories
from hw.frontend.use import UnitUse, engine_use, layer_use
from sw.bundle import Bundle

__all__ = ["Folded", "FrontEndPlan", "Sizes", "plan_front_end", "read_sizes", "sizes_in_words"]


@dataclass(frozen=True)
class Folded:
    """One engine of this size for all layers."""

    size: Parallelism


Sizes = tuple[Parallelism, ...] | Folded
"""A size for every layer's unit, or the one of a folded engine."""


class FrontEndPlan(Protocol):
    """Sizes, cost, memories and timing of a front end, before it is built."""

    @property
    def value_range(self) -> tuple[int, int]:
        """Smallest and largest feature value."""

    def cost(self, family: Family, resource: Resource) -> float:
        """Estimated logic cells or flip-flops."""

    def dsps(self, family: Family) -> int:
        """Hard multipliers, on a part that has them."""

    def memories(self) -> Iterator[MemoryPlan]:
        """Every memory, with its contents."""

    def uses(self) -> tuple[UnitUse, ...]:
        """What every layer does for one image."""

    def offers(self) -> Offers:
        """When feature values come, for pixels that are never late."""

    def component(self) -> wiring.Component:
        """The hardware: pixels `i`, feature values `o`, and their `shape` and `value_range`."""


@dataclass(frozen=True, eq=False)
class _Streaming:
    """Layer units one behind the other."""

    bundle: Bundle
    sizes: tuple[Parallelism, ...]

    @cached_property
    def _schedules(self) -> tuple[LayerSchedule, ...]:
        return schedules_of(self.bundle, self.sizes)

    @property
    def value_range(self) -> tuple[int, int]:
        return feature_range(self._schedules)

    @property
    def _units(self) -> Iterator[tuple[LayerSchedule, int, tuple[int, ...]]]:
        """Schedules, with the bits of their input values, and the pixels that wait ahead of them."""
        waits = waits_of(self.bundle.design)
        return zip(self._schedules, input_bits(self._schedules), waits, strict=True)

    def cost(self, family: Family, resource: Resource) -> float:
        lanes = self._schedules[0].parallelism.input_lanes if self._schedules else 1
        return gather_cost(lanes) + sum(
            priced(layer_terms(schedule, bits, family), "layer", family, resource)
            + ways_cost(schedule, bits, waits, resource)
            for schedule, bits, waits in self._units
        )

    def dsps(self, family: Family) -> int:
        return sum(dsps_of(schedule, bits, family) for schedule, bits, _ in self._units)

    def memories(self) -> Iterator[MemoryPlan]:
        for number, (schedule, bits, waits) in enumerate(self._units):
            yield from unit_memories(schedule, bits, f"frontend.{number}", waits, contents=True)

    def uses(self) -> tuple[UnitUse, ...]:
        return tuple(
            layer_use(schedule, bits, number, waits)
            for number, (schedule, bits, waits) in enumerate(self._units)
        )

    def offers(self) -> Offers:
        return streaming_offers(self._schedules, edges_of(self.bundle.design))

    def component(self) -> wiring.Component:
        return FrontEnd(self.bundle, self.sizes)


@dataclass(frozen=True, eq=False)
class _Folded:
    """One engine."""

    fold: Fold

    @property
    def value_range(self) -> tuple[int, int]:
        return feature_range(self.fold.schedules)

    def cost(self, family: Family, resource: Resource) -> float:
        engine = priced(engine_terms(self.fold, family), "engine", family, resource)
        return engine + gather_cost(self.fold.pixel_lanes)

    def dsps(self, family: Family) -> int:
        return engine_dsps(self.fold, family)

    def memories(self) -> Iterator[MemoryPlan]:
        return self.fold.memories(contents=True)

    def uses(self) -> tuple[UnitUse, ...]:
        return engine_use(self.fold)

    def offers(self) -> Offers:
        return folded_offers(self.fold)

    def component(self) -> wiring.Component:
        return FoldedFrontEnd(self.fold)


def plan_front_end(bundle: Bundle, sizes: Sizes) -> FrontEndPlan:
    """The front end of these sizes.

    Raises
    ------
    ValueError
        If they do not fit the layers.
    """
    if isinstance(sizes, Folded):
        return _Folded(Fold(bundle, sizes.size))
    schedules_of(bundle, sizes)
    return _Streaming(bundle, sizes)


def read_sizes(text: str, *, folded: bool) -> Sizes:
    """Sizes as the user writes them; raises ValueError for what cannot be read."""
    if folded:
        return Folded(Parallelism.parse(text))
    return tuple(Parallelism.parse(part) for part in text.split(",")) if text else ()


def sizes_in_words(sizes: Sizes) -> tuple[str, list[str]]:
    """Name of the variant, and the size of every unit."""
    if isinstance(sizes, Folded):
        return "folded", [str(sizes.size)]
    return "streaming", [str(size) for size in sizes]
