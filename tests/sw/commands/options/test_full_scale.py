"""Options of converters and coping on the command line, and the full scale that needs a data set."""

import json

import pytest
from typer.testing import CliRunner

from sw.bundle import load, open_bundle
from sw.cli import application
from sw.data.dataset import load as load_dataset
from sw.reference.features import features_of
from sw.rram.chip.full_scale import with_chosen_full_scale
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions

ADC = ["--adc-bits", "3", "--adc-kind", "ramp", "--adc-gain-sigma", "0.01", "--adc-offset-sigma-lsb", "0.5"]
COPING = ["--spare-lines", "2", "--polarity", "--calibrate-adc", "--p-stuck-hrs", "0.05"]


def run(*arguments):
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(application(), [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def wanted():
    """Device and conditions of these options, from the library."""
    conditions = Conditions().with_(
        adc={"bits": 3, "kind": "ramp", "gain_sigma": 0.01, "offset_sigma_lsb": 0.5, "full_scale": "auto"},
        coping={"spare_lines": 2, "polarity": True, "calibrate_adc": True},
    )
    bundle, data = open_bundle("zoo:digits"), load_dataset("digits")
    device = DEVICES["cmo-hfox"].with_(p_stuck_hrs=0.05)
    levels = features_of(bundle, data.validation.images)
    return device, with_chosen_full_scale(bundle, device, conditions, levels, data.validation.labels, seed=3)


def test_programmed_chips_have_the_chosen_range(wanted, tmp_path):
    chip = tmp_path / "chip.engram"
    code, _, err = run(
        "program", "zoo:digits", "-o", chip, *ADC, *COPING, "--full-scale", "auto", "--seed", 3
    )
    assert code == 0, err
    found, made = load(chip), program(open_bundle("zoo:digits"), *wanted, seed=3)
    assert found.with_(provenance=made.provenance).digest == made.digest
    record = found.provenance.device
    assert record == made.provenance.device
    assert record["adc.full_scale.span"] == wanted[1].adc.full_scale.span
    assert record["coping.spare_lines"] == 2


def test_evaluated_chips_have_the_chosen_range(wanted, tmp_path):
    options = [*ADC, *COPING, "--full-scale", "auto", "--seed", 3, "--chips", 1, "--jobs", 1, "-o", tmp_path]
    code, out, err = run("evaluate", "zoo:digits", *options, "--json")
    assert code == 0, err
    assert json.loads(out)["conditions"] == json.loads(wanted[1].model_dump_json())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            ["--full-scale", "whole"],
            "error: adc: full_scale: Input should be 'nominal' or 'auto', got ",
        ),
        (["--adc-kind", "flash"], "adc: kind: Input should be 'sar' or 'ramp', got 'flash'"),
        (["--spare-lines", "-1"], "coping: spare_lines: Input should be greater than or equal to 0, got -1"),
        (
            ["--adc-bits", "0", "--adc-gain-sigma", "0.1"],
            "--adc-gain-sigma must be left out with ",
        ),
        (["--adc-bits", "0", "--calibrate-adc"], "--calibrate-adc must be left out with --adc-bits 0"),
        (["--adc-bits", "0", "--full-scale", "auto", "--data", "none.npz"], "--full-scale must be left out"),
        (["--full-scale", "auto", "--data", "none.npz"], "none.npz"),
        (["--full-scale", "auto", "--cell-bits", "9", "--data", "none.npz"], "conditions: cell_bits"),
    ],
)
def test_wrong_options_are_one_line(option, message, tmp_path):
    code, out, err = run("program", "zoo:digits", "-o", tmp_path / "chip.engram", *option)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert message in err
    assert not (tmp_path / "chip.engram").exists()
