"""Pictures of explorations: what they show is tested on numbers, that they are drawn on pixels."""

from dataclasses import replace

import pytest
from matplotlib import image

from sw.errors import EngramError
from sw.explore.page import pictures
from sw.explore.page.views import energy_parts
from tests.helpers.explorations import exploration, with_rows

FOUND = exploration()


@pytest.fixture
def figures(monkeypatch, tmp_path):
    """Draws an exploration and gives the figures by file name."""
    drawn = {}
    monkeypatch.setattr(pictures, "write_figure", lambda figure, path: drawn.update({path.name: figure}))

    def draw(found):
        assert pictures.draw_exploration(found, tmp_path) == [tmp_path / name for name in pictures.PICTURES]
        return drawn

    return draw


def offsets(scatter):
    return [tuple(pair) for pair in scatter.get_offsets().tolist()]


def test_dots_are_the_points(figures):
    energy, latency = figures(FOUND)["pareto.png"].axes
    for axes, column in ((energy, "energy_full_nj"), (latency, "latency_ns")):
        others, front, chosen = (offsets(drawn) for drawn in axes.collections)
        places = {
            point: (FOUND.row(point)[column], 100 * FOUND.row(point)["accuracy_mean"]) for point in range(18)
        }
        assert front == [places[point] for point in sorted(FOUND.front)]
        assert others == [places[point] for point in range(18) if point not in FOUND.front]
        assert len(chosen) == 1 and chosen[0] in front
    assert energy.get_ylabel() == "accuracy, mean of the chips, %"
    assert latency.get_xlabel() == "latency of the array, ns"


def test_the_recommended_point_is_in_view_however_far_below(figures):
    worst = min(FOUND.rows, key=lambda row: row["accuracy_mean"])
    found = replace(FOUND, recommended={"wish": "min energy", "point": worst["point"]})
    energy, _ = figures(found)["pareto.png"].axes
    ((across, upright),) = offsets(energy.collections[2])
    assert upright == 100 * worst["accuracy_mean"]
    assert energy.get_ylim()[0] < upright and energy.get_xlim()[0] < across < energy.get_xlim()[1]


def test_a_curve_for_every_number_of_rows(figures):
    axes, *_ = figures(FOUND)["adc-bits.png"].axes
    assert [line.get_label() for line in axes.lines] == ["32 rows", "64 rows", "128 rows"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["4", "6", "ideal"]
    best = max(row["accuracy_mean"] for row in FOUND.rows if row["rows"] == 64 and row["adc_bits"] == 6)
    assert axes.lines[1].get_ydata()[1] == 100 * best


def test_bars_are_the_parts_of_the_energy(figures):
    whole, array = figures(FOUND)["energy.png"].axes
    names = [text.get_text() for text in whole.get_yticklabels()]
    assert [int(name.removeprefix("★ ")) for name in names] == FOUND.front
    assert sum(name.startswith("★") for name in names) == 1
    widths = [[bar.get_width() for bar in bars] for bars in whole.containers]
    for part, drawn in zip(("macs", "quantiser", "cells", "adc"), widths, strict=True):
        # a bar's width is the difference of its ends
        assert drawn == pytest.approx([energy_parts(FOUND.row(point))[part] for point in FOUND.front])
    assert [bars.get_label() for bars in array.containers] == ["quantiser", "cells", "ADC"]


def test_wide_ranges_are_logarithmic_and_accuracies_begin_at_the_better_ones(figures):
    rows = [{**row, "energy_full_nj": 10.0 ** row["point"]} for row in FOUND.rows]
    rows[5] = {**rows[5], "accuracy_mean": 0.1}
    energy, latency = figures(with_rows(FOUND, rows))["pareto.png"].axes
    assert (energy.get_xscale(), latency.get_xscale()) == ("log", "linear")
    assert energy.get_ylim()[0] > 50


@pytest.mark.parametrize(
    "found",
    [
        FOUND,
        exploration(finished=False, tested={}),
        exploration(bundles={"a <b> & 'c' \"d\" $x_1$ \\frac{": "0"}),
        with_rows(FOUND, FOUND.rows[:1]),
        with_rows(FOUND, FOUND.rows, "accuracy"),
        with_rows(FOUND, [{"point": 3, "accuracy_mean": 0.5}], "accuracy"),
        with_rows(FOUND, []),
    ],
    ids=[
        "whole",
        "interrupted",
        "strange name",
        "one point",
        "one objective",
        "nothing but accuracy",
        "empty",
    ],
)
def test_all_are_drawn(found, tmp_path):
    for path in pictures.draw_exploration(found, tmp_path):
        assert image.imread(path)[..., :3].std() > 0.02


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngramError, match="cannot write"):
        pictures.draw_exploration(FOUND, tmp_path / "file")
