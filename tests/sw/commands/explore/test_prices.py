"""engram explore: by which prices points are found, and how a point and what it pays for are explained."""

import json
import re

import pytest

from sw.energy.macros.macro import FOLDER
from sw.explore.outcome.results import read_results
from tests.helpers.commands import run
from tests.helpers.explorations import QUICK, SIZES, explored

pytest.importorskip("optuna")


def test_a_macro_prices_the_points_and_changes_no_accuracy(tiny):
    sizes = ("--rows", "8", "--cols", "4", "--adc-bits", "2,4", "--cell-bits", "4")
    explored(*sizes, "-o", "plain")
    _, err = explored(*sizes, "--macro", "neurram", "-o", "priced")
    assert "0 computed, 4 kept" in err
    plain, priced = read_results(tiny / "plain"), read_results(tiny / "priced")
    assert plain.digest != priced.digest
    assert " --macro neurram " in priced.command
    for before, after in zip(plain.rows, priced.rows, strict=True):
        assert before["accuracy_mean"] == after["accuracy_mean"]
        assert before["energy_paper_nj"] == after["energy_paper_nj"]
        assert before["energy_full_nj"] != after["energy_full_nj"]
    assert {"area_drivers_mm2", "area_control_mm2", "energy_array_control_nj"} <= set(priced.rows[0])


def test_a_point_is_explained_by_number_and_by_values(tiny):
    explored(*SIZES, "-o", "e")
    out, _ = explored(*SIZES, "-o", "e", "--explain", "3", "--p-stuck-hrs", "0")
    assert "limited most by" in out
    by_number = json.loads((tiny / "e" / "explain.json").read_text())
    values = "rows=6,cols=3,cols_per_adc=1,adc_bits=4,cell_bits=4"
    explored(*SIZES, "-o", "e", "--explain", values)
    by_values = json.loads((tiny / "e" / "explain.json").read_text())
    assert by_values["rows"] == by_number["rows"]
    names = [row["without"] for row in by_values["rows"]]
    assert names == ["nothing", "programming", "adc_resolution", "cell_resolution", "all", "templates"]
    nothing = by_values["rows"][0]["accuracy_mean"]
    assert nothing == read_results(tiny / "e").row(3)["accuracy_mean"]
    for row in by_values["rows"][:-1]:
        assert row["cost"] == pytest.approx(row["accuracy_mean"] - nothing)


def test_what_a_point_pays_for_is_explained(tiny):
    explored(*SIZES, "-o", "e", "--macro", "acam-9t4r")
    out, _ = explored(*SIZES, "-o", "e", "--explain", "3", "--macro", "acam-9t4r")
    costs = json.loads((tiny / "e" / "explain.json").read_text(encoding="utf-8"))["costs"]
    point, found = read_results(tiny / "e").row(3), read_results(tiny / "e").rows
    assert sum(row["share"] for row in costs["energy"]) == pytest.approx(1)
    energies = [row["energy_nj"] for row in costs["energy"]]
    assert energies == sorted(energies, reverse=True)
    first, behind = costs["largest"]
    assert first["part"] == costs["energy"][0]["part"]
    assert point[f"energy_{first['part']}_nj"] == energies[0]
    assert first["shrinks"] == []
    assert f"no size of the array makes it smaller; {first['advice']}" in out
    assert behind["part"] == "adc"
    sizes = ("rows", "cols", "cols_per_adc", "adc_bits", "cell_bits")
    compared = 0
    for row in behind["shrinks"]:
        assert row["part_nj"] < point["energy_adc_nj"]
        moved = {axis: point[axis] for axis in sizes} | {row["axis"]: row["value"]}
        alike = [other for other in found if all(other[axis] == moved[axis] for axis in sizes)]
        for other in alike:  # a value of the space; the others are its halves and doubles
            assert other["energy_full_nj"] == row["energy_full_nj"]
            assert other["energy_adc_nj"] == row["part_nj"]
            compared += 1
    assert compared >= 1
    assert "adc_bits" in {row["axis"] for row in behind["shrinks"]}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("--macro", "neurram"), (), "priced with --macro neurram, got no --macro; give the same"),
        ((), ("--macro", "neurram"), "priced with no --macro, got --macro neurram; give the same"),
    ],
)
def test_a_point_is_explained_with_the_prices_that_it_was_found_with(tiny, before, after, said):
    sizes = ("--rows", "6", "--cols", "3", "--cols-per-adc", "1", "--adc-bits", "4", "--cell-bits", "4")
    explored(*sizes, "-o", "e", *before)
    code, out, err = run("explore", "tiny.engram", *QUICK, *sizes, "-o", "e", "--explain", "0", *after)
    assert (code, out) == (2, "")
    assert f"the points in e were {said}" in err
    explored(*sizes, "-o", "e", "--explain", "0", *before)


def test_a_macro_without_any_time_is_refused_before_the_first_point(tiny):
    text = (FOLDER / "neurram.toml").read_text(encoding="utf-8")
    for name in ("step", "sample", "decision"):
        text = re.sub(rf"(\[sense\.{name}\]\nvalue = )[0-9.]+", r"\g<1>0", text)
    (tiny / "mine.toml").write_text(text, encoding="utf-8")
    code, out, err = run("explore", "tiny.engram", *QUICK, "--macro", "mine.toml")
    assert (code, out) == (2, "")
    assert "--macro must have a time to explore with, but step, sample and decision in [sense] of mine" in err
