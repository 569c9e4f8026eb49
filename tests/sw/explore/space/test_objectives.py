"""Objectives and wishes: what is read, what is picked, what is refused."""

import pytest

from sw.errors import EngramError
from sw.explore.outcome.rows import front_of
from sw.explore.space.objectives import OBJECTIVES, losses, objectives_named, reason_for, recommended, wish_of

ROWS = [
    {"accuracy_mean": 0.99, "energy_full_nj": 5.0, "area_mm2": 2.0},
    {"accuracy_mean": 0.98, "energy_full_nj": 3.0, "area_mm2": 2.0},
    {"accuracy_mean": 0.98, "energy_full_nj": 3.0, "area_mm2": 1.0},
    {"accuracy_mean": 0.90, "energy_full_nj": 1.0, "area_mm2": 1.0},
]


def test_losses_are_less_for_better_points():
    named = objectives_named("accuracy, area")
    assert losses(ROWS, list(named.values())).tolist() == [[-0.99, 2], [-0.98, 2], [-0.98, 1], [-0.9, 1]]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("accuracy>=0.98,min energy", 1),
        ("accuracy>=0.98,min energy,min area", 2),
        ("max accuracy", 0),
        ("min energy", 3),
        ("area<=1.5, energy <= 4, max accuracy", 2),
    ],
)
def test_the_best_within_the_bounds_is_picked(text, place):
    assert recommended(ROWS, wish_of(text)) == place


def test_the_reason_is_in_words():
    assert reason_for(ROWS, wish_of("accuracy>=0.98,min energy,max accuracy")) == (
        "the lowest energy_full_nj, then the highest accuracy_mean of 3 points with accuracy_mean >= 0.98"
    )
    assert reason_for(ROWS, wish_of("min area")) == "the lowest area_mm2 of 4 points"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy>=0.98", "must have an aim"),
        ("accuracy>0.98,min energy", "must be bounds and aims .* got 'accuracy>0.98'"),
        ("min speed", "unknown objective 'speed'; known: accuracy"),
        ("accuracy>=-,min energy", "a bound must be a number, got '-'"),
    ],
)
def test_wishes_that_are_refused(text, said):
    with pytest.raises(EngramError, match=said):
        wish_of(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy>=0.995,min energy", "no point has accuracy_mean >= 0.995, the best has 0.99"),
        ("area<=0.5,min energy", "no point has area_mm2 <= 0.5, the best has 1"),
        ("accuracy>=0.99,area<=1,min energy", "no point keeps all bounds at once"),
    ],
)
def test_wishes_that_no_point_fulfils(text, said):
    with pytest.raises(EngramError, match=said):
        recommended(ROWS, wish_of(text))


def test_what_does_not_fit_the_fpga_is_picked_only_for_other_reasons():
    luts = [{**row, "fpga_luts": 100, "fpga_fits": row["area_mm2"] > 1} for row in ROWS]
    assert recommended(luts, wish_of("min energy")) == 3
    assert recommended(luts, wish_of("min lut,min energy")) == 1
    assert "of 2 points" in reason_for(luts, wish_of("min lut"))
    assert front_of(number_of(luts), objectives_named("accuracy,energy")) == [0, 1, 3]
    assert front_of(number_of(luts), objectives_named("accuracy,energy,lut")) == [0, 1]
    with pytest.raises(EngramError, match=r"no point has accuracy_mean >= 0\.999"):
        recommended(luts, wish_of("accuracy>=0.999,min lut"))
    with pytest.raises(EngramError, match="no point fits the FPGA; take another --board"):
        recommended([{**row, "fpga_fits": False} for row in luts], wish_of("min lut"))


def number_of(rows):
    return [{"point": number, **row} for number, row in enumerate(rows)]


@pytest.mark.parametrize("text", ["speed", "", "accuracy,accuracy", "energy,energy_full"])
def test_objectives_that_are_refused(text):
    with pytest.raises(EngramError, match="--objectives"):
        objectives_named(text)


def test_energy_is_the_full_accounting():
    assert OBJECTIVES["energy"] == OBJECTIVES["energy_full"]
