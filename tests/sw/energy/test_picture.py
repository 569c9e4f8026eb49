"""The energy picture: its bars are the numbers, and it is drawn."""

import pytest
from matplotlib import image

from sw.energy import picture as energy_pictures
from sw.energy.accounting import Energy
from sw.energy.measured_silicon import Silicon
from sw.errors import EngramError

ENERGY = Energy(
    paper={"frontend": 90.0, "backend": 1.5},
    full={"macs": 4.0, "weight_memory": 1.0, "activation_memory": 8.0, "activations": 1.0}
    | {"frontend_controller": 1.0, "cells": 2.0, "adc": 3.0},
    dense_paper=7.8,
    dense_full={"macs": 2.0, "weight_memory": 9.0},
)


@pytest.fixture
def drawn(monkeypatch):
    """Figures in place of files."""
    figures = []
    monkeypatch.setattr(energy_pictures, "write_figure", lambda figure, path: figures.append(figure))
    return figures


def test_bars_are_the_parts(tmp_path, drawn):
    energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png")
    totals, parts = drawn[0].axes
    ends = [bar.get_x() + bar.get_width() for bar in totals.patches]
    assert ends == [90.0, 91.5, 90.0, 97.8, 15.0, 20.0, 15.0, 26.0]
    widths = [bar.get_width() for bar in parts.patches]
    assert widths == [*ENERGY.full.values(), *ENERGY.dense_full.values()]
    names = [label.get_text() for label in parts.get_yticklabels()]
    assert (names[0], names[6], names[-1]) == ("MACs", "ADC", "dense: weight memory")


def test_chips_of_others_stand_below_the_modelled_ones(tmp_path, drawn):
    chip = Silicon("name", "65 nm", 0.9742, 8.6, "", "")
    energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png", [chip])
    totals = drawn[0].axes[0]
    assert totals.patches[-1].get_width() == chip.energy_nj
    assert totals.get_yticklabels()[-1].get_text() == "measured: name, 65 nm"
    assert totals.texts[-1].get_text() == "8.6 nJ at 97.42%"


def test_the_picture_is_written(tmp_path):
    energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png")
    assert image.imread(tmp_path / "energy.png")[..., :3].std() > 0.05
    with pytest.raises(EngramError, match=r"energy\.png"):
        energy_pictures.draw_energy(ENERGY, "title", tmp_path / "energy.png" / "below.png")
