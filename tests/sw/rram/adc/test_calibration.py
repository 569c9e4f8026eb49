"""Calibration: exact where it can be, what stays where it cannot, and reference lines like other lines."""

import numpy as np
import pytest

from sw.rram.adc.calibration import calibrated, reference_currents
from sw.rram.adc.converters import AdcModel, FullScale, draw_converters
from sw.rram.devices.mapping import array_design, current_codes
from sw.rram.devices.presets import DEVICES
from sw.rram.laws.read_noise import read_noise
from tests.helpers.bundles import tiny_design

IDEAL = DEVICES["ideal"]
CMO = DEVICES["cmo-hfox"]
DESIGN = tiny_design(
    height=40, width=96, layers=(), rows=96, cols=8, classes=10, cols_per_adc=2, cell_bits=4, adc_bits=8
)
"""40 row tiles of 5 ADCs, the last one in the second column tile."""
MISMATCH = {"gain_sigma": 0.03, "offset_sigma_lsb": 3.0}


def run(design=DESIGN, device=IDEAL, noise_codes=0.0, **model):
    """Converters before and after."""
    adc = AdcModel(bits=design.adc_bits, **MISMATCH | model)
    before = draw_converters(design, device, adc, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    noise = read_noise(np.full(design.row_tiles, noise_codes**2), rng) if noise_codes else None
    return before, calibrated(before, design, device, adc, noise, rng)


def error_lsb(converters, design, device, share=0.5):
    """Of every ADC, in LSB, at a share of the full scale."""
    low, high = current_codes(design, device)
    full = design.rows * (high - low)
    return converters.offset_lsb + share * (converters.gain * full - design.max_adc_code)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("noise_codes", [0.0, 6.0])
def test_exact_references_leave_less_than_half_a_code(share, noise_codes):
    before, after = run(noise_codes=noise_codes)
    assert np.abs(error_lsb(before, DESIGN, IDEAL, share)).max() > 5
    assert np.abs(error_lsb(after, DESIGN, IDEAL, share)).max() < 0.6


def test_trims_are_whole_steps():
    before, after = run(trim_step_lsb=2.0)
    gain_trim = before.gain / after.gain
    np.testing.assert_allclose((gain_trim - 1) * 255 / 2, np.rint((gain_trim - 1) * 255 / 2), atol=1e-9)
    steps = (before.offset_lsb - after.offset_lsb * gain_trim) / 2
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    assert after.offset_lsb.std() > 0.4  # uniform within 2 LSB: 0.58


def test_more_readings_see_through_the_noise():
    rest = [
        error_lsb(run(noise_codes=60.0, trim_step_lsb=0.01, calibration_reads=reads)[1], DESIGN, IDEAL).std()
        for reads in (1, 64)
    ]
    assert 5 < rest[0] / rest[1] < 12


def test_errors_of_a_reference_line_are_those_of_its_whole_tile():
    device = CMO.with_(p_stuck_hrs=0.2, p_stuck_lrs=0.2)
    rest = error_lsb(run(device=device)[1], DESIGN, device)
    assert rest.std() > 1.5
    assert np.abs(rest[:, :4] - rest[:, :1]).max() < 0.8
    assert np.abs(rest[:, 4] - rest[:, 0]).max() > 2


def test_nonlinearity_stays():
    before, after = run(unit_sigma=0.1)
    assert before.inl.any()
    np.testing.assert_array_equal(before.inl, after.inl)


def test_converters_without_errors_stay_within_a_step():
    _, after = run(gain_sigma=0, offset_sigma_lsb=0)
    assert np.abs(error_lsb(after, DESIGN, IDEAL, 0.9)).max() < 0.3


@pytest.mark.parametrize("adc_bits", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("gain_sigma", [0.0, 0.01, 0.05])
def test_gains_are_trimmed_only_where_references_resolve_them(adc_bits, gain_sigma):
    before, after = run(DESIGN.with_(adc_bits=adc_bits), gain_sigma=gain_sigma, offset_sigma_lsb=0.5)
    if gain_sigma * 2**adc_bits < 0.5:
        np.testing.assert_array_equal(before.gain, after.gain)
        return
    low, high = current_codes(DESIGN, IDEAL)
    nominal = (2**adc_bits - 1) / (DESIGN.rows * (high - low))
    assert (after.gain / nominal).std() < 0.5 * (before.gain / nominal).std()


@pytest.mark.parametrize("adc_bits", [1, 2, 12])
@pytest.mark.parametrize("rows", [3, 96])
def test_every_size_calibrates(adc_bits, rows):
    design = tiny_design(cell_bits=4, adc_bits=adc_bits, rows=rows, row_lanes=1)
    assert run(design)[1].tables().gain.shape == (design.row_tiles, design.adcs_per_row_tile)


def test_an_adc_that_is_always_at_an_end_is_left_as_it_is():
    design = tiny_design(cell_bits=4, adc_bits=1)
    before, after = run(design)
    np.testing.assert_array_equal(before.gain, after.gain)
    np.testing.assert_array_equal(before.offset_lsb, after.offset_lsb)


def test_the_ideal_adc_stays():
    design = DESIGN.with_(adc_bits=None)
    before, after = run(design)
    assert after is before


def test_a_chosen_range_is_calibrated_where_it_lies():
    lowest = (40.0,) * DESIGN.row_tiles
    design, adc = DESIGN, AdcModel(**MISMATCH, full_scale=FullScale(lowest=lowest, span=32))
    before = draw_converters(design, IDEAL, adc, np.random.default_rng(1))
    after = calibrated(before, design, IDEAL, adc, None, np.random.default_rng(2))
    low, high = current_codes(design, IDEAL)
    rest = after.offset_lsb + 0.5 * (after.gain * 32 * (high - low) - 255)
    assert np.abs(rest).max() < 0.8


def test_references_of_exact_devices_by_hand():
    design = tiny_design(cell_bits=2, adc_bits=4)  # row tiles of 8, 8 and 2
    matches = np.array([[0, 3, 8], [0, 3, 8], [0, 1, 2]])
    got = reference_currents(design, IDEAL, matches, np.random.default_rng(1))
    assert got[:, 0].tolist() == (3 * matches).tolist()


def test_references_of_window_cells_are_exact():
    design = array_design(tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4), 4, 6)
    rows = np.array([[design.rows_in_tile(tile)] for tile in range(design.row_tiles)])
    got = reference_currents(design, CMO, np.hstack([0 * rows, rows]), np.random.default_rng(1))
    assert got[:, 0].tolist() == (rows * [[design.mismatch_code, design.match_code]]).tolist()


def test_references_are_off_where_both_devices_are_stuck_alike():
    """Half of all devices stuck in the HRS: a quarter of the pairs cannot match."""
    design = tiny_design(height=100, width=100, layers=(), rows=100, classes=2, cell_bits=4, adc_bits=8)
    device = CMO.with_(p_stuck_hrs=0.5, error_polynomial=(0.0,))
    low, high = current_codes(design, device)
    matches = np.full((design.row_tiles, 1), 100)
    lost = (100 * high - reference_currents(design, device, matches, np.random.default_rng(1))) / (high - low)
    assert abs(lost.sum() - 2_500) < 5 * np.sqrt(10_000 * 0.25 * 0.75)
