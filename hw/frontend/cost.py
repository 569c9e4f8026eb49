"""Cost: logic cells, flip-flops and multipliers of a front end before synthesis.

Cells and flip-flops are sums over what a unit is made of. The coefficients per family are kept in
``constraints/costs.json``; ``python -m hw.tuning.calibrate`` fits them to synthesised samples and rewrites
the file. Every build report shows the estimate's error beside the netlist.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import ceil, log2
from typing import Literal

from constraints.boards import FOLDER, Family
from hw.families.known import known
from hw.frontend.folded.fold import Fold
from hw.frontend.folded.layer_table import table_layout
from hw.frontend.schedule import LayerSchedule
from hw.frontend.streaming.mac import LOGIC_WEIGHT_BITS
from hw.frontend.unit_memories import MemoryPlan, unit_memories, window_depth
from sw.design.layer import PIXEL_BITS

__all__ = [
    "COSTS_FILE",
    "Resource",
    "dsps_of",
    "engine_dsps",
    "engine_terms",
    "gather_cost",
    "layer_terms",
    "priced",
    "ways_cost",
]

Resource = Literal["cells", "ffs"]
"""Logic cells, LC of an iCE40 and TRELLIS_COMB of an ECP5, and flip-flops."""

COSTS_FILE = FOLDER / "costs.json"
QUEUE: dict[Resource, int] = {"cells": 10, "ffs": 5}
"""Of a queue in block RAM, for each bit of its address: two addresses, and how many words wait."""
JOIN: dict[Resource, int] = {"cells": 78, "ffs": 50}
"""Of an addition besides its unit. Both from netlists of small front ends on iCE40 with a depthwise layer in
its place, within 10 cells."""


def layer_terms(schedule: LayerSchedule, value_bits: int, family: Family) -> dict[str, float]:
    """Parts of a layer unit, counted in the quantities that cells and flip-flops grow with.

    Parameters
    ----------
    schedule
        The unit.
    value_bits
        Bits of an input value.
    family
        FPGA family: multiplications that go into hard multipliers take no logic.

    Returns
    -------
    dict
        ``unit``: 1. ``address_bits``: adders of window addresses. ``word_bits``: bits of the words read from
        the window. ``weight_bits``: bits of the weights read with them. ``product_bits``: bits of products.
        ``multiplier_bits``: bit products of multiplications in logic. ``sum_bits``: bits of adder trees.
        ``accumulator_bits``: bits of accumulators. ``search_bits``: bits compared by threshold searches.
        ``requantise_bits``: bits of registers between accumulators and wide activations. ``rom_bits``: bits
        of small memories in logic.
    """
    lanes = schedule.parallelism
    terms = {
        "unit": 1.0,
        "address_bits": lanes.taps * log2(window_depth(schedule)),
        "rom_bits": _bits_in_logic(unit_memories(schedule, value_bits, "")),
    }
    if not schedule.layer.has_weights:
        terms["word_bits"] = terms["accumulator_bits"] = float(lanes.input_lanes * value_bits)
        return terms
    terms |= _sums(lanes.output_lanes, [value_bits] * _summands(schedule), schedule.weight_bits, family)
    terms["word_bits"] = float(lanes.taps * lanes.input_lanes * value_bits)
    terms["accumulator_bits"] = float(lanes.output_lanes * schedule.accumulator_bits)
    if schedule.layer.requantises:
        transfer = schedule.transfer
        registers = 2 * schedule.accumulator_bits + transfer.width + transfer.total_bits
        terms["requantise_bits"] = float(lanes.searchers * registers)
    elif schedule.layer.activation_bits is not None:
        terms["search_bits"] = float(lanes.searchers * schedule.threshold_bits)
    return terms


def engine_terms(fold: Fold, family: Family) -> dict[str, float]:
    """Parts of a folded engine: the terms of a unit in its widths, and ``table_bits``.

    The latter are bits of the numbers that it has of a layer; counters and adders of the sequencer grow with
    them.
    """
    lanes = fold.parallelism
    terms = {
        "unit": 1.0,
        "address_bits": float(lanes.taps * fold.address_bits),
        "rom_bits": _bits_in_logic(fold.memories()),
        **_sums(lanes.output_lanes, list(fold.factor_bits) * lanes.taps, fold.weight_bits, family),
        "accumulator_bits": float(lanes.output_lanes * fold.accumulator_bits),
        "table_bits": float(table_layout(fold).size),
    }
    if fold.search_bits:
        terms["search_bits"] = float(lanes.searchers * fold.threshold_bits)
    return terms


def gather_cost(lanes: int) -> int:
    """Cells, and flip-flops, of what collects pixels of several values into words of so many lanes.

    A register for every bit but the counters' few, each with its look-up table.
    """
    return lanes * PIXEL_BITS if lanes > 1 else 0


def ways_cost(schedule: LayerSchedule, value_bits: int, waits: Sequence[int], resource: Resource) -> int:
    """Cells or flip-flops of queues ahead of a unit, see :func:`hw.frontend.paths.waits_of`, and of what an
    addition has besides: the fork of a map, words of the second one, and the choice of a map."""
    plans = [plan for plan in unit_memories(schedule, value_bits, "", waits) if ".queue." in plan.name]
    address_bits = sum(round(log2(plan.depth)) for plan in plans)
    in_logic = sum(plan.depth * plan.width for plan in plans if plan.style == "logic")
    words = schedule.parallelism.input_lanes * value_bits if schedule.layer.adds else 0
    joined = JOIN[resource] + words if schedule.layer.adds else 0
    return QUEUE[resource] * address_bits + in_logic + joined


def priced(terms: Mapping[str, float], part: str, family: Family, resource: Resource) -> float:
    """Cells or flip-flops that a ``layer``, an ``engine`` or a ``chip`` of these terms takes."""
    weight = _coefficients()[family][part]
    return sum(weight[name][resource] * amount for name, amount in terms.items())


def dsps_of(schedule: LayerSchedule, value_bits: int, family: Family) -> int:
    """Hard multipliers of a unit whose input values have `value_bits` bits, on a part that has them.

    A ternary product takes none. An accumulator that is wider than an operand takes several multipliers, and
    a single bit left over goes into logic.
    """
    lanes = schedule.parallelism
    count = 0
    if schedule.layer.has_weights and _hard(value_bits, schedule.weight_bits, family):
        count += lanes.output_lanes * _summands(schedule)
    if schedule.layer.requantises:
        bits = schedule.accumulator_bits
        if bits + schedule.transfer.multiplier_bits >= known(family).smallest_product_bits:
            count += lanes.searchers * ceil((bits - 1) / known(family).operand_bits)
    return count


def engine_dsps(fold: Fold, family: Family) -> int:
    """Hard multipliers of a folded engine."""
    lanes = fold.parallelism
    hard = sum(_hard(bits, fold.weight_bits, family) for bits in fold.factor_bits)
    return lanes.taps * lanes.output_lanes * hard


def _summands(schedule: LayerSchedule) -> int:
    """Products per output lane and cycle.

    Of a layer with groups, of which a depthwise one has most, those that are not constant 0: synthesis finds
    the others out. Whenever an output lane has the next group of channels, the input lanes that it needs
    move on; which they come to in all depends on how far, because lanes are powers of two.
    """
    lanes, (inputs, outputs) = schedule.parallelism, (schedule.shape.inputs[0], schedule.shape.outputs[0])
    count, groups = lanes.taps * lanes.input_lanes, schedule.layer.groups_of(inputs)
    if schedule.layer.adds:  # the lane of its own number, or any where the channels move on
        return lanes.taps * max(1, lanes.input_lanes // lanes.output_lanes)
    if groups == 1:
        return count
    own = inputs // groups
    moved = min(lanes.input_lanes, max(1, lanes.output_lanes * inputs // outputs))
    return min(count, count * own // moved)


def _sums(lanes: int, value_bits: list[int], weight_bits: int, family: Family) -> dict[str, float]:
    """Terms of `lanes` sums of products of values of these widths."""
    widths = [bits + (1 if weight_bits == 2 else weight_bits) for bits in value_bits]
    soft = [bits for bits in value_bits if weight_bits > 2 and not _hard(bits, weight_bits, family)]
    return {
        "word_bits": float(sum(value_bits)),
        "weight_bits": float(lanes * len(value_bits) * weight_bits),
        "product_bits": float(lanes * sum(widths)),
        "multiplier_bits": float(lanes * weight_bits * sum(soft)),
        "sum_bits": float(lanes * sum(width + 1 for width in widths[1:])),
    }


def _hard(value_bits: int, weight_bits: int, family: Family) -> bool:
    """Whether a hard multiplier forms such a product."""
    return weight_bits > LOGIC_WEIGHT_BITS and value_bits + weight_bits >= known(family).smallest_product_bits


def _bits_in_logic(memories: Iterable[MemoryPlan]) -> float:
    return float(sum(plan.depth * plan.width for plan in memories if plan.style == "logic"))


@cache
def _coefficients() -> dict[Family, dict[str, dict[str, dict[Resource, float]]]]:
    """By family, part and term: cells and flip-flops per unit of the term."""
    return json.loads(COSTS_FILE.read_text(encoding="utf-8"))
