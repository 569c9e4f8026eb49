"""The way back from a record: the same chip can be programmed again."""

import pytest

from sw.bundle.file import from_bytes
from sw.errors import EngramError
from sw.rram.chip.programming import program
from sw.rram.chip.recorded import recorded_conditions, recorded_device
from sw.rram.devices.files import EXAMPLE, device_named
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, tiny_design

CMO = DEVICES["cmo-hfox"]
BUNDLE = random_bundle(tiny_design(), 1)


def chip_of(device, conditions):
    chip = program(BUNDLE, device, conditions, seed=3)
    return from_bytes(chip.to_bytes(), "chip")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("devices") / "own.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return device_named(str(path))


@pytest.mark.parametrize("name", DEVICES)
def test_presets_come_back_with_their_faults(name):
    device = DEVICES[name].with_(p_stuck_hrs=0.01, p_broken_col=0.02)
    assert recorded_device(chip_of(device, Conditions())) == device


def test_a_device_of_a_file_comes_back_with_all_its_laws(own):
    chip = chip_of(own, Conditions())
    assert recorded_device(chip) == own
    assert recorded_conditions(chip) == Conditions()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"adc": {"bits": 1}},
        {"adc": {"bits": None}},
        {"cell_bits": 6, "adc": {"bits": 6, "gain_sigma": 0.01, "kind": "ramp", "offset_sigma_lsb": 0.5}},
        {"read_time_seconds": 60, "read_noise": True, "match_line_ohms": 1.5, "word_line_ohms": 0.5},
        {"coping": {"spare_lines": 2, "polarity": True, "calibrate_adc": True}},
        {"write_verify": True, "temperature_kelvin": None},
    ],
    ids=str,
)
def test_conditions_come_back(changes):
    conditions = Conditions().with_(**changes)
    chip = chip_of(CMO, conditions)
    assert recorded_conditions(chip) == conditions
    assert program(BUNDLE, recorded_device(chip), recorded_conditions(chip), seed=3).digest == chip.digest


def test_a_chosen_full_scale_comes_back():
    tiles = BUNDLE.design.row_tiles
    scale = {"lowest": [0.25] * tiles, "span": 4.5}
    conditions = Conditions().with_(adc={"full_scale": scale})
    assert recorded_conditions(chip_of(CMO, conditions)) == conditions


def test_measured_cells_are_asked_for(tmp_path):
    cells = tmp_path / "cells.csv"
    rows = [f"{level},1,{(level + 1) * 1e-5}" for level in (0, 1)]
    cells.write_text("\n".join(["level,time_seconds,g_siemens", *rows]), encoding="utf-8")
    chip = chip_of(device_named(str(cells)), Conditions(read_time_seconds=1))
    with pytest.raises(EngramError, match="is made of 'cells', whose cells its record does not hold"):
        recorded_device(chip)
    assert recorded_conditions(chip).read_time_seconds == 1
