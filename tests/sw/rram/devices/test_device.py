"""Device presets and what a Device refuses."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.devices.files import device_named
from sw.rram.devices.presets import DEVICES

CMO = DEVICES["cmo-hfox"]
MICRO = 1e-6


@pytest.mark.parametrize(
    ("name", "g_us", "sigma_us"),
    [
        ("ideal", 0, 0),
        ("ideal", 100, 0),
        ("cmo-hfox", 8, (11.29 * 8 + 11.2) / 1000),
        ("cmo-hfox", 90, (11.29 * 90 + 11.2) / 1000),
        ("cmo-hfox-fine", 90, (1.0687 * 90 + 0.811) / 1000),
        ("hfox-wan2022", 0, 1.053),
        ("hfox-wan2022", 40, 1.536e-4 * 64_000 - 1.167e-2 * 1_600 + 0.2374 * 40 + 1.053),
        ("hfox-milo2021", 50, 4.78 - 0.0091 * 50),
        ("hfox-milo2021", 225, 4.78 - 0.0091 * 225),
        ("sky130-reram", 0.1, 0.03),
        ("sky130-reram", 75, 22.5),
    ],
)
def test_error_law_is_the_published_one(name, g_us, sigma_us):
    got = DEVICES[name].sigma_siemens(np.array([g_us * MICRO]))
    np.testing.assert_allclose(got, sigma_us * MICRO, rtol=1e-12)


def test_presets_are_listed_under_their_names_and_cite_a_source():
    names = ["ideal", "cmo-hfox", "cmo-hfox-fine", "hfox-wan2022", "hfox-milo2021", "sky130-reram"]
    assert list(DEVICES) == names
    for name, device in DEVICES.items():
        assert device.name == name
        assert device.source
        assert device_named(name) is device


def test_the_open_reram_of_sky130():
    device = DEVICES["sky130-reram"]
    low, high = (device.g_lrs_siemens + sigmas * 22.5e-6 for sigmas in (-2, 2))
    assert (low, high) == pytest.approx((30e-6, 120e-6))
    assert device.g_lrs_siemens + device.headroom_siemens == pytest.approx(high)
    # of 10,000 devices 727 do not form; of 9,273 that do, 850 do not reset; of 8,423 that do, 215 do not set
    assert device.p_stuck_hrs == pytest.approx(0.0727 + 0.0215, abs=1e-4)
    assert device.p_stuck_lrs == pytest.approx(0.0850, abs=1e-4)
    for law in ("retention", "read_noise", "pulses", "endurance", "measured"):
        assert getattr(device, law) is None
    assert "without write-verify, retention, read noise and endurance" in device.source


def test_unknown_preset_lists_the_known_ones():
    with pytest.raises(EngramError) as refusal:
        device_named("cmo")
    assert str(refusal.value) == (
        "device must be one of ideal, cmo-hfox, cmo-hfox-fine, hfox-wan2022, hfox-milo2021, sky130-reram, "
        "or a *.toml or *.csv file, got 'cmo'"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"g_hrs_siemens": 1e-6},
            "g_hrs_siemens must lie within 8e-06 to 9e-05, the range of arXiv 2502.04524 "
            "(CMO/HfOx, write-verify with 2 % acceptance), got 1e-06",
        ),
        (
            {"g_lrs_siemens": 2e-4},
            "g_lrs_siemens must lie within 8e-06 to 9e-05, the range of arXiv 2502.04524 "
            "(CMO/HfOx, write-verify with 2 % acceptance), got 0.0002",
        ),
        (
            {"g_hrs_siemens": 50e-6, "g_lrs_siemens": 40e-6},
            "g_hrs_siemens must be below g_lrs_siemens, got 5e-05 and 4e-05",
        ),
        (
            {"error_polynomial": None},
            "either error_polynomial or measured conductances must be given, got none",
        ),
        (
            {"p_stuck_hrs": 0.6, "p_stuck_lrs": 0.5},
            "p_stuck_hrs + p_stuck_lrs must be at most 1, got 0.6 + 0.5",
        ),
        ({"p_stuck_hrs": -0.1}, "p_stuck_hrs: Input should be greater than or equal to 0, got -0.1"),
        ({"p_stuck_lrs": 1.5}, "p_stuck_lrs: Input should be less than or equal to 1, got 1.5"),
        ({"p_stuck_lrs": float("nan")}, "p_stuck_lrs: Input should be a finite number, got nan"),
        (
            {"error_polynomial": (0.5, -0.01)},
            "error_polynomial must not be negative within the window, got (0.5, -0.01)",
        ),
    ],
)
def test_values_out_of_range_are_refused_by_name(changes, message):
    with pytest.raises(EngramError) as refusal:
        CMO.with_(**changes)
    assert str(refusal.value) == f"device 'cmo-hfox': {message}"


def test_targets_outside_the_window_are_refused():
    with pytest.raises(EngramError, match=r"g_siemens must lie within 8e-06 to 9e-05, got 1e-06 to 0\.0001"):
        CMO.sigma_siemens(np.array([1e-6, 100e-6]))
