"""Many chips: each is the reference with that chip programmed, on one process and on several."""

import os
import signal

import numpy as np
import pytest

from sw.errors import EngramError
from sw.evaluation.chips import Chips
from sw.reference import pipeline
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

DEVICE = DEVICES["cmo-hfox"].with_(p_stuck_hrs=0.2)
CONDITIONS = Conditions()
BUNDLE = random_bundle(tiny_design(templates_per_class=2), 1)
LEVELS = random_levels(BUNDLE.design, 200, 2)
TRUTH = np.random.default_rng(3).integers(0, 3, 200)


def chips_on(jobs, seed=4):
    return Chips(BUNDLE, LEVELS, TRUTH, seed=seed, jobs=jobs)


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_chip_is_the_reference_with_that_chip_programmed(jobs):
    heard = []
    with chips_on(jobs) as run:
        got = run.accuracies(DEVICE, CONDITIONS, 5, heard.append)
        answers = [run.labels(DEVICE, CONDITIONS, chip) for chip in range(5)]
    for chip, labels in enumerate(answers):
        programmed = program(BUNDLE, DEVICE, CONDITIONS, seed=4, chip=chip)
        np.testing.assert_array_equal(labels, pipeline.classify(programmed, LEVELS))
        assert got[chip] == np.mean(labels == TRUTH)
    assert len(set(got)) > 1
    assert sum(heard) == 5


def test_fewer_chips_are_the_first_ones():
    with chips_on(1) as run:
        many, few = (run.accuracies(DEVICE, CONDITIONS, chips) for chips in (6, 2))
    assert many[:2].tolist() == few.tolist()


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_cannot_be_programmed_is_one_line(jobs):
    device = DEVICE.with_(g_hrs_siemens=85e-6)
    with chips_on(jobs) as run, pytest.raises(EngramError, match="cell_bits must be large enough"):
        run.accuracies(device, CONDITIONS.with_(cell_bits=1), 3)


def test_a_process_that_is_ended_from_outside_is_one_line():
    with chips_on(2) as run:
        os.kill(next(iter(run._pool._pool._processes)), signal.SIGKILL)
        with pytest.raises(EngramError, match="one was; if memory ran out, use fewer --jobs"):
            run.accuracies(DEVICE, CONDITIONS, 50)
