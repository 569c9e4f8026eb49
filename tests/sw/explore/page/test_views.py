"""What page and pictures show, by hand."""

import pytest

from sw.explore.page import views
from tests.helpers.explorations import exploration, with_rows

FOUND = exploration()


def test_axes_with_several_values_or_else_all():
    assert views.varied_axes(FOUND) == ["rows", "adc_bits", "cell_bits"]
    one = exploration(axes={"rows": [32], "adc_bits": [4], "temperature": [1]})
    assert views.varied_axes(one) == ["rows", "adc_bits"]


def test_values_come_by_size_and_the_ideal_adc_last():
    assert views.ordered_values(FOUND, "adc_bits") == [4, 6, 0]
    assert views.ordered_values(with_rows(FOUND, FOUND.rows[::-1]), "rows") == [32, 64, 128]
    mixed = with_rows(FOUND, [{**FOUND.rows[0], "device": device} for device in ("b", "a", "b")])
    assert views.ordered_values(mixed, "device") == ["a", "b"]


def test_objectives_come_first_and_columns_without_numbers_never():
    assert views.numbers_in(FOUND)[:4] == ["accuracy_mean", "energy_full_nj", "latency_ns", "accuracy_p5"]
    holed = with_rows(FOUND, [*FOUND.rows[1:], {**FOUND.rows[0], "latency_ns": None}], "accuracy")
    assert "latency_ns" not in views.numbers_in(holed)
    assert views.numbers_in(with_rows(FOUND, [])) == []


def test_curves_have_the_most_accurate_point_of_every_pair():
    curves = views.accuracy_curves(FOUND)
    assert [[bits for bits, _ in line] for line in curves.values()] == [[4, 6, 0]] * 3
    for rows, line in curves.items():
        for bits, row in line:
            same = [each for each in FOUND.rows if (each["rows"], each["adc_bits"]) == (rows, bits)]
            assert len(same) == 2
            assert row["accuracy_mean"] == max(each["accuracy_mean"] for each in same)
    assert views.accuracy_curves(with_rows(FOUND, [])) == {}
    assert views.accuracy_curves(with_rows(FOUND, [{"point": 0, "accuracy_mean": 1.0}], "accuracy")) == {}


def test_energy_parts_are_the_full_accounting_with_the_front_end_first():
    row = {"energy_adc_nj": 1.0, "energy_macs_nj": 2.0, "energy_full_nj": 3.0, "energy_paper_nj": 9.0}
    assert list(views.energy_parts(row).items()) == [("macs", 2.0), ("adc", 1.0)]
    assert sum(views.energy_parts(FOUND.rows[0]).values()) == FOUND.rows[0]["energy_full_nj"]


@pytest.mark.parametrize(
    ("count", "most", "always", "expected"),
    [
        (3, 5, [], [0, 1, 2]),
        (9, 3, [], [0, 4, 8]),
        (9, 3, [4], [0, 4, 8]),
        (9, 3, [5], [5, 0, 4, 8]),
        (9, 1, [], [0]),
        (0, 3, [], []),
    ],
)
def test_spread(count, most, always, expected):
    assert views.spread(list(range(count)), most, always) == expected


def test_axes_of_shares_begin_where_the_better_ones_are():
    assert views.better_than([0.1, 0.9, 0.92, 0.94]) == pytest.approx(0.94 - 4 * 0.03)
    assert views.better_than([0.97, 0.98, 0.98]) == 0.97
    assert views.better_than([0.1, 0.98, 0.98, 0.98]) == pytest.approx(0.97)
