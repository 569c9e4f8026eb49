"""``engram check lines``."""

import json

import pytest
import typer
from typer.testing import CliRunner

from sw.commands.check import lines as module
from sw.commands.check.lines import check_lines, solve

runner = CliRunner()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(module, "SIZES", ((6, 4), (5, 7)))


def run(*arguments):
    application = typer.Typer()
    application.command()(check_lines)
    return runner.invoke(application, list(arguments))


def test_every_size_and_resistance_is_solved_and_exact():
    result = run("--queries", "20", "--compared", "5", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["queries"] == 20
    assert [(one["rows"], one["cols"], one["segment_ohms"]) for one in found["crossbars"]] == [
        (rows, cols, ohms) for rows, cols in module.SIZES for ohms in module.SEGMENT_OHMS
    ]
    assert max(one["error"] for one in found["crossbars"]) < 1e-9


def test_table_names_every_crossbar():
    shown = run("--queries", "3", "--compared", "1").stdout
    assert "6 x 4" in shown and "5 x 7" in shown and "2.5" in shown


def test_longer_lines_lose_more_current():
    few, many = (solve(rows, 4, 2.5, queries=4, compared=1, seed=0).drop for rows in (4, 40))
    assert 0 < few < many < 1
