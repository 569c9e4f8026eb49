"""Macros beside their chips: which figures were fitted, and how the others are met."""

import numpy as np
import pytest

from sw.energy.macros.compare import compared
from sw.energy.macros.macro import MACROS, macro_named
from sw.energy.macros.price import schedule
from sw.errors import EngramError

NEURRAM = macro_named("neurram")
FIGURES = {each.figure: each for each in compared(NEURRAM)}
FIT = ("3/1 bits", "8/6 bits")


def published(what):
    """Figures of a part of NeuRRAM by operating point."""
    return {
        name.removeprefix(f"{what}, "): each.published
        for name, each in FIGURES.items()
        if name.startswith(f"{what}, ")
    }


def test_neurram_is_fitted_at_two_operating_points_only():
    for what in ("efficiency", "word lines", "neurons", "input pulses"):
        for at in published(what):
            assert FIGURES[f"{what}, {at}"].fitted == (at in FIT), (what, at)
    assert not any(each.fitted for name, each in FIGURES.items() if name.startswith("throughput"))


def test_neurram_is_predicted_within_15_percent():
    predicted = [each for each in FIGURES.values() if not each.fitted]
    assert len(predicted) == 26
    assert {each.figure: each.ratio for each in predicted if abs(each.ratio - 1) > 0.15} == {}


def test_the_fits_are_those_of_the_two_points():
    """The constants once more, from the published figures of those points alone."""
    once = [schedule(NEURRAM, 1, 3), schedule(NEURRAM, 6, 8)]
    values = [published("neurons")[at] for at in FIT]
    neuron = np.linalg.solve([[each.steps, each.decisions] for each in once], values) * 256
    assert neuron == pytest.approx([NEURRAM.sense.per_step.value, NEURRAM.sense.per_decision.value], rel=1e-3)
    for what, scale, value in (
        ("input pulses", 2, NEURRAM.cell.match.value),
        ("word lines", 256 / (48 + 256 * 2.1), NEURRAM.lines.swing.value),
    ):
        over = np.array([each.pulses / published(what)[at] for each, at in zip(once, FIT, strict=True)])
        assert over.sum() / (over @ over) * scale == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("name", MACROS)
def test_every_macro_carries_what_its_chip_measured(name):
    found = compared(macro_named(name))
    assert found
    for each in found:
        assert each.published > 0
        assert each.modelled > 0
        if each.fitted:
            assert each.ratio == pytest.approx(1, abs=0.11), each.figure


def test_what_is_predicted_beyond_neurram():
    ratios = {
        (each.macro, each.figure): each.ratio
        for name in MACROS
        for each in compared(macro_named(name))
        if not each.fitted and name != "neurram"
    }
    beyond = {key for key, ratio in ratios.items() if abs(ratio - 1) > 0.3}
    assert beyond == {("sky130-1t1r", "energy of an XOR")}
    assert len(ratios) == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": "pJ"}, "neurram: core must be in mm2, as area is, got pJ"),
        (
            {"quantity": "throughput", "unit": "TOPS"},
            "neurram: core must follow from constants that are not 0, they are",
        ),
    ],
)
def test_figures_that_cannot_be_compared(changes, said):
    sense = NEURRAM.sense
    none = {
        name: getattr(sense, name).model_copy(update={"value": 0.0})
        for name in ("step", "sample", "decision")
    }
    core = next(each for each in NEURRAM.measured if each.figure == "core")
    broken = NEURRAM.model_copy(
        update={"measured": (core.model_copy(update=changes),), "sense": sense.model_copy(update=none)}
    )
    with pytest.raises(EngramError, match=said):
        compared(broken)
