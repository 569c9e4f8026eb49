"""Memories of a chip that are meant for block RAM, before anything is synthesised."""

from collections.abc import Iterator

from hw.adc import bent_codes
from hw.array.programming.device_response import INJECTED_FAULTS, fault_address_bits
from hw.frontend.unit_memories import MemoryPlan
from hw.frontend.variant import Sizes, plan_front_end
from hw.geometry import ArrayGeometry
from hw.quantiser.quantiser import comparisons_at_once, threshold_contents
from sw.bundle import Bundle

__all__ = ["CODES", "chip_memories", "memories_behind"]

CODES = "array.codes"
"""Name of the code memory, the only one that may go into single-port RAM instead."""


def chip_memories(bundle: Bundle, parallelism: Sizes | None) -> tuple[MemoryPlan, ...]:
    """Block RAM memories of :class:`hw.chip.Chip` with the same arguments.

    The code memory counts as read-only on a chip without a pulse rule, where nothing drives its programming
    port.
    """
    if parallelism is None:
        geometry = ArrayGeometry(bundle.design)
        host = MemoryPlan("host.features", geometry.words, geometry.word_bits)
        return (host, *memories_behind(bundle, None))
    front_end = plan_front_end(bundle, parallelism)
    blocks = (plan for plan in front_end.memories() if plan.style == "block")
    return (*blocks, *memories_behind(bundle, front_end.value_range))


def memories_behind(bundle: Bundle, value_range: tuple[int, int] | None) -> tuple[MemoryPlan, ...]:
    """Those behind the front end, whose values are in `value_range`; None where there is none."""
    design = bundle.design
    geometry = ArrayGeometry(design)
    programmable = bundle.array.pulse is not None
    plans = []
    if value_range is not None:
        bits, entries = threshold_contents(bundle, value_range)
        width = bits * comparisons_at_once(design)
        plans.append(MemoryPlan("quantiser.thresholds", len(entries), width, False, entries))
    plans += [
        MemoryPlan("array.levels", 2 * geometry.words_in_tile[0], geometry.word_bits),
        MemoryPlan(
            CODES,
            geometry.code_depth,
            geometry.code_width,
            programmable,
            None if programmable else tuple(geometry.pack_codes(bundle.array.codes)),
        ),
        *_nonlinearity(bundle),
        *_faults(bundle),
        MemoryPlan("classifier.scores", design.templates, design.max_score.bit_length()),
    ]
    return tuple(plans)


def _nonlinearity(bundle: Bundle) -> Iterator[MemoryPlan]:
    codes = bent_codes(bundle.design, bundle.array.adc)
    if codes:
        yield MemoryPlan("adc.inl", len(codes), bundle.design.max_adc_code.bit_length(), False, codes)


def _faults(bundle: Bundle) -> Iterator[MemoryPlan]:
    if bundle.array.pulse is not None:
        yield MemoryPlan("array.faults", INJECTED_FAULTS, fault_address_bits(bundle))
