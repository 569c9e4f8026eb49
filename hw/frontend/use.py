"""Use: what a front end does for one image, by its schedules: products, comparisons, memory accesses.

A memory is read and written for work alone: its ports are enabled when a step is there, not in cycles that
wait. So every number is one per image, however late pixels come or results are taken; the RTL is held against
it by :mod:`sim.counting`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hw.frontend.folded.fold import Fold
from hw.frontend.schedule import LayerSchedule
from hw.frontend.unit_memories import MemoryPlan, unit_memories

__all__ = ["MemoryUse", "UnitUse", "engine_use", "layer_use"]


@dataclass(frozen=True)
class MemoryUse:
    """One memory for one image.

    Attributes
    ----------
    memory
        What it is; its name is that of the build's report.
    reads, writes
        Entries.
    """

    memory: MemoryPlan
    reads: int
    writes: int = 0

    @property
    def enabled(self) -> bool:
        """Whether its read port is enabled for every read.

        A table of thresholds in logic answers at all times, and is taken at its word as often as it counts.
        """
        return not (self.memory.style == "logic" and ".thresholds." in self.memory.name)


@dataclass(frozen=True)
class UnitUse:
    """One unit, or one layer on an engine that serves all of them, for one image.

    Attributes
    ----------
    name
        Of the layer.
    steps
        Cycles in which it forms products or maxima.
    products
        Multiplications, those with weights of 0 and in lanes without a channel included.
    weight_bits, value_bits, sum_bits
        Widths of the factors of a product, and of the sums.
    maxima
        Comparisons of a max-pool.
    searched
        Comparisons of sums with thresholds.
    threshold_bits
        Width of such a comparison.
    requantised
        Sums that are multiplied, added to and shifted.
    memories
        Those of the unit; of an engine they stand once, beside its first layer.
    """

    name: str
    steps: int
    products: int
    weight_bits: int
    value_bits: int
    sum_bits: int
    maxima: int
    searched: int
    threshold_bits: int
    requantised: int
    memories: tuple[MemoryUse, ...]


def layer_use(schedule: LayerSchedule, value_bits: int, number: int, waits: Sequence[int] = ()) -> UnitUse:
    """Use of :class:`hw.frontend.streaming.layer.LayerUnit`, whose input values have so many bits, and of the
    queues ahead of it, see :func:`hw.frontend.paths.waits_of`."""
    name = f"frontend.{number}"
    _, rows, columns = schedule.shape.inputs
    waiting = rows * columns * schedule.map_words
    writes = {"window": rows * columns * schedule.input_words, "queue": waiting}
    unit = _counted(schedule, value_bits, name, search_bits=schedule.search_bits)
    reads = {
        "window": unit.steps,
        "queue": waiting,
        "schedule": unit.steps,
        "thresholds": unit.searched // schedule.parallelism.searchers,
        "transfer": unit.requantised // schedule.parallelism.searchers,
    }
    memories = []
    for memory in unit_memories(schedule, value_bits, name, waits):
        kind = memory.name.removeprefix(f"{name}.").partition(".")[0]
        memories.append(MemoryUse(memory, reads[kind], writes.get(kind, 0)))
    return _with_memories(unit, memories)


def engine_use(fold: Fold) -> tuple[UnitUse, ...]:
    """Use of :class:`hw.frontend.folded.frontend.FoldedFrontEnd`, layer by layer."""
    widths = [shape.width for shape in fold.value_shapes]
    units = [
        _counted(schedule, bits, f"frontend.{number}", search_bits=fold.search_bits, engine=fold)
        for number, (schedule, bits) in enumerate(zip(fold.schedules, widths, strict=False))
    ]
    steps = [unit.steps for unit in units]
    reads = {
        "pixels": steps[0],
        "maps": sum(steps[1:]),
        "schedule": sum(steps),
        # Every layer reads a first trial ahead, used or not.
        "thresholds": sum(unit.searched for unit in units) // fold.parallelism.searchers + len(units),
    }
    writes = {"pixels": fold.image_words, "maps": sum(fold.map_words)}
    memories = []
    for memory in fold.memories():
        kind = memory.name.split(".")[1]
        memories.append(MemoryUse(memory, reads[kind], writes.get(kind, 0)))
    return (_with_memories(units[0], memories), *units[1:])


def _counted(
    schedule: LayerSchedule, value_bits: int, name: str, *, search_bits: int, engine: Fold | None = None
) -> UnitUse:
    """A layer without its memories, in its own widths or in those of an engine."""
    lanes, layer, sizes = schedule.parallelism, schedule.layer, engine or schedule
    pixels = schedule.shape.outputs[1] * schedule.shape.outputs[2]
    steps = pixels * sum(schedule.steps)
    sums = pixels * schedule.groups * lanes.output_lanes if layer.has_weights else 0
    searches = bool(schedule.search_bits) and (engine is not None or not layer.requantises)
    return UnitUse(
        name=name,
        steps=steps,
        products=steps * lanes.taps * lanes.input_lanes * lanes.output_lanes if layer.has_weights else 0,
        weight_bits=sizes.weight_bits if layer.has_weights else 0,
        value_bits=value_bits,
        sum_bits=sizes.accumulator_bits if layer.has_weights else value_bits,
        maxima=0 if layer.has_weights else steps * lanes.input_lanes,
        searched=sums * search_bits if searches else 0,
        threshold_bits=sizes.threshold_bits if searches else 0,
        requantised=sums if layer.requantises and engine is None else 0,
        memories=(),
    )


def _with_memories(unit: UnitUse, memories: list[MemoryUse]) -> UnitUse:
    return replace(unit, memories=tuple(memories))
