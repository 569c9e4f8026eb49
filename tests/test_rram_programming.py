"""From stored bits to conductance codes."""

import numpy as np
import pytest

from sw.bundle import from_bytes
from sw.errors import EngramError
from sw.reference.array import ideal_codes
from sw.reference.pipeline import run_levels
from sw.rram import programming
from sw.rram.conditions import Conditions
from sw.rram.mapping import conductance_codes
from sw.rram.presets import DEVICES
from tests.bundles import random_bundle, random_levels, tiny_design

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
    np.testing.assert_array_equal(programmed.codes, ideal_codes(start.templates, start.design))
    levels = random_levels(start.design, 50, seed)
    matches = (levels[:, np.newaxis] == start.templates).sum(axis=2)
    np.testing.assert_array_equal(run_levels(programmed, levels).scores, matches)


def test_ideal_device_at_more_bits_scales_the_match_count(bundle):
    programmed = chip(bundle, IDEAL, cell_bits=5, adc_bits=None)
    np.testing.assert_array_equal(programmed.codes, 31 * ideal_codes(bundle.templates, bundle.design))


def test_errors_have_the_law_of_the_device():
    targets = np.repeat([8e-6, 90e-6], 40_000)
    got = programming.programmed_conductances(targets, CMO, np.random.default_rng(1))
    for target in (8e-6, 90e-6):
        error = (got - targets)[targets == target] / CMO.sigma_siemens(np.array(target))
        assert abs(error.mean()) < 0.02  # four standard errors of the mean of 40,000
        assert abs(error.std() - 1) < 0.015


def test_conductances_never_fall_below_zero():
    targets = np.zeros(1_000)
    got = programming.programmed_conductances(targets, DEVICES["hfox-wan2022"], np.random.default_rng(1))
    assert got.min() == 0
    assert 400 < (got == 0).sum() < 600


@pytest.mark.parametrize(("hrs", "lrs", "expected"), [(1.0, 0.0, "g_hrs"), (0.0, 1.0, "g_lrs")])
def test_an_array_of_stuck_cells_only_stores_nothing(bundle, hrs, lrs, expected):
    device = CMO.with_(p_stuck_hrs=hrs, p_stuck_lrs=lrs)
    programmed = chip(bundle, device)
    nominal = {"g_hrs": device.g_hrs_siemens, "g_lrs": device.g_lrs_siemens}[expected]
    code = conductance_codes(np.array(nominal), programmed.design, device)
    assert np.all(programmed.codes == code)
    device_record = programmed.provenance.device
    cells = 2 * bundle.design.features * bundle.design.templates
    assert (device_record["stuck_hrs"], device_record["stuck_lrs"]) == (cells * hrs, cells * lrs)


def test_one_seed_is_one_chip_whatever_else_is_drawn(bundle):
    wanted = chip(bundle, seed=7, chip=3).codes
    for other in range(5):
        chip(bundle, seed=7, chip=other)
    np.random.default_rng(7).random(100)
    np.testing.assert_array_equal(chip(bundle, seed=7, chip=3).codes, wanted)


def test_seeds_and_chips_differ():
    start = random_bundle(tiny_design(height=20, width=20), 1)
    chips = [chip(start, cell_bits=8, seed=seed, chip=index).codes for seed in (1, 2) for index in (0, 1)]
    for first in range(4):
        for second in range(first):
            assert np.any(chips[first] != chips[second])


def test_stuck_probability_does_not_change_the_other_cells_errors():
    start = random_bundle(tiny_design(height=20, width=20), 1)
    free = chip(start, cell_bits=8)
    some = chip(start, CMO.with_(p_stuck_hrs=0.1), cell_bits=8)
    hrs = conductance_codes(np.array(CMO.g_hrs_siemens), some.design, CMO)
    changed = free.codes != some.codes
    assert 0 < changed.sum() <= some.provenance.device["stuck_hrs"]
    assert np.all(some.codes[changed] == hrs)


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
    tables = chip(bundle).adc
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
