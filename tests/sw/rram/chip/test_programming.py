"""From stored bits to conductance codes."""

import numpy as np
import pytest

from sw.bundle.file import from_bytes
from sw.errors import EngramError
from sw.reference.array import ideal_codes
from sw.reference.noise import NOISE_SIGMA
from sw.reference.pipeline import run_levels
from sw.rram.check.nodal import nodal_currents
from sw.rram.chip import programming
from sw.rram.devices.files import device_named
from sw.rram.devices.mapping import conductance_codes, lrs_code, target_conductances
from sw.rram.devices.presets import DEVICES
from sw.rram.devices.stuck import draw_stuck_cells
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Coping, arrangement
from sw.rram.laws.generators import chip_generator
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

IDEAL = DEVICES["ideal"]
CMO = DEVICES["cmo-hfox"]
ALL = sorted(DEVICES)


def chip(bundle, device=CMO, **changes):
    which = {"seed": 1, **{name: changes.pop(name) for name in ("seed", "chip") if name in changes}}
    if "adc_bits" in changes:
        changes["adc"] = {"bits": changes.pop("adc_bits")}
    return programming.program(bundle, device, Conditions().with_(**changes), **which)


@pytest.fixture
def bundle():
    return random_bundle(tiny_design(), 1)


@pytest.mark.parametrize("seed", range(3))
def test_ideal_device_at_one_bit_gives_the_ideal_codes_and_scores_count_matches(seed):
    start = random_bundle(tiny_design(), seed, codes="random")
    programmed = chip(start, IDEAL, seed=seed, cell_bits=1, adc_bits=None)
    np.testing.assert_array_equal(programmed.array.codes, ideal_codes(start.templates, start.design))
    levels = random_levels(start.design, 50, seed)
    matches = (levels[:, np.newaxis] == start.templates).sum(axis=2)
    np.testing.assert_array_equal(run_levels(programmed, levels).scores, matches)


def test_ideal_device_at_more_bits_scales_the_match_count(bundle):
    programmed = chip(bundle, IDEAL, cell_bits=5, adc_bits=None)
    np.testing.assert_array_equal(programmed.array.codes, 31 * ideal_codes(bundle.templates, bundle.design))


def test_an_array_without_a_front_end_is_that_of_the_chip(bundle):
    alone = programming.program_array(bundle.design, bundle.templates, CMO, Conditions(), seed=1, chip=2)
    whole, levels = chip(bundle, chip=2), random_levels(bundle.design, 20, 3)
    assert (alone.design, alone.record) == (whole.design, whole.provenance.device)
    np.testing.assert_array_equal(run_levels(alone, levels).codes, run_levels(whole, levels).codes)


@pytest.mark.parametrize(("hrs", "lrs", "expected"), [(1.0, 0.0, "g_hrs"), (0.0, 1.0, "g_lrs")])
def test_an_array_of_stuck_cells_only_stores_nothing(bundle, hrs, lrs, expected):
    device = CMO.with_(p_stuck_hrs=hrs, p_stuck_lrs=lrs)
    programmed = chip(bundle, device)
    nominal = {"g_hrs": device.g_hrs_siemens, "g_lrs": device.g_lrs_siemens}[expected]
    code = conductance_codes(np.array(nominal), programmed.design, device)
    assert np.all(programmed.array.codes == code)
    device_record = programmed.provenance.device
    cells = 2 * bundle.design.features * bundle.design.templates
    assert (device_record["stuck_hrs"], device_record["stuck_lrs"]) == (cells * hrs, cells * lrs)


def test_one_seed_is_one_chip_whatever_else_is_drawn(bundle):
    wanted = chip(bundle, seed=7, chip=3).array.codes
    for other in range(5):
        chip(bundle, seed=7, chip=other)
    np.random.default_rng(7).random(100)
    np.testing.assert_array_equal(chip(bundle, seed=7, chip=3).array.codes, wanted)


