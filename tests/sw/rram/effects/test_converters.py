"""Effects of converters and codes: off is the finest there is, and mismatch keeps its share of the range."""

import pytest

from sw.rram.adc.converters import AdcModel
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.converters import AdcMismatch, AdcResolution, with_bits

CMO = DEVICES["cmo-hfox"]
MISMATCH = {"bits": 6, "gain_sigma": 0.05, "offset_sigma_lsb": 2.0, "unit_sigma": 0.05}


def test_finer_converters_keep_the_size_of_their_errors():
    _, finest = AdcResolution().off(CMO, Conditions(adc=MISMATCH))
    assert finest.adc.bits == 12
    assert finest.adc.offset_sigma_lsb == 2.0 * 64
    assert finest.adc.trim_step_lsb == 0.25 * 64
    assert finest.adc.gain_sigma == 0.05
    _, ideal = AdcResolution().off(CMO, Conditions(adc={"bits": None}))
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
    _, finest = AdcResolution().off(CMO, given)
    assert finest.adc == AdcModel(**finest.adc.model_dump())
    assert finest.adc.offset_sigma_lsb == 2.0 * 2 ** (12 - bits)


def test_lines_that_share_a_converter_share_its_mismatch():
    effect = AdcMismatch()
    assert not effect.depends_on_columns(CMO, Conditions(adc={"bits": 6, "kind": "ramp"}))
    for name in ("gain_sigma", "offset_sigma_lsb", "unit_sigma"):
        given = Conditions(adc={"bits": 6, name: 0.05})
        assert effect.depends_on_columns(CMO, given)
        assert not effect.depends_on_columns(*effect.off(CMO, given))
