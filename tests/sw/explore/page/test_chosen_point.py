"""The recommended point and why."""

from dataclasses import replace

from sw.explore.outcome.results import Exploration
from sw.explore.page.chosen_point import choice_of
from tests.helpers.explorations import exploration, with_rows

FOUND = exploration()


def wished(wish: str, point: int) -> Exploration:
    return replace(FOUND, recommended={"wish": wish, "point": point})


def test_a_wish_is_explained():
    within = [row for row in FOUND.rows if row["accuracy_mean"] >= 0.98]
    best = min(within, key=lambda row: row["energy_full_nj"])
    equal = sum(row["energy_full_nj"] == best["energy_full_nj"] for row in within) - 1
    assert 0 < len(within) < 18 and equal == 1
    choice = choice_of(wished("accuracy>=0.98,min energy", best["point"]))
    assert (choice.point, choice.wish) == (best["point"], "accuracy>=0.98,min energy")
    assert choice.reasons == (
        f"{len(within)} of 18 points have accuracy at least 98.00 %.",
        f"Among them this one has the lowest energy: {best['energy_full_nj']:.4g} nJ.",
        "1 other has the same; this is the first of them.",
    )


def test_a_wish_without_bounds_and_with_two_aims():
    choice = choice_of(wished("min latency,max accuracy", 0))
    assert choice.reasons == (
        "Of all 18 points this one has the lowest latency: 40 ns.",
        "5 others have the same; between them the highest accuracy decided.",
    )


def test_a_wish_that_cannot_be_read_is_quoted():
    assert choice_of(wished("<b>", 3)).reasons == ("It was asked for with --recommend '<b>'.",)


def test_without_a_wish_the_compromise_is_nearest_to_the_best_of_everything():
    rows = [
        {"point": 7, "accuracy_mean": 0.99, "energy_full_nj": 50.0},
        {"point": 8, "accuracy_mean": 0.98, "energy_full_nj": 20.0},
        {"point": 9, "accuracy_mean": 0.90, "energy_full_nj": 10.0},
    ]
    choice = choice_of(with_rows(FOUND, rows, "accuracy", "energy"))
    assert (choice.point, choice.wish) == (8, None)
    assert choice.rivals == {"accuracy": 7, "energy": 9}
    assert "Of the 3 points" in choice.reasons[0] and "accuracy and energy" in choice.reasons[0]


def test_one_objective_one_point_and_none():
    one = choice_of(with_rows(FOUND, FOUND.rows, "accuracy"))
    assert FOUND.rows[one.point]["accuracy_mean"] == max(row["accuracy_mean"] for row in FOUND.rows)
    assert one.rivals == {}
    assert choice_of(with_rows(FOUND, FOUND.rows[:1])).reasons == ("It is the only point of the front.",)
    assert choice_of(with_rows(FOUND, [])) is None
