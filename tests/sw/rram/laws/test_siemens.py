"""Conductances: those of cells pass, other units do not."""

import pytest

from sw.errors import EngramError
from sw.rram.devices.device import Device
from sw.rram.devices.presets import CMO_HFOX
from sw.rram.laws.siemens import LEAST_LRS_SIEMENS, MOST_SIEMENS, unit_hint


def device(hrs, lrs, **more):
    return CMO_HFOX.with_(
        g_hrs_siemens=hrs, g_lrs_siemens=lrs, valid_from_siemens=None, valid_to_siemens=None, **more
    )


@pytest.mark.parametrize("window", [(0, LEAST_LRS_SIEMENS), (0.5e-3, MOST_SIEMENS)])
def test_what_a_cell_can_have_is_taken(window):
    got = device(*window)
    assert isinstance(got, Device) and (got.g_hrs_siemens, got.g_lrs_siemens) == window


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (
            (5e-6, 0.06),
            "g_lrs_siemens: a conductance of a cell must be at most 0.001 siemens, got 0.06; "
            "if 0.06 is in millisiemens, write 6e-05",
        ),
        ((5, 60), "g_hrs_siemens: a conductance of a cell must be at most 0.001 siemens, got 5"),
        ((-1e-6, 60e-6), "g_hrs_siemens: Input should be greater than or equal to 0, got -1e-06"),
        (
            (0, 60e-12),
            "g_lrs_siemens must be at least 1e-09, got 6e-11; values are in siemens, 60 uS is 6e-5",
        ),
        ((0, float("nan")), "g_lrs_siemens: Input should be a finite number, got nan"),
    ],
)
def test_other_units_are_refused(window, message):
    with pytest.raises(EngramError) as refusal:
        device(*window)
    assert message in str(refusal.value)


@pytest.mark.parametrize("name", ["headroom_siemens", "valid_to_siemens"])
def test_every_conductance_of_a_device_is_held_to_that(name):
    with pytest.raises(EngramError, match=f"{name}: a conductance of a cell must be at most"):
        CMO_HFOX.with_(**{name: 2e-3})


def test_the_drift_of_a_device_is_held_to_that():
    drift = {**dict(CMO_HFOX.retention), "shift_siemens_per_ln_second": -0.1}
    with pytest.raises(
        EngramError, match=r"retention\.shift_siemens_per_ln_second: a conductance of a cell must"
    ):
        CMO_HFOX.with_(retention=drift)


def test_hint_follows_the_size():
    assert unit_hint(0.005) == "if 0.005 is in millisiemens, write 5e-06"
    assert unit_hint(225) == "if 225 is in microsiemens, write 0.000225"
    assert unit_hint(25_000) == "if 25000 is in ohms, write 4e-05"
