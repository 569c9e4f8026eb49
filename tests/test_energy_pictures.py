"""The energy picture: its bars are the numbers, and it is drawn."""

import pytest
from matplotlib import image

from sw import energy_pictures
from sw.energy import Energy
from sw.errors import EngramError

ENERGY = Energy(
    paper={"frontend": 90.0, "backend": 1.5},
    full={"macs": 4.0, "weight_memory": 1.0, "activation_memory": 8.0, "activations": 1.0}
    | {"frontend_controller": 1.0, "cells": 2.0, "adc": 3.0},
    dense_paper=7.8,
    dense_full={"macs": 2.0, "weight_memory": 9.0},
)


def test_bars_are_the_parts(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(energy_pictures, "write_figure", lambda figure, path: drawn.append(figure))
    energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png")
    totals, parts = drawn[0].axes
    ends = [bar.get_x() + bar.get_width() for bar in totals.patches]
    assert ends == [90.0, 91.5, 90.0, 97.8, 15.0, 20.0, 15.0, 26.0]
    widths = [bar.get_width() for bar in parts.patches]
    assert widths == [*ENERGY.full.values(), *ENERGY.dense_full.values()]
    names = [label.get_text() for label in parts.get_yticklabels()]
    assert (names[0], names[6], names[-1]) == ("MACs", "ADC", "dense: weight memory")


def test_the_picture_is_written(tmp_path):
    energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png")
    assert image.imread(tmp_path / "energy.png")[..., :3].std() > 0.05
    with pytest.raises(EngramError, match=r"energy\.png"):
        energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png" / "below.png")
