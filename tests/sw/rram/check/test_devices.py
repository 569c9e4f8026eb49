"""The models against their laws, and the command that says so."""

import csv
import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sw.commands.check.devices import check_devices
from sw.rram.check.devices import statistics_of, stuck_statistics
from sw.rram.devices.files import EXAMPLE
from sw.rram.devices.presets import DEVICES

QUANTISED = {"read noise": 0.001}
"""What integers cannot express, as a share."""


def run(*arguments):
    application = typer.Typer()
    application.command()(check_devices)
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", DEVICES)
def test_every_figure_of_every_preset_is_that_of_its_law(name):
    for each in statistics_of(DEVICES[name], 200_000, np.random.default_rng(1)):
        if each.quantity == "write-verify error":
            assert abs(each.difference) < 0.12
        elif each.quantity == "IR drop":
            assert abs(each.difference) < 1e-9
        else:
            allowed = 5 * each.standard_error + QUANTISED.get(each.quantity, 0) * abs(each.law)
            assert abs(each.model - each.law) < allowed, each


def test_rates_of_stuck_cells_and_broken_lines():
    figures = list(stuck_statistics(DEVICES["ideal"], 1_000_000, np.random.default_rng(1)))
    assert len(figures) == 4
    for each in figures:
        assert abs(each.model - each.law) < 5 * each.standard_error, each


def test_the_command_takes_devices_of_the_user(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(EXAMPLE)
    result = run("--samples", 1_000, "--device", path, "--device", "ideal", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["figures"]
    assert {figure["device"] for figure in figures} >= {"my-oxide", "ideal", "any", "sar ADC"}
    assert {
        *("programming error", "drift", "read noise", "write-verify error", "stuck in HRS", "IR drop")
    } <= {figure["quantity"] for figure in figures}


def test_the_file_holds_what_the_object_does(tmp_path):
    path = tmp_path / "some where" / "figures.csv"
    result = run("--samples", 1_000, "--device", "cmo-hfox", "--output", path, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["figures"]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{key: str(value) for key, value in figure.items()} for figure in figures]
    assert {row["at"] for row in rows if row["quantity"] == "drift"} == {"1h", "1d", "1y", "10y"}


def test_the_table_shows_law_and_model():
    result = run("--samples", 1_000, "--device", "hfox-milo2021")
    assert "4.325 uS" in result.stdout


def test_unknown_devices_are_refused():
    assert run("--device", "cmo").exit_code == 2