def test_seeds_and_chips_differ():
    start = random_bundle(tiny_design(height=20, width=20), 1)
    chips = [
        chip(start, cell_bits=8, seed=seed, chip=index).array.codes for seed in (1, 2) for index in (0, 1)
    ]
    for first in range(4):
        for second in range(first):
            assert np.any(chips[first] != chips[second])


def test_stuck_probability_does_not_change_the_other_cells_errors():
    start = random_bundle(tiny_design(height=20, width=20), 1)
    free = chip(start, cell_bits=8)
    some = chip(start, CMO.with_(p_stuck_hrs=0.1), cell_bits=8)
    hrs = conductance_codes(np.array(CMO.g_hrs_siemens), some.design, CMO)
    changed = free.array.codes != some.array.codes
    assert 0 < changed.sum() <= some.provenance.device["stuck_hrs"]
    assert np.all(some.array.codes[changed] == hrs)


def test_programmed_bundle_is_a_valid_file_and_says_how_it_was_made(bundle):
    programmed = chip(bundle, CMO.with_(p_stuck_lrs=0.02), seed=5)
    again = from_bytes(programmed.to_bytes(), "chip")
    assert again.digest == programmed.digest != bundle.digest
    assert (again.design.cell_bits, again.design.adc_bits) == (4, 8)
    record = again.provenance.device
    assert record["preset"] == "cmo-hfox"
    assert record["seed"] == 5
    assert record["p_stuck_lrs"] == 0.02
    assert record["cell_bits"] == 4
    np.testing.assert_array_equal(again.templates, bundle.templates)


def test_adc_full_scale_runs_from_no_match_to_all_match_of_each_tile():
    """Ideal window with HRS current, tiles of 8, 8 and 2 rows: both ends hit the ends of the code range."""
    exact = CMO.with_(error_polynomial=(0.0,))
    bundle = random_bundle(tiny_design(), 1)
    design = bundle.design
    programmed = chip(bundle, exact, adc_bits=6)
    levels = np.concatenate([bundle.templates, 1 - bundle.templates])
    codes = run_levels(programmed, levels).codes
    lines = np.arange(design.templates)
    full = codes[lines, :, lines]
    none = codes[lines + design.templates, :, lines]
    assert np.all(none == 0)
    assert np.all(full[:, :2] == 63)
    assert np.all(full[:, 2] == round(63 * 2 / 8))


def test_all_tiles_share_one_gain(bundle):
    tables = chip(bundle).array.adc
    assert len(np.unique(tables.gain)) == 1
    assert tables.gain.shape == (3, 2)


def test_a_window_too_small_for_the_cell_bits_is_refused(bundle):
    narrow = CMO.with_(g_hrs_siemens=80e-6)
    with pytest.raises(EngramError) as refusal:
        chip(bundle, narrow, cell_bits=2)
    assert str(refusal.value) == (
        "cell_bits must be large enough to tell HRS from LRS of device 'cmo-hfox', got 2: both get code 3; "
        "use more cell bits or a wider window"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cell_bits": 9}, "conditions: cell_bits: Input should be less than or equal to 8, got 9"),
        ({"adc_bits": 13}, "conditions: adc.bits: Input should be less than or equal to 12, got 13"),
    ],
)
def test_widths_out_of_range_are_refused(bundle, changes, message):
    with pytest.raises(EngramError) as refusal:
        chip(bundle, **changes)
    assert str(refusal.value) == message


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("cell_bits", "adc_bits"), [(1, 1), (8, 12), (4, None)])
def test_every_preset_programs_at_every_width(bundle, name, cell_bits, adc_bits):
    programmed = chip(bundle, DEVICES[name], cell_bits=cell_bits, adc_bits=adc_bits)
    assert from_bytes(programmed.to_bytes(), "chip").digest == programmed.digest


# -- effects together ---------------------------------------------------------------------------------------

LARGE = tiny_design(height=28, width=28, layers=(), classes=10, rows=112, cols=32)


