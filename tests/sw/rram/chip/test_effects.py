"""Effects: what a device can do, and each of them off in turn."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.adc.converters import AdcModel
from sw.rram.chip.effects import EFFECTS, check_effects, with_bits, without
from sw.rram.chip.programming import program
from sw.rram.devices.files import EXAMPLE, device_named
from sw.rram.devices.mapping import lrs_code
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, tiny_design

CMO = DEVICES["cmo-hfox"]
ALL = Conditions(
    cell_bits=3,
    adc={"bits": 6, "gain_sigma": 0.05, "offset_sigma_lsb": 2.0, "unit_sigma": 0.05},
    read_time_seconds=1e6,
    temperature_kelvin=310,
    cycles=10**7,
    read_noise=True,
    word_line_ohms=5,
    match_line_ohms=5,
)


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """A device with every law, badly worn and broken."""
    path = tmp_path_factory.mktemp("device") / "all.toml"
    text = EXAMPLE.replace("p_stuck_hrs = 0.001", "p_stuck_hrs = 0.1").replace(
        "p_broken_col = 0.0", "p_broken_col = 0.1"
    )
    path.write_text(text, encoding="utf-8")
    return device_named(str(path))


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_is_there_and_can_be_switched_off_alone(effect, device):
    start = random_bundle(tiny_design(height=30, width=30), 1)
    everything = program(start, device, ALL, seed=1)
    other, conditions = without(effect, device, ALL)
    assert (other, conditions) != (device, ALL)
    assert program(start, other, conditions, seed=1).digest != everything.digest
    assert without(effect, other, conditions) == (other, conditions)


def test_the_order_of_switching_off_does_not_matter(device):
    one = two = (device, ALL)
    for effect in EFFECTS:
        one = without(effect, *one)
    for effect in reversed(EFFECTS):
        two = without(effect, *two)
    assert one[0] == two[0]
    assert one[1].with_(adc={}) == two[1].with_(adc={}) == Conditions(cell_bits=8)


def test_finer_converters_keep_the_size_of_their_errors():
    _, finest = without("adc_resolution", CMO, ALL)
    assert finest.adc.bits == 12
    assert finest.adc.offset_sigma_lsb == 2.0 * 64
    assert finest.adc.trim_step_lsb == 0.25 * 64
    assert finest.adc.gain_sigma == 0.05
    _, ideal = without("adc_resolution", CMO, Conditions(adc={"bits": None}))
    assert ideal.adc.bits is None


def test_mismatch_keeps_its_share_of_the_range_at_any_resolution():
    adc = AdcModel(bits=6, gain_sigma=0.05, offset_sigma_lsb=2.0, unit_sigma=0.01)
    assert with_bits(adc, 6) == adc
    for bits in range(3, 11):
        changed = with_bits(adc, bits)
        assert (changed.bits, changed.gain_sigma) == (bits, 0.05)
        assert changed.offset_sigma_lsb / 2**bits == adc.offset_sigma_lsb / 2**6
        assert changed.trim_step_lsb / 2**bits == adc.trim_step_lsb / 2**6
        assert changed.unit_sigma / 2 ** (bits / 2) == pytest.approx(adc.unit_sigma / 2**3)
    assert with_bits(AdcModel(bits=None, offset_sigma_lsb=2.0), 5).offset_sigma_lsb == 2.0


@pytest.mark.parametrize("bits", [1, 3])
def test_large_mismatch_of_coarse_converters_stays_within_the_limits(bits):
    given = Conditions(adc={"bits": bits, "offset_sigma_lsb": 2.0, "unit_sigma": 0.1, "trim_step_lsb": 2.0})
    _, finest = without("adc_resolution", CMO, given)
    assert finest.adc == AdcModel(**finest.adc.model_dump())
    assert finest.adc.offset_sigma_lsb == 2.0 * 2 ** (12 - bits)


def test_measured_devices_without_error_are_their_medians(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text(
        "level,time_seconds,g_siemens\n0,1,1e-6\n0,1,2e-6\n1,1,8e-6\n1,1,9e-6\n", encoding="utf-8"
    )
    measured = device_named(str(path))
    device, _ = without("programming", measured, Conditions())
    assert device.measured.quantiles.ravel().tolist() == [1.5e-6, 8.5e-6]
    assert without("programming", device, Conditions())[0] == device
    assert lrs_code(device, 8) == lrs_code(measured, 8) < 255


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("cell_bits", [1, 4, 8])
def test_codes_without_programming_error_have_the_scale_of_those_with_it(name, cell_bits):
    device, _ = without("programming", DEVICES[name], Conditions())
    assert not np.any(device.sigma_siemens(np.array([device.g_hrs_siemens, device.g_lrs_siemens])))
    assert lrs_code(device, cell_bits) == lrs_code(DEVICES[name], cell_bits)
    assert name != "ideal" or device == DEVICES[name]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "hfox-wan2022",
            {"read_time_seconds": 60},
            "read_time_seconds must be left out for device 'hfox-wan2022', whose source gives no retention "
            "law, got 60.0; take another device, or give [retention] in a device file",
        ),
        ("ideal", {"read_noise": True}, "read_noise must be left out for device 'ideal'"),
        ("hfox-milo2021", {"write_verify": True}, "write_verify must be left out for device 'hfox-milo2021'"),
        (
            "cmo-hfox",
            {"cycles": 2},
            "cycles must be left out for device 'cmo-hfox', whose source gives no endurance",
        ),
        (
            "cmo-hfox",
            {"temperature_kelvin": 350},
            "temperature_kelvin must be left out without a read time, got 350",
        ),
        (
            "cmo-hfox",
            {"temperature_kelvin": 350, "read_time_seconds": 60},
            "temperature_kelvin needs a retention law with an activation energy, got 350",
        ),
        ("cmo-hfox", {"read_time_seconds": 0.1}, "read_time_seconds must lie within 1 to 3.15576e+08"),
    ],
)
def test_effects_that_a_source_does_not_give_are_refused(name, changes, message):
    with pytest.raises(EngramError) as refusal:
        check_effects(DEVICES[name], Conditions(**changes))
    assert str(refusal.value).startswith(message)


def test_times_that_were_not_measured_are_refused(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text(
        "level,time_seconds,g_siemens\n0,1,1e-6\n0,60,2e-6\n1,1,8e-6\n1,60,9e-6\n", encoding="utf-8"
    )
    check_effects(device_named(str(path)), Conditions(read_time_seconds=60))
    with pytest.raises(
        EngramError, match="read_time_seconds must lie within the measured times, 1 to 60, or"
    ):
        check_effects(device_named(str(path)), Conditions(read_time_seconds=61))


def test_what_a_source_gives_is_accepted():
    check_effects(CMO, Conditions(read_time_seconds=1e6, read_noise=True, write_verify=True))
    for device in DEVICES.values():
        check_effects(device, Conditions())
