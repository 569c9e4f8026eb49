"""Stuck devices: their rates, and where it matters which match lines share a tile."""

import numpy as np
import pytest

from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.stuck import Stuck


def test_rates_of_stuck_cells_and_broken_lines():
    figures = list(Stuck().common_figures(1_000_000, np.random.default_rng(1)))
    assert len(figures) == 4
    for each in figures:
        assert abs(each.model - each.law) < 5 * each.standard_error, each


@pytest.mark.parametrize(
    ("name", "matters"),
    [("p_stuck_hrs", False), ("p_stuck_lrs", False), ("p_broken_row", True), ("p_broken_col", True)],
)
def test_lines_break_tile_by_tile_and_devices_alone(name, matters):
    device = DEVICES["ideal"].with_(**{name: 0.1})
    assert Stuck().depends_on_columns(device, Conditions()) is matters
