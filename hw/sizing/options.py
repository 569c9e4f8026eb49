"""Options: the sizes a layer unit may have, and what each costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from constraints.boards import Family
from hw.frontend.cost import dsps_of, gather_cost, layer_terms, priced, ways_cost
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.frontend.streaming.frontend import input_bits
from hw.frontend.unit_memories import unit_memories
from hw.sizing.ram import block_rams
from sw.bundle import Bundle
from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference.frontend import LayerParameters

__all__ = ["Option", "layer_option", "layer_options", "useful_schedules", "useful_sizes"]

LANES = (1, 2, 4, 8, 16, 32)
TAPS = (1, 2, 3, 4, 5, 9)
SEARCHERS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Option:
    """One size of one layer.

    Attributes
    ----------
    size
        The parallelism.
    at_once
        Values delivered together, see :attr:`hw.frontend.schedule.LayerSchedule.values_at_once`.
    cycles
        Per image.
    cells
        Estimated logic cells.
    block_rams
        Block RAMs, at most: weights and thresholds count as if every bit of theirs varied.
    dsps
        Hard multipliers, on a part that has them.
    """

    size: Parallelism
    at_once: int
    cycles: int
    cells: float
    block_rams: int
    dsps: int


def layer_options(
    schedules: list[list[LayerSchedule]], waits: Sequence[Sequence[int]], family: Family
) -> list[list[Option]]:
    """Cost of the schedules of every layer on a family, and of the queues ahead of it, see
    :func:`hw.frontend.paths.waits_of`."""
    bits = input_bits(tuple(sizes[0] for sizes in schedules))
    return [
        [layer_option(schedule, value_bits, family, waiting, first=number == 0) for schedule in sizes]
        for number, (sizes, value_bits, waiting) in enumerate(zip(schedules, bits, waits, strict=True))
    ]


def useful_schedules(bundle: Bundle) -> list[list[LayerSchedule]]:
    """For every layer the sizes that may be worth it, see :func:`useful_sizes`."""
    parts = zip(bundle.design.layers, bundle.design.layer_shapes, bundle.frontend, strict=True)
    return [useful_sizes(*part, first=number == 0) for number, part in enumerate(parts)]


def useful_sizes(
    layer: Layer, shape: LayerShape, trained: LayerParameters, *, first: bool = False
) -> list[LayerSchedule]:
    """Sizes of a layer that waste no whole lanes, and whose taps and searchers save cycles.

    The `first` layer takes what comes from outside value by value, so all values of a pixel may make a word:
    no layer before it asks for a power of two.
    """
    channels = shape.inputs[0]
    inputs = [lanes for lanes in LANES if lanes < 2 * channels]
    if first:
        inputs = sorted({min(lanes, channels) for lanes in inputs})
    outputs = [lanes for lanes in LANES if lanes < 2 * shape.outputs[0]] if layer.has_weights else [1]
    return [
        schedule
        for lanes in product(inputs, outputs)
        for schedule in _useful(LayerSchedule(layer, shape, trained, Parallelism(*lanes)))
    ]


def _useful(schedule: LayerSchedule) -> Iterator[LayerSchedule]:
    """The schedule with more taps and searchers, as long as none with fewer is as fast."""
    if not schedule.layer.has_weights:
        yield schedule
        return
    kept: list[LayerSchedule] = []
    for taps, searchers in product(TAPS, SEARCHERS):
        if searchers <= schedule.parallelism.output_lanes:
            larger = schedule.resized(taps, searchers)
            if not any(
                before.parallelism.searchers <= searchers and before.cycles <= larger.cycles
                for before in kept
            ):
                kept.append(larger)
                yield larger


def layer_option(
    schedule: LayerSchedule,
    value_bits: int,
    family: Family,
    waits: Sequence[int] = (),
    *,
    first: bool = False,
) -> Option:
    """Cost of one schedule on a family with its queues; for the `first` layer with what makes words of
    pixels."""
    rams = 0
    for plan in unit_memories(schedule, value_bits, "", waits):
        if plan.style == "block":
            width = plan.width - (_constant_bits(schedule) if plan.name == ".schedule" else 0)
            rams += block_rams(plan.depth, width, family, read_only=not plan.writable)
    return Option(
        schedule.parallelism,
        schedule.values_at_once,
        schedule.cycles,
        priced(layer_terms(schedule, value_bits, family), "layer", family, "cells")
        + ways_cost(schedule, value_bits, waits, "cells")
        + (gather_cost(schedule.parallelism.input_lanes) if first else 0),
        rams,
        dsps_of(schedule, value_bits, family),
    )


def _constant_bits(schedule: LayerSchedule) -> int:
    """Bits of a schedule memory that are the same in every step whatever the trained weights are."""
    lanes = schedule.parallelism
    # Overhangs that the kernel has at other sides only, or none at all.
    walk = schedule.walk
    used = sum(walk.rows.paddings) + sum(walk.columns.paddings)
    constant = (schedule.step_format.border_bits - used) * lanes.taps
    if schedule.weight_bits == 2 and lanes.input_lanes * lanes.output_lanes == 1:
        # A lone ternary weight in the first place is never 0, except where a channel has no other.
        constant += bool(schedule.weight.reshape(schedule.groups, -1).any(axis=1).all())
    return constant
