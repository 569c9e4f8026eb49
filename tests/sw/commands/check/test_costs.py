"""``engram check costs``: figures as JSON and as a table, macros of the user, and files that are refused."""

import json

import pytest
import typer
from typer.testing import CliRunner

from sw.commands.check.costs import check_costs
from sw.energy.macros.macro import FOLDER, MACROS


def run(*arguments):
    application = typer.Typer()
    application.command()(check_costs)
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


def test_all_macros_are_compared():
    result = run("--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["figures"]
    assert {each["macro"] for each in figures} == set(MACROS)
    keys = {"macro", "figure", "unit", "published", "modelled", "ratio", "fitted"}
    assert all(set(each) == keys for each in figures)
    assert all(each["ratio"] == each["modelled"] / each["published"] for each in figures)
    assert {each["fitted"] for each in figures} == {True, False}


def test_the_table_tells_fitted_from_predicted():
    result = run("--macro", "neurram", "--macro", "neurram")
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if "efficiency" in line]
    assert len(lines) == 8
    fitted = [line for line in lines if "fitted" in line]
    assert len(fitted) == 2
    assert all("3/1" in line or "8/6" in line for line in fitted)
    assert "neurram: leakage, clock and references" in result.stderr


@pytest.fixture
def mine(tmp_path):
    def file(old, new):
        path = tmp_path / "mine.toml"
        text = (FOLDER / "tcam-pcm.toml").read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return file


def test_a_macro_of_the_user(mine):
    result = run("--macro", mine("value = 0.41", "value = 0.82"), "--json")
    assert result.exit_code == 0, result.output
    figures = {each["figure"]: each for each in json.loads(result.stdout)["figures"]}
    assert figures["cell"]["macro"] == "mine"
    assert figures["cell"]["ratio"] == pytest.approx(2)


def test_a_macro_without_a_chip_has_nothing_to_compare(mine):
    text = (FOLDER / "tcam-pcm.toml").read_text(encoding="utf-8")
    bare = (
        text[: text.index("[[measured]]")].replace('points = ["cell"]', "").replace('points = ["search"]', "")
    )
    path = mine("value = 0.41", "value = 0.41")
    path.write_text(bare, encoding="utf-8")
    result = run("--macro", path, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"figures": []}
    assert "mine: nothing to compare" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "value = 0.41",
            "value = -0.41",
            "cell.area.value: Input should be greater than or equal to 0, got -0.41",
        ),
        ("[sense.step]", "[sense.steps]", "unknown key 'steps' in [sense]"),
    ],
)
def test_a_bad_macro_is_one_line(mine, old, new, said):
    result = run("--macro", mine(old, new))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
