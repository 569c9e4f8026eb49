"""Chips that program themselves: rule and codes, against write-verify of the reference."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sw.bundle import load, save
from sw.cli import application
from sw.errors import EngramError
from sw.reference.pulse import device_indices, erased_states, stuck_devices, target_states, write_verify
from sw.rram.chip.programmable import DEFAULT_PULSES, program_by_pulses, pulse_rule
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Coping
from sw.rram.laws.read_noise import NoiseLaw
from sw.rram.laws.telegraph import Telegraph
from tests.helpers.bundles import random_bundle, tiny_design

WINDOW = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4)


@pytest.mark.parametrize("cell_bits", [4, 8])
@pytest.mark.parametrize("device", ["cmo-hfox", "hfox-milo2021"])
def test_nearly_all_devices_come_to_their_states(device, cell_bits):
    preset = DEVICES[device].with_(p_stuck_hrs=0.03, p_stuck_lrs=0.02)
    bundle = random_bundle(tiny_design(templates_per_class=60), seed=1)
    chip = program_by_pulses(bundle, preset, Conditions(cell_bits=cell_bits), seed=3)
    rule, design = chip.array.pulse, chip.design
    indices = device_indices(design.features, design.templates)
    targets = target_states(chip.templates, design, rule)
    done = write_verify(erased_states(indices, rule), targets, indices, rule, design.max_code)
    assert chip.array.codes.tolist() == done.states.tolist()
    works = ~np.logical_or(*stuck_devices(indices, rule))
    assert not done.failed[works].any()
    assert np.abs(chip.array.codes[works] - targets[works]).max() <= rule.tolerance
    record = chip.provenance.device
    assert record["stuck_hrs"] + record["stuck_lrs"] == (~works).sum() > 0
    assert record["write_failures"] == done.failed.sum() > 0
    assert record["write_sets"] + record["write_resets"] == (done.sets + done.resets).sum()


def test_rest_of_the_chip_is_that_of_any_chip():
    bundle = random_bundle(tiny_design(), seed=1)
    conditions = Conditions(adc={"bits": 6, "gain_sigma": 0.02}, read_noise=True)
    device = DEVICES["cmo-hfox"]
    made = program_by_pulses(bundle, device, conditions, seed=3)
    plain = program(bundle, device, conditions, seed=3)
    assert made.design == plain.design
    assert made.array.adc.gain.tolist() == plain.array.adc.gain.tolist()
    assert made.array.read_noise.scale.tolist() == plain.array.read_noise.scale.tolist()
    again = program_by_pulses(bundle, device, conditions, seed=3)
    assert again.digest == made.digest
    assert program_by_pulses(bundle, device, conditions, seed=4).array.pulse.key != made.array.pulse.key


def test_window_cells_go_to_their_bounds():
    bundle = random_bundle(WINDOW, seed=1)
    chip = program_by_pulses(bundle, DEVICES["ideal"], Conditions(), seed=3)
    rule = chip.array.pulse
    assert chip.array.codes.tolist() == target_states(chip.templates, chip.design, rule).tolist()
    assert (rule.hrs_state, rule.lrs_state) == (0, 15)


def test_device_without_pulses_gets_the_defaults():
    device = DEVICES["hfox-milo2021"]
    assert device.pulses is None
    rule = pulse_rule(tiny_design(cell_bits=8), device, np.random.default_rng(0))
    assert (rule.start_amplitude, rule.amplitude_step) == (4, 4)
    assert rule.max_pulses == DEFAULT_PULSES.max_pulses
    always = device.with_(p_stuck_hrs=1 / 3, p_stuck_lrs=2 / 3)
    rule = pulse_rule(tiny_design(cell_bits=8), always, np.random.default_rng(0))
    assert rule.p_stuck_hrs + rule.p_stuck_lrs == 2**16


@pytest.mark.parametrize(
    ("conditions", "changes", "name"),
    [
        ({"read_time_seconds": 5.0}, {}, "read_time_seconds must be left out of a programmable chip, .* 5.0"),
        ({"write_verify": True}, {}, "write_verify must be left out of a programmable chip"),
        ({"word_line_ohms": 1.0}, {}, "word_line_ohms must be left out of a programmable chip"),
        ({"coping": Coping(polarity=True)}, {}, "coping must be left out of a programmable chip"),
        (
            {},
            {"p_broken_row": 0.1},
            "p_broken_row must be left out of a programmable chip, .* got 0.1; leave",
        ),
    ],
)
def test_what_has_no_code_is_refused(conditions, changes, name):
    device = DEVICES["cmo-hfox"].with_(**changes)
    with pytest.raises(EngramError, match=name):
        program_by_pulses(random_bundle(tiny_design(), 1), device, Conditions(**conditions), seed=0)


def test_traps_are_refused_where_there_is_noise():
    noise = NoiseLaw(sigma_of_window=0.01, telegraph=Telegraph(p_trap=0.1, amplitude=0.2))
    device = DEVICES["cmo-hfox"].with_(read_noise=noise)
    bundle = random_bundle(tiny_design(), 1)
    with pytest.raises(EngramError, match="read_noise must be without telegraph noise in a"):
        program_by_pulses(bundle, device, Conditions(read_noise=True), seed=0)
    assert program_by_pulses(bundle, device, Conditions(), seed=0).array.read_noise is None


def test_command_writes_a_chip_that_has_a_rule(tmp_path):
    source, made = tmp_path / "trained.engram", tmp_path / "chip.engram"
    save(random_bundle(tiny_design(), seed=1), source)
    arguments = ["program", str(source), "-o", str(made), "--programmable", "--p-stuck-lrs", "0.1", "--json"]
    ran = CliRunner().invoke(application(), arguments)
    chip, values = load(made), json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert chip.array.pulse is not None and chip.array.pulse.p_stuck_lrs == 6_554
    assert values["stuck_lrs"] == stuck_devices(device_indices(18, 3), chip.array.pulse)[1].sum()
    assert values["write_failures"] == chip.provenance.device["write_failures"]