def test_drift_keeps_each_devices_programming_error():
    """At 8 bits a code is 0.36 uS; after ten years the mean has moved by 1.74 uS."""
    start = random_bundle(LARGE, 1)
    fresh, old = (chip(start, cell_bits=8, read_time_seconds=seconds) for seconds in (0, 315_576_000))
    lsb = CMO.g_lrs_siemens / lrs_code(CMO, 8)
    moved = (old.array.codes.astype(int) - fresh.array.codes) * lsb
    mean, sigma = CMO.retention.moments(315_576_000)
    spread = (sigma**2 + lsb**2 / 6) ** 0.5
    assert abs(moved.mean() - mean) < 5 * spread / moved.size**0.5
    assert abs(moved.std() - spread) < 5 * spread / (2 * moved.size) ** 0.5
    np.testing.assert_array_equal(chip(start, cell_bits=8).array.codes, fresh.array.codes)


def test_read_noise_is_one_percent_of_the_window_for_every_row():
    programmed = chip(random_bundle(LARGE, 1), read_noise=True)
    noise = programmed.array.read_noise
    window_codes = lrs_code(CMO, 4) * (90 - 8) / 90
    sigma = NOISE_SIGMA * noise.scale / 2**noise.shift
    np.testing.assert_allclose(sigma, 0.01 * window_codes * 112**0.5, rtol=0.03)
    np.testing.assert_array_equal(programmed.array.codes, chip(random_bundle(LARGE, 1)).array.codes)
    assert from_bytes(programmed.to_bytes(), "chip").digest == programmed.digest
    assert chip(programmed).array.read_noise is None


def test_effects_leave_each_other_alone():
    """Noise key, stuck cells and errors of a chip stay, whatever else is switched on."""
    start = random_bundle(LARGE, 1)
    plain = chip(start, CMO.with_(p_stuck_hrs=0.1))
    every = chip(start, CMO.with_(p_stuck_hrs=0.1), read_noise=True, write_verify=True, read_time_seconds=60)
    assert plain.provenance.device["stuck_hrs"] == every.provenance.device["stuck_hrs"]
    alone = chip(start, read_noise=True)
    np.testing.assert_array_equal(alone.array.read_noise.key, every.array.read_noise.key)


