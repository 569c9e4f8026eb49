"""Chips in training: they are those of evaluation, and what they add to the scores is in matches."""

import numpy as np
import pytest
import torch

from sw.noise_aware import TrainingChips
from sw.rram.conditions import Conditions
from sw.rram.converters import AdcModel
from sw.rram.presets import DEVICES
from sw.rram.programming import program
from tests.bundles import random_bundle, tiny_design

DEVICE = DEVICES["cmo-hfox"].with_(p_stuck_hrs=0.1, p_stuck_lrs=0.05)
CONDITIONS = Conditions(read_time_seconds=86_400.0, read_noise=True, adc=AdcModel(bits=6, gain_sigma=0.02))


@pytest.mark.parametrize("changes", [{}, {"thresholds_per_feature": 3, "templates_per_class": 2}])
def test_a_chip_of_training_is_the_one_that_evaluation_programs(changes):
    bundle = random_bundle(tiny_design(**changes), 1)
    chips = TrainingChips(bundle.design, DEVICE, CONDITIONS, seed=4)
    chips.program(bundle.templates, 2)
    want = program(bundle, DEVICE, CONDITIONS, seed=4, chip=2)
    assert np.array_equal(chips._chip.codes, want.codes)
    assert np.array_equal(chips._chip.adc.gain, want.adc.gain)
    assert np.array_equal(chips._chip.read_noise.scale, want.read_noise.scale)


def test_scores_differ_by_little_on_a_good_chip_and_by_more_on_a_bad_one():
    bundle = random_bundle(tiny_design(thresholds_per_feature=3), 1)
    bits = torch.randint(
        0, 2, (50, bundle.design.features), generator=torch.Generator().manual_seed(0)
    ).float()
    spread = []
    for share in (0.0, 0.3):
        device = DEVICES["cmo-hfox"].with_(p_stuck_hrs=share)
        chips = TrainingChips(bundle.design, device, Conditions(cell_bits=8, adc=AdcModel(bits=None)), seed=0)
        chips.program(bundle.templates, 0)
        error = chips.error(bits)
        assert error.shape == (50, bundle.design.templates)
        assert abs(float(error.mean())) < 1e-3
        spread.append(float(error.std()))
    assert spread[0] < 0.5
    assert spread[1] > 2 * spread[0]
