"""Chips of training: no error without imperfections, and with them the one that evaluation would see."""

import warnings

import numpy as np
import pytest
import torch

from sw.design import Layer
from sw.reference import pipeline
from sw.rram.adc.converters import AdcModel
from sw.rram.chip.programming import program
from sw.rram.devices.presets import CMO_HFOX, IDEAL
from sw.rram.effects.conditions import Conditions
from sw.training.student.noise_aware import FIRST_CHIP, TrainingChips
from tests.helpers.bundles import random_bundle, random_templates
from tests.helpers.trainings import DESIGN, NOISE

pytestmark = pytest.mark.usefixtures("one_thread")
TEMPLATES = random_templates(np.random.default_rng(4), DESIGN)
IDEAL_ADC = AdcModel(bits=None)
COARSE_ADC = AdcModel(bits=5, gain_sigma=0.02, offset_sigma_lsb=0.5)


def random_bits(count, design=DESIGN, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 2, (count, design.features))).float()


def error_of(device, conditions, *, chip=0, seed=0, design=DESIGN, templates=TEMPLATES, bits=None):
    chips = TrainingChips(design, device, conditions, seed)
    chips.program(templates, chip)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return chips.error(random_bits(40, design) if bits is None else bits)


@pytest.mark.parametrize("cell_bits", [1, 4, 8])
@pytest.mark.parametrize("device", [IDEAL, CMO_HFOX.exact()], ids=["ideal", "exact programming"])
def test_a_perfect_chip_has_no_error(device, cell_bits):
    error = error_of(device, Conditions(cell_bits=cell_bits, adc=IDEAL_ADC))
    assert (error.dtype, error.shape) == (torch.float32, (40, DESIGN.templates))
    assert error.abs().max() < 1e-3  # of one match; the line is fitted in float32


def independent_error(design, device, conditions, templates, chip, seed, bits):
    """Another bundle of the design, programmed; the least-squares line in closed form."""
    bundle = random_bundle(design, 9).with_(templates=templates)
    programmed = program(bundle, device, conditions, seed=seed, chip=FIRST_CHIP + chip)
    levels = bits.numpy().astype(np.uint8)
    scores = pipeline.run_levels(programmed, levels).scores.astype(float)
    matches = (levels[:, None] == templates).sum(axis=2).astype(float)
    slope = ((scores - scores.mean()) * (matches - matches.mean())).mean() / scores.var()
    return slope * (scores - scores.mean()) + matches.mean() - matches


@pytest.mark.parametrize("adc", [IDEAL_ADC, AdcModel(), COARSE_ADC], ids=["ideal", "8 bits", "5 bits"])
@pytest.mark.parametrize("chip", [0, 3])
def test_error_is_that_of_evaluation_up_to_the_best_line(adc, chip):
    conditions = NOISE[1].with_(adc=adc)
    bits = random_bits(50, seed=chip)
    device = CMO_HFOX.with_(p_stuck_hrs=0.02, p_stuck_lrs=0.02)
    got = error_of(device, conditions, chip=chip, seed=6, bits=bits)
    want = independent_error(DESIGN, device, conditions, TEMPLATES, chip, 6, bits)
    assert np.allclose(got.numpy(), want, rtol=0, atol=2e-3)
    assert 0.1 < np.std(want) < 10
    assert abs(float(got.mean())) < 1e-3


def test_chips_differ_and_come_again():
    first, again, next_chip, other_seed = (
        error_of(*NOISE, chip=chip, seed=seed) for chip, seed in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, next_chip)
    assert not torch.equal(first, other_seed)


def test_templates_are_those_of_the_last_programming():
    chips = TrainingChips(DESIGN, IDEAL, Conditions(adc=IDEAL_ADC), 0)
    for templates in (TEMPLATES, 1 - TEMPLATES):
        chips.program(templates, 0)
        assert chips.error(random_bits(30)).abs().max() < 1e-3


def test_error_has_no_gradient():
    bits = random_bits(8).requires_grad_()
    assert not error_of(*NOISE, bits=bits).requires_grad


LAYERS = {
    "none": (),
    "pooled, binary, wide": (
        Layer(kind="conv3x3", out_channels=3, weight_bits=1, activation_bits=6),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="depthwise3x3", activation_bits=3),
        Layer(kind="pointwise1x1", out_channels=4, weight_bits=8),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_front_end_will_do(name):
    design = DESIGN.with_(layers=LAYERS[name])
    templates = random_templates(np.random.default_rng(1), design)
    bits = random_bits(20, design)
    got = error_of(*NOISE, design=design, templates=templates, bits=bits)
    want = independent_error(design, *NOISE, templates, 0, 0, bits)
    assert np.allclose(got.numpy(), want, rtol=0, atol=2e-3)
