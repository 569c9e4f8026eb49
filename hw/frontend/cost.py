"""Cost: logic cells and multipliers of a layer unit before synthesis, from what it is made of.

The coefficients per kind of part are kept in ``constraints/costs.json``. Those of this version are rounded
values set by hand from a few builds; every build report shows the estimate's error beside the netlist.
``python -m hw.calibrate`` fits them to synthesised units and rewrites the file.
"""

import json
from functools import cache
from math import ceil, log2

from constraints.boards import FOLDER, Family
from hw.frontend.fold import Fold
from hw.frontend.layer_table import table_layout
from hw.frontend.memories import unit_memories, window_depth
from hw.frontend.schedule import LayerSchedule

__all__ = [
    "COSTS_FILE",
    "cell_terms",
    "cells_of",
    "coefficients",
    "dsps_of",
    "engine_cells",
    "engine_terms",
]

COSTS_FILE = FOLDER / "costs.json"
OPERAND_BITS: dict[Family, int] = {"ice40": 16, "ecp5": 18}
"""Of a hard multiplier: SB_MAC16 (Lattice FPGA-TN-02007), MULT18X18D (FPGA-TN-02205)."""
SMALLEST_PRODUCT_BITS: dict[Family, int] = {"ice40": 11, "ecp5": 1}
"""Products below stay in logic: DSP_Y_MINWIDTH of ``synth_ice40 -dsp``, Yosys 0.70; an ECP5 has none."""


def cell_terms(schedule: LayerSchedule, value_bits: int) -> dict[str, float]:
    """What a unit is made of, in the quantities that cells grow with.

    Parameters
    ----------
    schedule
        The unit.
    value_bits
        Bits of an input value.

    Returns
    -------
    dict
        ``unit``: 1. ``address_bits``: adders of window addresses. ``product_bits``: bits of products.
        ``sum_bits``: bits of adder trees. ``accumulator_bits``: bits of accumulators. ``search_bits``: bits
        compared by threshold searches. ``requantise_bits``: bits of registers between accumulators and wide
        activations. ``rom_bits``: bits of small memories in logic.
    """
    lanes = schedule.parallelism
    terms = {"unit": 1.0, "address_bits": lanes.taps * log2(window_depth(schedule))}
    small = [plan for plan in unit_memories(schedule, value_bits, "") if plan.style == "logic"]
    terms["rom_bits"] = float(sum(plan.depth * plan.width for plan in small))
    if not schedule.layer.has_weights:
        terms["accumulator_bits"] = float(lanes.input_lanes * value_bits)
        return terms
    inputs = lanes.taps * lanes.input_lanes
    product = value_bits + 1 if schedule.weight_bits == 2 else value_bits * schedule.weight_bits
    width = value_bits + schedule.weight_bits
    terms["product_bits"] = float(inputs * lanes.output_lanes * product)
    terms["sum_bits"] = float((inputs - 1) * lanes.output_lanes * width)
    terms["accumulator_bits"] = float(lanes.output_lanes * schedule.accumulator_bits)
    if schedule.layer.requantises:
        transfer = schedule.transfer
        registers = 2 * schedule.accumulator_bits + transfer.width + transfer.total_bits
        terms["requantise_bits"] = float(lanes.searchers * registers)
    elif schedule.layer.activation_bits is not None:
        terms["search_bits"] = float(lanes.searchers * schedule.threshold_bits)
    return terms


def engine_terms(fold: Fold) -> dict[str, float]:
    """What a folded engine is made of: the terms of a unit in its widths, and ``table_bits``.

    The latter are bits of what it knows of a layer; counters and adders of the sequencer grow with them.
    """
    lanes = fold.parallelism
    small = [plan for plan in fold.memories() if plan.style == "logic"]
    factors = [
        (bits + fold.weight_bits, bits + 1 if fold.weight_bits == 2 else bits * fold.weight_bits)
        for bits in fold.factor_bits
    ]
    products = lanes.taps * lanes.output_lanes
    terms = {
        "unit": 1.0,
        "address_bits": float(lanes.taps * fold.address_bits),
        "rom_bits": float(sum(plan.depth * plan.width for plan in small)),
        "product_bits": float(products * sum(product for _, product in factors)),
        "sum_bits": float(products * sum(width for width, _ in factors)),
        "accumulator_bits": float(lanes.output_lanes * fold.accumulator_bits),
        "table_bits": float(table_layout(fold).size),
    }
    if fold.search_bits:
        terms["search_bits"] = float(lanes.searchers * fold.threshold_bits)
    return terms


@cache
def coefficients(family: Family, part: str) -> dict[str, float]:
    """Logic cells per unit of each term of a ``layer`` or a ``chip``."""
    return json.loads(COSTS_FILE.read_text(encoding="utf-8"))[family][part]


def engine_cells(fold: Fold, family: Family) -> float:
    """Estimated logic cells of a folded engine."""
    weight = coefficients(family, "engine")
    return sum(weight[name] * amount for name, amount in engine_terms(fold).items())


def cells_of(schedule: LayerSchedule, value_bits: int, family: Family) -> float:
    """Estimated logic cells of a unit: LC of an iCE40, TRELLIS_COMB of an ECP5."""
    weight = coefficients(family, "layer")
    return sum(weight[name] * amount for name, amount in cell_terms(schedule, value_bits).items())


def dsps_of(schedule: LayerSchedule, value_bits: int, family: Family) -> int:
    """Hard multipliers of a unit whose input values have `value_bits` bits, on a part that has them.

    A ternary product takes none. An accumulator that is wider than an operand takes several multipliers, and
    a single bit left over goes into logic.
    """
    lanes, smallest = schedule.parallelism, SMALLEST_PRODUCT_BITS[family]
    count = 0
    if (
        schedule.layer.has_weights
        and schedule.weight_bits > 2
        and value_bits + schedule.weight_bits >= smallest
    ):
        count += lanes.taps * lanes.input_lanes * lanes.output_lanes
    if schedule.layer.requantises:
        bits = schedule.accumulator_bits
        if bits + schedule.transfer.multiplier_bits >= smallest:
            count += lanes.searchers * ceil((bits - 1) / OPERAND_BITS[family])
    return count
