"""Energy with a macro: parts where the accounting has them, all in one node, and cells that do not fit."""

import numpy as np
import pytest

from sw.energy.accounting import FRONTEND_PARTS, energy_of
from sw.energy.constants import read_constants
from sw.energy.digital import DigitalWork, digital_nj
from sw.energy.in_macro import check_cells, energy_in_macro
from sw.energy.macros.macro import macro_named
from sw.energy.work import dense_work
from sw.errors import EngramError
from tests.helpers.bundles import random_bundle, tiny_design

DESIGN = tiny_design(adc_bits=3, cell_bits=4, cols=2, cols_per_adc=2, templates_per_class=2)
BUNDLE = random_bundle(DESIGN, 1)
LEVELS = np.random.default_rng(2).integers(0, 2, (5, DESIGN.features), np.uint8)
FRONT_END = {part: DigitalWork(added=1000 * place) for place, part in enumerate(FRONTEND_PARTS, 1)}


def test_parts_stand_where_the_accounting_has_them_and_the_paper_counts_as_it_did():
    macro, paper = macro_named("neurram"), read_constants()
    energy = energy_in_macro(BUNDLE, LEVELS, macro, FRONT_END, paper, DESIGN)
    without = energy_of(BUNDLE, LEVELS, paper, DESIGN)
    parts = [part for part in energy.full if part != "array_control"]
    assert parts == list(without.full)
    assert list(energy.dense_full) == list(without.dense_full)
    assert (energy.paper, energy.dense_paper) == (without.paper, without.dense_paper)
    assert energy.full_frontend == pytest.approx(
        sum(digital_nj(work, macro.node) for work in FRONT_END.values())
    )


def test_the_dense_layer_is_in_the_same_node():
    macro = macro_named("sapiens")
    energy = energy_in_macro(BUNDLE, LEVELS, macro, FRONT_END, read_constants(), DESIGN)
    work = dense_work(BUNDLE)["macs"]
    expected = DigitalWork(multiplied=work.multiplied, added=work.added)
    assert energy.dense_full["macs"] == pytest.approx(digital_nj(expected, macro.node))
    weights = dense_work(BUNDLE)["weight_memory"].moved  # each is read once
    assert energy.dense_full["weight_memory"] == pytest.approx(
        digital_nj(DigitalWork.memory(weights, weights), macro.node)
    )


def test_window_cells_take_a_macro_that_has_them():
    window = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=6)
    check_cells(macro_named("acam-9t4r"), window, "mine")
    check_cells(macro_named("acam-9t4r"), DESIGN, "mine")  # a window cell holds a bit too
    check_cells(macro_named("neurram"), DESIGN, "mine")
    with pytest.raises(EngramError, match="--macro must have window cells for mine, neurram has binary ones"):
        check_cells(macro_named("neurram"), window, "mine")