def test_measured_devices_are_programmed_from_their_samples(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("level,time_seconds,g_siemens\n0,1,1e-6\n0,1,2e-6\n1,1,8e-6\n1,1,9e-6\n")
    programmed = chip(random_bundle(LARGE, 1), device_named(str(path)), cell_bits=8)
    device = device_named(str(path))
    lsb = device.g_lrs_siemens / lrs_code(device, 8)
    found = programmed.array.codes * lsb
    low, high = (np.sort(found[programmed.array.codes > 100]), np.sort(found[programmed.array.codes <= 100]))
    assert low.min() == pytest.approx(8e-6, rel=0.01)
    assert low.max() == pytest.approx(9e-6, rel=0.01)
    assert high.min() == pytest.approx(1e-6, rel=0.05)
    assert high.max() == pytest.approx(2e-6, rel=0.05)
    assert programmed.provenance.device["device.measured.sha256"] == device.measured.sha256


@pytest.mark.parametrize("name", ALL)
def test_window_cells_keep_their_bounds_but_for_the_error(name):
    device = DEVICES[name].with_(p_stuck_hrs=0, p_stuck_lrs=0)
    start = random_bundle(tiny_design(cell="window", thresholds_per_feature=3, cell_bits=6), 1)
    exact, real = (chip(start, which, cell_bits=6) for which in (device.with_(error_polynomial=(0,)), device))
    np.testing.assert_array_equal(exact.array.codes, ideal_codes(start.templates, exact.design))
    assert (exact.design.match_code, exact.design.mismatch_code) == (40, 9)
    if name not in ("ideal", "cmo-hfox-fine"):
        assert np.any(real.array.codes != exact.array.codes)
    noisy = chip(start, IDEAL.with_(read_noise=CMO.read_noise), cell_bits=6, read_noise=True)
    sigma = NOISE_SIGMA * noisy.array.read_noise.scale / 2**noisy.array.read_noise.shift
    rows = [start.design.rows_in_tile(tile) for tile in range(start.design.row_tiles)]
    np.testing.assert_allclose(sigma, 0.31 * np.sqrt(rows), rtol=0.2)


def test_resistive_lines_cost_current(bundle):
    free, resistive = (
        chip(bundle, cell_bits=8),
        chip(bundle, cell_bits=8, word_line_ohms=20, match_line_ohms=20),
    )
    assert np.all(resistive.array.codes <= free.array.codes)
    assert np.any(resistive.array.codes < free.array.codes)


def test_coping_changes_nothing_where_nothing_is_stuck(bundle):
    wanted = chip(bundle)
    got = chip(bundle, coping={"spare_lines": 2, "polarity": True})
    np.testing.assert_array_equal(got.array.codes, wanted.array.codes)
    np.testing.assert_array_equal(got.array.adc.gain, wanted.array.adc.gain)


def test_coping_brings_codes_nearer_to_those_without_stuck_devices():
    start = random_bundle(tiny_design(height=20, width=20), 1)
    device = CMO.with_(p_stuck_hrs=0.05, p_stuck_lrs=0.05)
    free = chip(start).array.codes.astype(int)
    wrong = [
        int((np.abs(chip(start, device, coping=coping).array.codes - free) > 3).sum())
        for coping in ({}, {"spare_lines": 2}, {"polarity": True}, {"spare_lines": 2, "polarity": True})
    ]
    assert wrong[0] > max(wrong[1:3])
    assert min(wrong[1:3]) > wrong[3]


def test_calibration_brings_the_converters_nearer_to_each_other(bundle):
    adc_model = {"bits": 8, "offset_sigma_lsb": 4.0}
    drawn, trimmed = (
        chip(bundle, IDEAL, adc=adc_model, coping={"calibrate_adc": calibrate}).array.adc
        for calibrate in (False, True)
    )
    spread = [np.std(tables.offset / 2**tables.shift) for tables in (drawn, trimmed)]
    assert spread[1] < spread[0] / 5


def test_resistive_lines_act_where_the_segments_have_moved_to():
    """Against the nodal equations of the physical tiles: 8, 8, 2 rows; 4, 1 columns of which 2 are spare."""
    bundle = random_bundle(tiny_design(), 1)
    device = CMO.with_(error_polynomial=(0.0,), p_stuck_hrs=0.2, p_stuck_lrs=0.1, p_broken_col=0.3)
    coping, ohms = Coping(spare_lines=2, polarity=True), (300.0, 200.0)
    made = chip(bundle, device, cell_bits=8, coping=coping, word_line_ohms=ohms[0], match_line_ohms=ohms[1])
    design = made.design
    targets = target_conductances(bundle.templates, design, device)
    there = draw_stuck_cells(design, device, chip_generator(1, 0, "stuck"), 2)
    places = arrangement(there, targets, design, device, coping)
    assert places.swapped.any() and np.any(places.lines >= design.templates)
    physical = np.full((2, design.features, 5), device.g_hrs_siemens)
    for row in range(design.features):
        for template, line in enumerate(places.lines[row // design.rows]):
            step = -1 if places.swapped[row] else 1
            physical[:, row, line] = targets[::step, row, template]
    physical[there.hrs], physical[there.lrs] = device.g_hrs_siemens, device.g_lrs_siemens
    physical[there.open] = 0
    wanted = np.empty_like(physical)
    for rows in (slice(0, 8), slice(8, 16), slice(16, 18)):
        for cols in (slice(0, 4), slice(4, 5)):
            lines = physical[:, rows, cols].swapaxes(0, 1)
            flat = lines.reshape(-1, lines.shape[-1])
            found = nodal_currents(flat, np.eye(len(flat)), *ohms)
            wanted[:, rows, cols] = found.reshape(lines.shape).swapaxes(0, 1)
    codes = conductance_codes(places.seen(wanted, design), design, device)
    np.testing.assert_array_equal(made.array.codes, codes)
