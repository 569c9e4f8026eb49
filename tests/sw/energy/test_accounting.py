"""Modelled energy: the paper's own figures, and the full accounting against sums by hand."""

import math

import pytest

from sw.energy.accounting import FRONTEND_PARTS, energy_of, nodes, paper_backend_nj, paper_frontend_nj
from sw.energy.constants import Constants, read_constants
from sw.energy.work import array_work, frontend_work, macs_nonzero, matches, quantiser_work
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, tiny_design

CONSTANTS = read_constants()
ZERO = Constants(
    **{
        name: getattr(CONSTANTS, name).model_copy(update={"value": 0.0}).model_dump()
        for name in Constants.model_fields
    }
)


def only(**values):
    """Constants that are all zero but these."""
    changed = {
        name: getattr(ZERO, name).model_copy(update={"value": value}) for name, value in values.items()
    }
    return ZERO.model_copy(update=changed)


@pytest.fixture(scope="module")
def classified():
    design = tiny_design(thresholds_per_feature=3, adc_bits=6)
    bundle = random_bundle(design, 4)
    return bundle, pipeline.levels_of(bundle, random_images(design, 30, 5))


def test_the_papers_figures_come_out():
    assert paper_backend_nj(784 * 10, CONSTANTS) == pytest.approx(1.4504, rel=1e-12)
    assert paper_frontend_nj(96_230, CONSTANTS) == pytest.approx(96.23, rel=1e-12)
    teacher = paper_frontend_nj(78_060_000, CONSTANTS)
    assert teacher == pytest.approx(78.06e3, rel=1e-12)
    whole = paper_frontend_nj(96_230, CONSTANTS) + paper_backend_nj(784 * 10, CONSTANTS)
    assert round(teacher / whole) == 799  # the paper says 792


def test_paper_accounting_counts_thermometer_bits_as_cells(classified):
    bundle, levels = classified
    energy = energy_of(bundle, levels, CONSTANTS)
    assert energy.paper == {
        "frontend": pytest.approx(macs_nonzero(bundle) * 1e-3),
        "backend": pytest.approx(54 * 3 * 185e-6),
    }
    assert energy.dense_paper == pytest.approx(18 * 3 * 1e-3)  # values of the feature map, not bits


def test_cells_are_paid_by_match_and_mismatch(classified):
    bundle, levels = classified
    mean = matches(bundle, levels) / len(levels)
    for constants, count in (
        (only(binary_match=1.0), mean),
        (only(binary_mismatch=1.0), 54 * 3 - mean),
        (only(window_match=1.0, window_mismatch=1.0), 0),
    ):
        full = energy_of(bundle, levels, constants).full
        assert full.pop("cells") == pytest.approx(count * 1e-6)
        assert set(full.values()) == {0.0}


def test_window_cells_have_constants_of_their_own():
    design = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4)
    bundle = random_bundle(design, 4)
    levels = pipeline.levels_of(bundle, random_images(design, 30, 5))
    cells = energy_of(bundle, levels, only(window_match=2.0, binary_match=7.0)).full["cells"]
    assert cells == pytest.approx(2e-6 * matches(bundle, levels) / 30)


def test_digital_energy_scales_with_widths(classified):
    bundle, levels = classified
    work = frontend_work(bundle) | {"quantiser": quantiser_work(bundle)}
    for constants, of_work in (
        (only(multiply_32_bit=1024.0), lambda part: part.multiplied),
        (only(add_32_bit=32.0), lambda part: part.added),
        (only(memory_64_bit=64.0), lambda part: part.moved),
    ):
        full = energy_of(bundle, levels, constants).full
        for name, part in work.items():
            assert full[name] == pytest.approx(of_work(part) * 1e-3)


def test_drivers_and_converters(classified):
    bundle, levels = classified
    lines = energy_of(bundle, levels, only(word_line_per_cell=2.0, word_line_swing=3.0)).full
    assert lines.pop("word_lines") == pytest.approx(54 * 4 * 2 * 9 * 1e-6)
    assert set(lines.values()) == {0.0}
    converted = energy_of(bundle, levels, only(adc_step=1.0)).full
    assert converted.pop("adc") == pytest.approx(7 * 3 * 64 * 1e-6)  # 54 rows in tiles of 8
    assert set(converted.values()) == {0.0}


def test_another_adc_may_read_the_array(classified):
    bundle, levels = classified
    finer = energy_of(bundle, levels, CONSTANTS, bundle.design.with_(adc_bits=8))
    own = energy_of(bundle, levels, CONSTANTS)
    assert finer.full["adc"] == pytest.approx(4 * own.full["adc"])
    assert finer.full["cells"] == own.full["cells"]


def test_controllers_are_address_counters(classified):
    bundle, levels = classified
    full = energy_of(bundle, levels, only(counter=32.0, add_32_bit=1.0)).full
    reads = sum(part.accesses for part in frontend_work(bundle).values())
    array = array_work(bundle.design)
    assert full["frontend_controller"] == pytest.approx(reads * 1e-3)
    behind = 54 + array.word_lines + array.conversions
    assert full["backend_controller"] == pytest.approx(behind * 1e-3)


def test_parts_belong_to_front_end_or_back_end(classified):
    bundle, levels = classified
    energy = energy_of(bundle, levels, CONSTANTS)
    assert set(FRONTEND_PARTS) < set(energy.full)
    assert math.fsum(energy.full.values()) == pytest.approx(energy.full_frontend + energy.full_backend)
    assert min(energy.full.values()) > 0
    assert min(energy.dense_full.values()) > 0


def test_every_part_says_for_which_node_it_holds(classified):
    bundle, levels = classified
    held = nodes(CONSTANTS, bundle.design)
    assert list(held) == list(energy_of(bundle, levels, CONSTANTS).full)
    assert held["macs"] == held["frontend_controller"] == "45 nm"
    assert held["cells"] == held["word_lines"] == "180 nm"
    mixed = CONSTANTS.model_copy(
        update={"binary_match": CONSTANTS.binary_match.model_copy(update={"node": "28 nm"})}
    )
    assert nodes(mixed, bundle.design)["cells"] == "28 nm, 180 nm"
    assert nodes(mixed, bundle.design.with_(cell="window", cell_bits=2))["cells"] == "180 nm"
