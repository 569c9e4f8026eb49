"""Drift to a read time against the published law."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.devices.presets import DEVICES
from sw.rram.laws.retention import TEN_YEARS_SECONDS, Retention, drifted

SAMPLES = 1_000_000
LAW = DEVICES["cmo-hfox"].retention
HOT = LAW.model_copy(update={"activation_energy_ev": 1.0, "reference_kelvin": 300.0})


@pytest.mark.parametrize("seconds", [1, 3_600, 86_400, TEN_YEARS_SECONDS])
def test_mean_and_spread_are_the_published_ones(seconds):
    start = np.full(SAMPLES, 50e-6)
    shift = 1e6 * (drifted(start, LAW, seconds, np.random.default_rng(1)) - start)
    sigma = 0.042 * np.log(seconds) + 0.412
    assert abs(shift.mean() + 0.089 * np.log(seconds)) < 5 * sigma / SAMPLES**0.5
    assert abs(shift.std() - sigma) < 5 * sigma / (2 * SAMPLES) ** 0.5


def test_a_device_keeps_its_place_in_the_distribution():
    start = np.full(1_000, 50e-6)
    early, late = (drifted(start, LAW, seconds, np.random.default_rng(1)) for seconds in (10, 1e6))
    np.testing.assert_array_equal(np.argsort(early), np.argsort(late))
    mean, sigma = LAW.moments(10)
    np.testing.assert_allclose(
        (early - start - mean) / sigma, np.random.default_rng(1).standard_normal(1_000)
    )


def test_conductances_never_fall_below_zero():
    assert drifted(np.zeros(1_000), LAW, 1e6, np.random.default_rng(1)).min() == 0


def test_heat_speeds_time_up_by_arrhenius():
    factor = np.exp(1.0 / 8.617333262e-5 * (1 / 300 - 1 / 350))
    assert HOT.equivalent_seconds(100, 350) == pytest.approx(100 * factor)
    assert HOT.equivalent_seconds(100, 300) == HOT.equivalent_seconds(100, None) == 100
    assert HOT.equivalent_seconds(1e6, 290) < 1e6


@pytest.mark.parametrize(
    ("law", "seconds", "kelvin", "message"),
    [
        (LAW, 0.5, None, "read_time_seconds must lie within 1 to 3.15576e\\+08, .*, got 0.5$"),
        (LAW, 10, 350, "temperature_kelvin needs a retention law with an activation energy, got 350; add"),
        (HOT, 1e7, 500, "read_time_seconds must lie within .*, got 1e\\+07, 5.*e\\+13 s at the law's 300 K$"),
        (HOT, 10, 250, "got 10, 0.00.* s at the law's 300 K$"),
    ],
)
def test_what_the_law_does_not_cover_is_refused(law, seconds, kelvin, message):
    with pytest.raises(EngramError, match=message):
        law.equivalent_seconds(seconds, kelvin)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"valid_from_seconds": 10, "valid_to_seconds": 5}, "valid_from_seconds must be at most valid_to"),
        ({"activation_energy_ev": 1.0}, "activation_energy_ev and reference_kelvin must be given together"),
        ({"sigma_siemens_per_ln_second": -0.1e-6}, "must not be negative, got -1.5.* at 3.15576e\\+08 s"),
    ],
)
def test_laws_that_contradict_themselves_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Retention(**{**LAW.model_dump(), **changes})
