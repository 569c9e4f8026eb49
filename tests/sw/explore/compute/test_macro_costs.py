"""Costs with a macro: parts that add up, what a point's sizes change, and classifiers that do not fit."""

import numpy as np
import pytest

from sw.energy.accounting import FRONTEND_PARTS, energy_of
from sw.energy.constants import read_constants
from sw.energy.digital import DigitalWork, digital_nj
from sw.energy.engine import digital_backend
from sw.energy.macros.macro import MACROS, macro_named
from sw.energy.work import matches
from sw.explore.compute.images import Images
from sw.explore.compute.macro_costs import MacroCosts
from sw.explore.space.settings import Variant
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, tiny_design

DESIGN = tiny_design(adc_bits=3, cell_bits=4, cols=2, cols_per_adc=2, templates_per_class=2)
BUNDLE = random_bundle(DESIGN, 1)
LEVELS = np.random.default_rng(2).integers(0, 2, (5, DESIGN.features), np.uint8)
IMAGES = Images(LEVELS, np.zeros(5, np.int64))
VARIANT = Variant("tiny", 1, 2)


FRONT_END = {part: DigitalWork(added=1000 * place) for place, part in enumerate(FRONTEND_PARTS, 1)}


def columns(name, design=DESIGN):
    costs = MacroCosts(macro_named(name), read_constants(), lambda bundle, technology: FRONT_END)
    return costs.columns(VARIANT, BUNDLE, IMAGES, design, Conditions())


@pytest.mark.parametrize("name", MACROS)
def test_parts_add_up_to_the_whole(name):
    found = columns(name)
    parts = {
        column: value
        for column, value in found.items()
        if column.startswith("energy_") and column.endswith("_nj")
        if column not in ("energy_full_nj", "energy_paper_nj")
    }
    assert {"energy_cells_nj", "energy_adc_nj", "energy_word_lines_nj"} < set(parts)
    assert {f"energy_{part}_nj" for part in FRONTEND_PARTS} < set(parts)
    assert sum(parts.values()) == pytest.approx(found["energy_full_nj"])
    areas = [found[f"area_{part}_mm2"] for part in ("cells", "adcs", "drivers", "control")]
    assert sum(areas) == pytest.approx(found["area_mm2"])


def test_the_paper_counts_as_it_did():
    assert columns("neurram")["energy_paper_nj"] == sum(
        energy_of(BUNDLE, LEVELS, read_constants(), DESIGN).paper.values()
    )


def test_the_array_is_priced_by_what_it_does():
    macro, found = macro_named("acam-9t4r"), columns("acam-9t4r")
    mean = matches(BUNDLE, LEVELS) / len(LEVELS)
    cells = DESIGN.features * DESIGN.templates
    assert found["energy_cells_nj"] == pytest.approx((mean * 160 + (cells - mean) * 36) * 1e-6)
    conversions = DESIGN.row_tiles * DESIGN.templates
    each = macro.sense.base.value + 8 * macro.sense.per_level.value
    assert found["energy_adc_nj"] == pytest.approx(conversions * each * 1e-6)
    assert found["latency_ns"] == pytest.approx(15.2 + 2 * (1 + 3) * 15.2)  # two match lines of a converter
    tiles = DESIGN.row_tiles * DESIGN.col_tiles
    assert found["area_cells_mm2"] == pytest.approx(tiles * DESIGN.rows * DESIGN.cols * 8.75e-6)


def test_digital_parts_are_in_the_node_of_the_macro():
    macro = macro_named("neurram")
    for part, work in (FRONT_END | digital_backend(BUNDLE, DESIGN)).items():
        assert columns("neurram")[f"energy_{part}_nj"] == pytest.approx(digital_nj(work, macro.node))


def test_sizes_of_the_point_count():
    fewer, more = columns("neurram"), columns("neurram", DESIGN.with_(adc_bits=8))
    assert more["energy_adc_nj"] > fewer["energy_adc_nj"]
    assert more["latency_ns"] > fewer["latency_ns"]
    shared, alone = fewer, columns("neurram", DESIGN.with_(cols_per_adc=1))
    assert alone["area_adcs_mm2"] == pytest.approx(2 * shared["area_adcs_mm2"])
    assert alone["latency_ns"] < shared["latency_ns"]


def test_the_constants_tell_macros_apart():
    def none(bundle, technology):
        return {}

    found = [MacroCosts(macro_named(name), read_constants(), none).constants for name in MACROS]
    assert all(one != other for place, one in enumerate(found) for other in found[:place])
