"""Sparse against dense engines: zeros cost nothing with one lane, and what is kept is never slower."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hw.frontend.schedule import LayerSchedule, Parallelism
from hw.tuning.sparsity import SHARES, compare, layer_with_zeros, sparsity
from sw.design import Layer
from sw.design.layer import LayerShape

LAYER = Layer(kind="conv3x3", out_channels=8, activation_bits=3)
SHAPE = LayerShape((8, 7, 7), (8, 7, 7), 3)

application = typer.Typer()
application.command()(sparsity)


@pytest.mark.parametrize("zeros", SHARES)
def test_the_share_of_zeros_is_what_was_asked_for(zeros):
    weight = layer_with_zeros(LAYER, SHAPE, zeros, seed=1).weight
    assert np.count_nonzero(weight == 0) == round(zeros * weight.size)


@pytest.mark.parametrize("cells", [450, 900, 2500])
def test_kept_is_the_best_that_fits(cells):
    found = [compare(LAYER, SHAPE, zeros, "ice40", 1, cells=cells, block_rams=10) for zeros in SHARES]
    assert found[0].kept == found[0].dense
    for one in found:
        assert one.dense == found[0].dense
        assert one.kept.cycles <= min(one.skipping.cycles, one.dense.cycles)
        assert one.kept.cells <= cells
        assert one.kept.block_rams <= 10
    assert found[-1].kept.cycles < found[0].kept.cycles


@pytest.mark.parametrize("size", ["1x1x1x1", "1x2x3x1", "2x4x1x2", "8x8x1x1"])
def test_more_zeros_never_cost_a_size_cycles(size):
    trained = [layer_with_zeros(LAYER, SHAPE, zeros, seed=1) for zeros in SHARES]
    cycles = [LayerSchedule(LAYER, SHAPE, one, Parallelism.parse(size)).cycles for one in trained]
    assert cycles == sorted(cycles, reverse=True)


def test_one_lane_takes_a_cycle_per_product_or_search():
    one = compare(LAYER, SHAPE, 0.5, "ice40", 1, cells=10_000, block_rams=3)
    assert one.skipping.size.taps == 1
    assert one.skipping.cycles == one.products


def test_nothing_fits_is_said():
    one = compare(LAYER, SHAPE, 0.5, "ice40", 1, cells=10, block_rams=10)
    assert (one.skipping, one.dense, one.kept) == (None, None, None)


def test_the_command_prints_a_table_or_json():
    plain = CliRunner().invoke(application, ["--channels", "4"])
    assert plain.exit_code == 0
    assert "4 -> 4 at 7 x 7" in plain.stdout
    values = json.loads(CliRunner().invoke(application, ["--channels", "4", "--seed", "3", "--json"]).stdout)
    assert [one["zeros"] for one in values["results"]] == list(SHARES)
    assert values["results"][0]["kept"]["size"].count("x") == 3
    assert values["seed"] == 3


def test_an_unknown_family_is_refused():
    result = CliRunner().invoke(application, ["--family", "ecp6"])
    assert result.exit_code == 2
    assert "must be one of ice40, ecp5, gowin, got 'ecp6'" in result.stderr
