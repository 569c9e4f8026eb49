"""Devices from files."""

import pytest

from sw.errors import EngramError
from sw.rram.devices.device import Device
from sw.rram.devices.files import EXAMPLE, device_named
from sw.rram.devices.presets import DEVICES

SMALL = "g_hrs_siemens = 5e-6\ng_lrs_siemens = 60e-6\nerror_polynomial = [0.1]\n"
CSV = "level,time_seconds,g_siemens\n0,1,1e-6\n1,1,5e-6\n"


@pytest.fixture
def named(tmp_path):
    def read(text):
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return device_named(str(path))

    return read


def test_the_example_is_a_device_and_has_every_key(named):
    device = named(EXAMPLE)
    assert device.name == "my-oxide"
    noise = device.read_noise
    assert set(Device.model_fields) - device.model_fields_set == {"measured"}
    for law in (device.retention, noise, noise.telegraph, device.pulses, device.endurance):
        assert set(type(law).model_fields) == law.model_fields_set


def test_the_window_and_the_error_are_enough(named):
    device = named(SMALL)
    assert (device.name, device.source) == ("mine", "mine.toml")
    assert device.valid_siemens == (5e-6, 60e-6)


def test_a_file_may_start_from_a_preset(named):
    device = named('like = "cmo-hfox"\ng_lrs_siemens = 70e-6\n[read_noise]\nsigma_of_window = 0.02\n')
    preset = DEVICES["cmo-hfox"]
    assert (device.g_hrs_siemens, device.g_lrs_siemens) == (8e-6, 70e-6)
    assert device.retention == preset.retention
    assert device.read_noise.sigma_of_window == 0.02
    assert device.source == f"mine.toml, like cmo-hfox: {preset.source}"
    hot = named('like = "cmo-hfox"\n[retention]\nactivation_energy_ev = 1.1\nreference_kelvin = 300\n')
    assert hot.retention.moments(60) == preset.retention.moments(60)
    assert hot.retention.activation_energy_ev == 1.1


def test_measured_conductances_give_the_window(named, tmp_path):
    (tmp_path / "cells.csv").write_text(CSV)
    device = device_named(str(tmp_path / "cells.csv"))
    assert (device.name, device.g_hrs_siemens, device.g_lrs_siemens) == ("cells", 1e-6, 5e-6)
    other = named('measured = "cells.csv"\np_stuck_hrs = 0.1\n')
    assert (other.name, other.g_lrs_siemens, other.p_stuck_hrs) == ("mine", 5e-6, 0.1)
    assert other.measured.sha256 == device.measured.sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SMALL + "g_lrs = 1\n", "{}: unknown key 'g_lrs'; known: like, name, g_hrs_siemens, g_lrs_siemens, "),
        (
            SMALL + "[endurance]\nonset_cycle = 1\n",
            "{}: unknown key 'onset_cycle' in [endurance]; known: onset_cycles, narrowing_per_decade, hrs_",
        ),
        (
            SMALL + "[read_noise]\nsigma_of_window = 0.1\n[read_noise.telegraph]\ntraps = 1\n",
            "{}: unknown key 'traps' in [telegraph]; known: p_trap, amplitude, p_captured, p_slow",
        ),
        (SMALL + "[pulses]\nmax_pulses = 9\n", "{}: acceptance must be given in [pulses], it is not"),
        ("g_hrs_siemens = 5e-6\nerror_polynomial = [0]\n", "{}: g_lrs_siemens must be given, it is not"),
        ("g_hrs_siemens = 1e-6\ng_lrs_siemens = 5e-6\n", "{}: either error_polynomial or measured"),
        (
            "g_hrs_siemens = 60e-6\ng_lrs_siemens = 5e-6\nerror_polynomial = [0.1]\n",
            "{}: g_hrs_siemens must be below g_lrs_siemens, got 6e-05 and 5e-06",
        ),
        (
            'like = "cmo-hfox"\ng_hrs_siemens = 60e-6\ng_lrs_siemens = 10e-6\n',
            "{}: g_hrs_siemens must be below g_lrs_siemens, got 6e-05 and 1e-05",
        ),
        ('like = "cmo-hfox"\ng_lrs_siemens = 95e-6\n', "{}: g_lrs_siemens must lie within 8e-06 to 9e-05"),
        ('like = "cmo"\n', "{}: like must be one of ideal, cmo-hfox, "),
        ('like = "ideal"\n[pulses]\nmax_pulses = 9\n', "{}: acceptance must be given in [pulses], it is not"),
        ("like = [1]\n", "{}: like must be one of ideal, cmo-hfox, "),
        (SMALL + "retention = 3\n", "{}: retention must be a table, got 3"),
        (SMALL + "measured = 3\n", "{}: measured must be the name of a CSV file, got 3"),
        (SMALL + 'name = "my oxide"\n', "{}: name: String should match pattern"),
        (SMALL + "p_stuck_hrs = 2\n", "{}: p_stuck_hrs: Input should be less than or equal to 1, got 2"),
        (SMALL + "[retention]\nshift", "{} must be a TOML file: "),
    ],
)
def test_files_that_are_not_exactly_right_are_refused_in_one_line(named, tmp_path, text, message):
    with pytest.raises(EngramError) as refusal:
        named(text)
    assert str(refusal.value).startswith(message.format(tmp_path / "mine.toml"))
    assert "\n" not in str(refusal.value)


def test_a_window_beside_measurements_is_refused(named, tmp_path):
    (tmp_path / "cells.csv").write_text(CSV)
    with pytest.raises(EngramError, match="g_hrs_siemens must be left out where conductances are measured"):
        named('measured = "cells.csv"\ng_hrs_siemens = 2e-6\n')
    with pytest.raises(EngramError, match="measured conductances take the place of retention and pulses"):
        named('measured = "cells.csv"\n[pulses]\nacceptance = 0.1\n')
    with pytest.raises(EngramError, match=r"either error_polynomial or measured conductances .* got both"):
        named('measured = "cells.csv"\nerror_polynomial = [0.1]\n')


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(EngramError, match=r"cannot read .*none\.toml: No such file"):
        device_named(str(tmp_path / "none.toml"))


def test_measurements_take_the_place_of_a_presets_laws(named, tmp_path):
    (tmp_path / "cells.csv").write_text(CSV)
    device = named('like = "cmo-hfox"\nmeasured = "cells.csv"\n')
    assert (device.g_lrs_siemens, device.retention, device.pulses) == (5e-6, None, None)
    assert device.read_noise == DEVICES["cmo-hfox"].read_noise
