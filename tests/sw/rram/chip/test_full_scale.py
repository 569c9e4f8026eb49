"""Full scale from validation data: candidates by hand, choice by accuracy, what asks for none."""

from itertools import pairwise

import numpy as np
import pytest

from sw.reference.pipeline import classify
from sw.rram.adc.converters import FullScale
from sw.rram.chip.full_scale import candidates, with_chosen_full_scale
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

IDEAL = DEVICES["ideal"]
CMO = DEVICES["cmo-hfox"]


def auto(**changes):
    return Conditions().with_(adc={"full_scale": "auto", **changes})


@pytest.fixture
def bundle():
    return random_bundle(tiny_design(), 1)


@pytest.fixture(scope="module")
def task():
    """Templates of 200 cells, noisy copies of them with 40 % of the bits wrong, and their classes."""
    bundle = random_bundle(tiny_design(height=10, width=20, layers=(), classes=8, rows=50), 1)
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 8, 2_000)
    return bundle, bundle.templates[truth] ^ (rng.random((2_000, 200)) < 0.4), truth


def test_candidates_by_hand():
    """Row tiles of 8, 8 and 2 rows; each line's currents count 0 to 4, 2 to 6 and 0 to 1 matches."""
    counts = np.stack([np.arange(5), np.arange(2, 7), [0, 0, 0, 1, 1]], axis=1)
    currents = np.repeat(counts[:, :, np.newaxis], 3, axis=2) * 15
    got = candidates(currents, tiny_design(cell_bits=4, adc_bits=3), IDEAL)
    assert got[0] == FullScale(lowest=(0, 0, 0), span=8)
    assert got[1] == FullScale(lowest=(0, 2, 0), span=4)
    assert all(first.span >= second.span for first, second in pairwise(got))
    assert FullScale(lowest=(2, 4, 0), span=2) in got
    assert min(candidate.span for candidate in got) >= 1


@pytest.mark.parametrize("adc_bits", [2, 3])
def test_few_bits_go_further(task, adc_bits):
    bundle, levels, truth = task
    chosen = with_chosen_full_scale(bundle, CMO, auto(bits=adc_bits), levels[:1_000], truth[:1_000], seed=1)
    assert isinstance(chosen.adc.full_scale, FullScale)
    shares = [
        np.mean(classify(program(bundle, CMO, conditions, seed=1, chip=1), levels[1_000:]) == truth[1_000:])
        for conditions in (Conditions().with_(adc={"bits": adc_bits}), chosen)
    ]
    assert shares[1] > shares[0] + 0.02


def test_the_widest_of_equals_is_taken(task):
    """No answer is right with any range."""
    bundle, levels, _ = task
    truth = np.full(len(levels), 9)
    chosen = with_chosen_full_scale(bundle, CMO, auto(bits=8), levels, truth, seed=1)
    assert chosen.adc.full_scale == FullScale(lowest=(0,) * 4, span=50)


def test_only_the_range_is_changed(bundle):
    levels = random_levels(bundle.design, 20, 1)
    given = auto(bits=5, gain_sigma=0.01).with_(read_noise=True, coping={"polarity": True})
    chosen = with_chosen_full_scale(bundle, CMO, given, levels, np.zeros(20, np.int64), seed=1)
    nominal = {"full_scale": "nominal"}
    assert chosen.with_(adc=chosen.adc.model_dump() | nominal) == given.with_(
        adc=given.adc.model_dump() | nominal
    )


@pytest.mark.parametrize("conditions", [Conditions(), auto(bits=None)], ids=["nominal", "ideal ADC"])
def test_what_asks_for_no_choice_is_left_as_it_is(bundle, conditions):
    levels = random_levels(bundle.design, 5, 1)
    assert with_chosen_full_scale(bundle, CMO, conditions, levels, np.zeros(5), seed=1) is conditions


def test_window_cells_choose_too():
    bundle = random_bundle(tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4), 1)
    levels = random_levels(bundle.design, 50, 1)
    truth = classify(bundle, levels)
    chosen = with_chosen_full_scale(bundle, CMO, auto(bits=3), levels, truth, seed=1)
    assert program(bundle, CMO, chosen, seed=1).array.adc.gain.size
