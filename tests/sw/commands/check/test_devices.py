"""``engram check devices``: the models against their laws, as JSON, table and file."""

import csv
import json

import typer
from typer.testing import CliRunner

from sw.commands.check.devices import check_devices
from sw.rram.devices.files import EXAMPLE


def run(*arguments):
    application = typer.Typer()
    application.command()(check_devices)
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


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
