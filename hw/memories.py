"""Memories of a chip that are meant for block RAM, before anything is synthesised."""

from hw.frontend.frontend import feature_range, schedules_of
from hw.frontend.memories import MemoryPlan, unit_memories
from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.geometry import ArrayGeometry
from hw.quantiser import comparisons_at_once, threshold_contents
from sw.bundle import Bundle
from sw.design import PIXEL_BITS

__all__ = ["chip_memories", "memories_behind"]


def chip_memories(bundle: Bundle, parallelism: tuple[Parallelism, ...] | None) -> tuple[MemoryPlan, ...]:
    """Block RAM memories of :class:`hw.chip.Chip` with the same arguments.

    The code memory counts as read-only, because nothing drives the programming port of a chip today.
    """
    if parallelism is None:
        geometry = ArrayGeometry(bundle.design)
        host = MemoryPlan("host.features", geometry.words, bundle.design.row_lanes)
        return (host, *memories_behind(bundle, None))
    schedules = schedules_of(bundle, parallelism)
    return (*_unit_memories(schedules), *memories_behind(bundle, feature_range(schedules)))


def memories_behind(bundle: Bundle, value_range: tuple[int, int] | None) -> tuple[MemoryPlan, ...]:
    """Those behind the front end, whose values are in `value_range`; None where there is none."""
    design = bundle.design
    geometry = ArrayGeometry(design)
    plans = []
    if value_range is not None:
        bits, entries = threshold_contents(bundle, value_range)
        width = bits * comparisons_at_once(design)
        plans.append(MemoryPlan("quantiser.thresholds", len(entries), width, False, entries))
    plans += [
        MemoryPlan("array.levels", 2 * geometry.words_in_tile[0], design.row_lanes),
        MemoryPlan(
            "array.codes",
            geometry.code_depth,
            geometry.code_width,
            False,
            tuple(geometry.pack_codes(bundle.codes)),
        ),
        MemoryPlan("classifier.scores", design.templates, design.max_score.bit_length()),
    ]
    return tuple(plans)


def _unit_memories(schedules: tuple[LayerSchedule, ...]) -> list[MemoryPlan]:
    """Those of the layer units."""
    plans: list[MemoryPlan] = []
    value_bits = PIXEL_BITS
    for number, schedule in enumerate(schedules):
        units = unit_memories(schedule, value_bits, f"frontend.{number}", contents=True)
        plans.extend(plan for plan in units if plan.style == "block")
        if schedule.layer.has_weights:
            value_bits = schedule.layer.activation_bits or schedule.accumulator_bits
    return plans
