"""Programming error against the laws of the devices."""

import numpy as np
import pytest

from sw.rram.devices.error import programmed_conductances
from sw.rram.devices.presets import DEVICES

SAMPLES = 1_000_000
CMO = DEVICES["cmo-hfox"]
WAN = DEVICES["hfox-wan2022"]


def errors(device, target, seed=1):
    targets = np.full(SAMPLES, target)
    return programmed_conductances(targets, device, np.random.default_rng(seed)) - target


@pytest.mark.parametrize("name", ["cmo-hfox", "cmo-hfox-fine", "hfox-milo2021"])
@pytest.mark.parametrize("share", [0, 0.4, 1])
def test_errors_are_normal_with_the_law_of_the_device(name, share):
    device = DEVICES[name]
    target = device.g_hrs_siemens + share * (device.g_lrs_siemens - device.g_hrs_siemens)
    deviates = errors(device, target) / device.sigma_siemens(np.array(target))
    assert abs(deviates.mean()) < 5 / SAMPLES**0.5
    assert abs(deviates.std() - 1) < 5 / (2 * SAMPLES) ** 0.5
    assert abs((np.abs(deviates) < 1).mean() - 0.682689) < 5 * 0.465 / SAMPLES**0.5


def test_conductances_never_fall_below_zero():
    got = errors(WAN, 0.0)
    assert got.min() == 0
    assert abs((got == 0).mean() - 0.5) < 5 * 0.5 / SAMPLES**0.5


def test_lognormal_hrs_has_the_moments_of_the_law_and_is_skewed():
    device = CMO.with_(error_polynomial=(4.0,), error_distribution="lognormal-hrs")
    low, high = errors(device, 8e-6), errors(device, 90e-6)
    for got in (low, high):
        assert abs(got.mean()) < 5 * 4e-6 / SAMPLES**0.5
    squared = np.log1p(0.5**2)
    kurtosis = np.exp(4 * squared) + 2 * np.exp(3 * squared) + 3 * np.exp(2 * squared) - 3
    assert abs(low.var() / 16e-12 - 1) < 5 * ((kurtosis - 1) / SAMPLES) ** 0.5
    logs = np.log((low + 8e-6) / 8e-6)
    assert abs(logs.std() - squared**0.5) < 5 * squared**0.5 / (2 * SAMPLES) ** 0.5
    assert abs(((high / 4e-6) ** 3).mean()) < 5 * (15 / SAMPLES) ** 0.5


def test_binary_targets_have_the_errors_that_the_law_gives_each():
    targets = np.array([8e-6, 90e-6, 90e-6])
    both = programmed_conductances(targets, CMO, np.random.default_rng(1))
    more = programmed_conductances(np.append(targets, 50e-6), CMO, np.random.default_rng(1))
    np.testing.assert_array_equal(both, more[:3])
