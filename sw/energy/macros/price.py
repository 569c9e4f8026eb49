"""What a macro costs at a geometry: energy and area by part, and time.

Values of several bits are driven bit by bit, with pulses whose lengths double; the match line integrates
2**bits - 1 steps. Where a macro takes them in two phases, each ends with a conversion, and the second one
decides only the bits that the first has left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from sw.energy.macros.macro import Macro
from sw.energy.macros.parts import Geometry
from sw.energy.macros.senses import SENSES

__all__ = ["PARTS", "Reads", "Schedule", "area_um2", "energy_fj", "reads_of_chip", "schedule", "time_ns"]

PARTS = ("cells", "word_lines", "converters", "control")


@dataclass(frozen=True)
class Schedule:
    """One read of a tile.

    Attributes
    ----------
    pulses, steps
        Pulses on a word line, and steps that a match line integrates.
    samples, decisions, turns
        Of one match line: how often it is sampled, decisions, and how many of them come in turn.
    """

    pulses: int
    steps: int
    samples: int
    decisions: int
    turns: int


@dataclass(frozen=True)
class Reads:
    """The reads of one image, counted.

    Attributes
    ----------
    matched, mismatched
        Cells, by whether they match; means over images.
    raised_values, cols
        Word-line values that are driven, once for every column tile, and cells on their lines.
    conversions
        Resolution in bits of every conversion with how many there are of it.
    tiles
        Tiles that are read.
    input_bits
        Of a value on the word lines.
    """

    matched: float
    mismatched: float
    raised_values: int
    cols: int
    conversions: Sequence[tuple[int, int]]
    tiles: int
    input_bits: int = 1


def schedule(macro: Macro, input_bits: int, output_bits: int) -> Schedule:
    """How a macro reads values of so many bits into codes of so many; 0 bits out convert nothing."""
    magnitude = max(1, input_bits - macro.inputs.signed)
    phases = [magnitude]
    if magnitude > macro.inputs.phase_bits:
        phases = [ceil(magnitude / 2), magnitude // 2]
    left = [max(0, output_bits - sum(phases[:number])) for number in range(len(phases))]
    kind = SENSES[macro.sense.kind]
    return Schedule(
        pulses=magnitude,
        steps=sum(2**bits - 1 for bits in phases),
        samples=len(phases) if output_bits else 0,
        decisions=sum(kind.decisions(bits) for bits in left),
        turns=sum(kind.turns(bits) for bits in left),
    )


def energy_fj(macro: Macro, reads: Reads) -> dict[str, float]:
    """Energy by part, in fJ."""
    cell, lines = macro.cell, macro.lines
    pulses = schedule(macro, reads.input_bits, 0).pulses
    capacitance = lines.driver.value + reads.cols * lines.per_cell.value
    return {
        "cells": pulses * (reads.matched * cell.match.value + reads.mismatched * cell.mismatch.value),
        "word_lines": pulses * reads.raised_values * lines.raised * capacitance * lines.swing.value,
        "converters": sum(
            count * _conversion_fj(macro, bits, reads.input_bits) for bits, count in reads.conversions if bits
        ),
        "control": reads.tiles * macro.control.read.value,
    }


def area_um2(macro: Macro, geometry: Geometry, tiles: int = 1) -> dict[str, float]:
    """Area by part of so many tiles, in um2: all cells, lines and converters, used or not."""
    sense = macro.sense
    levels = 2**geometry.output_bits if geometry.output_bits else 0
    converters = ceil(geometry.cols / geometry.cols_per_adc)
    areas = {
        "cells": geometry.rows * geometry.cols * macro.cell.area.value,
        "word_lines": geometry.rows * macro.lines.per_value * macro.lines.area.value,
        "converters": converters * (sense.area.value + levels * sense.level_area.value),
    }
    share = macro.control.share.value
    areas["control"] = sum(areas.values()) * share / (1 - share)
    return {part: tiles * area for part, area in areas.items()}


def time_ns(macro: Macro, geometry: Geometry) -> float:
    """From the rise of the word lines to the last code of a tile, in ns; tiles work side by side."""
    sense, once = macro.sense, schedule(macro, geometry.input_bits, geometry.output_bits)
    in_turn = min(geometry.cols_per_adc, geometry.cols)
    converting = once.samples * sense.sample.value + once.turns * sense.decision.value
    return once.steps * sense.step.value + in_turn * converting


def reads_of_chip(geometry: Geometry, match_share: float) -> Reads:
    """One read of one tile that is used whole, with that share of its cells matching."""
    cells = geometry.rows * geometry.cols
    return Reads(
        matched=match_share * cells,
        mismatched=(1 - match_share) * cells,
        raised_values=geometry.rows,
        cols=geometry.cols,
        conversions=((geometry.output_bits, geometry.cols),),
        tiles=1,
        input_bits=geometry.input_bits,
    )


def _conversion_fj(macro: Macro, bits: int, input_bits: int) -> float:
    sense, once = macro.sense, schedule(macro, input_bits, bits)
    return (
        sense.base.value
        + once.decisions * sense.per_decision.value
        + 2**bits * sense.per_level.value
        + once.steps * sense.per_step.value
    )
