"""What a programmed chip remembers of how it was made."""

import pytest

from sw.bundle.file import from_bytes
from sw.rram.chip import programming
from sw.rram.devices.files import EXAMPLE, device_named
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, tiny_design

CMO = DEVICES["cmo-hfox"]
LARGE = tiny_design(height=28, width=28, layers=(), classes=10, rows=112, cols=32)


def chip(bundle, device=CMO, **changes):
    return programming.program(bundle, device, Conditions().with_(**changes), seed=1)


def test_write_verify_reports_what_it_took():
    programmed = chip(random_bundle(LARGE, 1), CMO.with_(p_stuck_hrs=0.01), write_verify=True, cell_bits=8)
    record = programmed.provenance.device
    stuck = record["stuck_hrs"]
    assert 0.4 * stuck < record["write_failures"] < 0.6 * stuck  # those that should have been LRS
    assert record["write_pulses_of_one_device"] == 255
    assert record["write_joules"] == pytest.approx((record["write_sets"] + record["write_resets"]) * 1e-12)
    assert min(record["write_sets"], record["write_resets"]) > programmed.array.codes.size
    assert from_bytes(programmed.to_bytes(), "chip").digest == programmed.digest


def test_records_hold_everything_that_is_not_a_default():
    programmed = chip(
        random_bundle(LARGE, 1),
        CMO.with_(p_broken_row=0.01),
        read_time_seconds=60,
        read_noise=True,
        match_line_ohms=1.5,
        adc={"bits": 6},
    )
    record = programmed.provenance.device
    more = {
        "p_broken_row": 0.01,
        "p_broken_col": 0.0,
        "adc.bits": 6,
        "read_time_seconds": 60.0,
        "read_noise": 1,
        "match_line_ohms": 1.5,
    }
    assert more.items() <= record.items()
    assert not [key for key in record if key.startswith(("device.", "write_"))]
    assert from_bytes(programmed.to_bytes(), "chip").digest == programmed.digest


def test_records_of_published_devices_at_default_conditions_stay_as_they_are():
    """Chips that people have programmed keep their digest."""
    assert list(chip(random_bundle(LARGE, 1)).provenance.device) == [
        "preset",
        "source",
        "seed",
        "chip",
        "g_hrs_siemens",
        "g_lrs_siemens",
        "p_stuck_hrs",
        "p_stuck_lrs",
        "stuck_hrs",
        "stuck_lrs",
        "cell_bits",
    ]


def test_records_of_other_devices_hold_all_their_parameters(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(EXAMPLE)
    record = chip(random_bundle(LARGE, 1), device_named(str(path))).provenance.device
    assert record["device.error_polynomial.1"] == 0.011
    assert record["device.retention.activation_energy_ev"] == 1.1
    assert record["device.read_noise.telegraph.p_trap"] == 0.05
    assert (
        chip(random_bundle(LARGE, 1), CMO.with_(error_polynomial=(0,))).provenance.device[
            "device.error_polynomial.0"
        ]
        == 0
    )
