"""Prices of a macro: what they follow from, worked out by hand for a small tile."""

import pytest

from sw.energy.macros.macro import macro_named
from sw.energy.macros.price import PARTS, Reads, area_um2, energy_fj, reads_of_chip, schedule, time_ns
from sw.energy.macros.senses import SENSES

NEURRAM = macro_named("neurram")
OPEN = macro_named("sky130-1t1r")


@pytest.mark.parametrize(
    ("output_bits", "input_bits", "expected"),
    [
        (3, 1, (1, 1, 1, 3)),
        (4, 2, (1, 1, 1, 4)),  # a sign and one bit
        (5, 3, (2, 3, 1, 5)),
        (6, 4, (3, 7, 1, 6)),
        (8, 6, (5, 10, 2, 13)),  # 3 bits, then 2; 8 decisions, then 5
        (10, 8, (7, 22, 2, 16)),
        (0, 4, (3, 7, 0, 0)),  # nothing is converted
    ],
)
def test_inputs_of_several_bits_take_two_phases(output_bits, input_bits, expected):
    once = schedule(NEURRAM, input_bits, output_bits)
    assert (once.pulses, once.steps, once.samples, once.decisions) == expected
    assert once.turns == once.decisions  # a neuron decides one bit after the other


def test_energy_by_part():
    reads = Reads(matched=10, mismatched=6, raised_values=4, cols=4, conversions=((5, 3), (4, 1)), tiles=2)
    parts = energy_fj(OPEN, reads)
    assert tuple(parts) == PARTS
    assert parts["cells"] == pytest.approx(10 * 30 + 6 * 0.04)
    assert parts["word_lines"] == pytest.approx(4 * (48 + 4 * 2.1) * 3.24)
    assert parts["converters"] == pytest.approx(4 * 12_040 + (3 * 32 + 16) * 33.27)
    assert parts["control"] == 0


def test_a_line_pays_for_the_cells_on_it_and_pulses_are_paid_one_by_one():
    whole = reads_of_chip(NEURRAM.geometry.model_copy(update={"input_bits": 1}), 0.5)
    several = reads_of_chip(NEURRAM.geometry.model_copy(update={"input_bits": 6}), 0.5)
    one, five = energy_fj(NEURRAM, whole), energy_fj(NEURRAM, several)
    assert one["word_lines"] == pytest.approx(128 * 2 * (48 + 256 * 2.1) * NEURRAM.lines.swing.value)
    assert five["word_lines"] == pytest.approx(5 * one["word_lines"])
    assert five["cells"] == pytest.approx(5 * one["cells"])


def test_area_counts_all_that_is_built():
    geometry = OPEN.geometry.model_copy(update={"rows": 10, "cols": 20, "cols_per_adc": 8, "output_bits": 6})
    parts = area_um2(OPEN, geometry, tiles=3)
    assert parts["cells"] == pytest.approx(3 * 200 * 8.64)
    assert parts["word_lines"] == pytest.approx(3 * 10 * 2 * 953)
    assert parts["converters"] == pytest.approx(3 * 3 * (19_306 + 64 * 6.05))  # the last serves four lines
    assert parts["control"] == 0


def test_control_is_a_share_of_the_whole():
    parts = area_um2(NEURRAM, NEURRAM.geometry)
    assert parts["control"] / sum(parts.values()) == pytest.approx(NEURRAM.control.share.value)


def test_match_lines_of_a_converter_take_turns():
    geometry = OPEN.geometry.model_copy(update={"cols": 4, "cols_per_adc": 4, "output_bits": 6})
    assert time_ns(OPEN, geometry) == pytest.approx(10 + 4 * 7 * 15.2)
    alone = geometry.model_copy(update={"cols_per_adc": 1})
    assert time_ns(OPEN, alone) == pytest.approx(10 + 7 * 15.2)
    assert time_ns(OPEN, geometry.model_copy(update={"output_bits": 0})) == pytest.approx(10)


@pytest.mark.parametrize(
    ("kind", "decisions", "turns"),
    [("neuron", 4, 4), ("sar", 4, 4), ("ramp", 15, 15), ("flash", 15, 1), ("amplifier", 1, 1)],
)
def test_kinds_of_senses(kind, decisions, turns):
    assert (SENSES[kind].decisions(4), SENSES[kind].turns(4)) == (decisions, turns)
    assert (SENSES[kind].decisions(0), SENSES[kind].turns(0)) == (0, 0)
