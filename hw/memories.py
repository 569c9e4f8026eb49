"""Memories of a chip that are meant for block RAM, before anything is synthesised."""

from hw.frontend.frontend import feature_range, schedules_of
from hw.frontend.memories import MemoryPlan, unit_memories
from hw.frontend.schedule import Parallelism
from hw.geometry import ArrayGeometry
from hw.quantiser import comparisons_at_once, threshold_contents
from sw.bundle import Bundle
from sw.design import PIXEL_BITS

__all__ = ["chip_memories"]


def chip_memories(bundle: Bundle, parallelism: tuple[Parallelism, ...] | None) -> tuple[MemoryPlan, ...]:
    """Block RAM memories of :class:`hw.chip.Chip` with the same arguments.

    The code memory counts as read-only, because nothing drives the programming port of a chip today.
    """
    design = bundle.design
    geometry = ArrayGeometry(design)
    plans = []
    if parallelism is None:
        plans.append(MemoryPlan("host.features", geometry.words, design.row_lanes))
    else:
        value_bits = PIXEL_BITS
        schedules = schedules_of(bundle, parallelism)
        for number, schedule in enumerate(schedules):
            units = unit_memories(schedule, value_bits, f"frontend.{number}", contents=True)
            plans.extend(plan for plan in units if plan.style == "block")
            if schedule.layer.has_weights:
                value_bits = schedule.layer.activation_bits or schedule.accumulator_bits
        bits, entries = threshold_contents(bundle, feature_range(schedules))
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
