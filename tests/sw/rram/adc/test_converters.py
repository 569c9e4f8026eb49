"""ADCs of a chip: nominal range by hand, laws of the mismatch, limits of the tables, refusals."""

import numpy as np
import pytest
from pydantic import ValidationError

from sw.errors import EngramError
from sw.reference import adc
from sw.rram.adc.converters import AdcModel, FullScale, draw_converters
from sw.rram.devices.mapping import array_design, conductance_codes
from sw.rram.devices.presets import DEVICES
from tests.helpers.bundles import tiny_design

IDEAL = DEVICES["ideal"]
CMO = DEVICES["cmo-hfox"]
WIDE = {"height": 28, "width": 28, "classes": 200, "layers": (), "rows": 8, "cols": 200, "cols_per_adc": 1}
"""98 row tiles of 200 ADCs."""


def tables(design, device=CMO, seed=1, **model):
    return draw_converters(design, device, AdcModel(**model), np.random.default_rng(seed)).tables()


def law(got, expected):
    """Mean 0 and standard deviation `expected`, within five standard errors."""
    assert abs(got.mean()) < 5 * expected / np.sqrt(got.size)
    assert abs(got.std() / expected - 1) < 5 / np.sqrt(2 * got.size)


def test_nominal_range_by_hand():
    """Codes 0 and 3, 8 rows: 24 codes of current over 3 codes of the ADC; the last tile has 2 rows."""
    got = tables(tiny_design(cell_bits=2, adc_bits=2), IDEAL)
    step = 1 << got.shift
    assert 2**11 <= got.gain[0, 0] < 2**12
    assert np.all(got.gain == step // 8)
    assert np.all(got.offset == step // 2)
    assert got.gain.shape == (3, 2)
    assert got.inl.shape == (0, 0, 0)


def test_window_cells_span_mismatch_to_match():
    design = array_design(
        tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4), cell_bits=4, adc_bits=6
    )
    got = tables(design)
    rows = np.array([design.rows_in_tile(tile) for tile in range(design.row_tiles)])
    ends = [np.tile((rows * code)[:, np.newaxis], 3) for code in (design.mismatch_code, design.match_code)]
    codes = adc.convert(np.stack(ends), got, design)
    assert np.all(codes[0] == 0)
    assert np.all(codes[1, rows == rows[0]] == 63)


def test_a_chosen_range_by_hand():
    """From 2 matches of 8 to 6; in the last tile from 0 to 4."""
    design = tiny_design(cell_bits=1, adc_bits=2)
    got = tables(design, IDEAL, full_scale=FullScale(lowest=(2, 2, 0), span=4))
    currents = np.repeat(np.arange(9)[:, np.newaxis, np.newaxis], 3, axis=1) + np.zeros(3, np.int64)
    codes = adc.convert(currents, got, design)
    assert codes[:, 0, 0].tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 3]
    assert codes[:, 2, 0].tolist() == [0, 1, 2, 2, 3, 3, 3, 3, 3]


def test_the_ideal_adc_has_no_tables():
    got = tables(tiny_design(adc_bits=None), bits=None, gain_sigma=0.1, unit_sigma=0.1)
    assert (got.gain.size, got.offset.size, got.shift, got.inl.size) == (0, 0, 0, 0)


def test_gain_and_offset_have_their_laws_and_are_independent():
    design = tiny_design(**WIDE, cell_bits=4, adc_bits=8)
    model = AdcModel(gain_sigma=0.02, offset_sigma_lsb=1.5)
    nominal = tables(design)
    got = tables(design, gain_sigma=0.02, offset_sigma_lsb=1.5)
    scale = 2.0 ** (got.shift - nominal.shift)
    gain = got.gain / (nominal.gain * scale) - 1
    law(gain, 0.02)
    drawn = draw_converters(design, CMO, model, np.random.default_rng(1))
    law(drawn.offset_lsb, 1.5)
    lost = got.offset + drawn.lowest * got.gain
    np.testing.assert_allclose(lost / 2**got.shift - 0.5, drawn.offset_lsb, atol=1 / 2**got.shift)
    assert abs(np.corrcoef(gain.ravel(), drawn.offset_lsb.ravel())[0, 1]) < 5 / np.sqrt(gain.size)


def test_each_mismatch_leaves_the_others_as_they_were():
    design = tiny_design(adc_bits=8, cell_bits=4)
    every = {"gain_sigma": 0.01, "offset_sigma_lsb": 2.0, "unit_sigma": 0.1}
    whole = draw_converters(design, CMO, AdcModel(**every), np.random.default_rng(1))
    for name in every:
        some = draw_converters(design, CMO, AdcModel(**every | {name: 0}), np.random.default_rng(1))
        same = {
            "gain_sigma": np.array_equal(some.gain, whole.gain),
            "offset_sigma_lsb": np.array_equal(some.offset_lsb, whole.offset_lsb),
            "unit_sigma": np.array_equal(some.inl, whole.inl),
        }
        assert same == {other: other != name for other in every}


def test_a_seed_is_a_chip():
    design = tiny_design(adc_bits=8, cell_bits=4)
    first, again, other = (tables(design, seed=seed, gain_sigma=0.05) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.gain, again.gain)
    assert np.any(first.gain != other.gain)


def test_sar_converters_differ_and_a_ramp_is_shared_within_a_tile():
    design = tiny_design(classes=6, adc_bits=8, cell_bits=4)  # tiles of 4 match lines and 2, ADCs of 2
    assert (design.col_tiles, design.adcs_per_row_tile) == (2, 3)
    sar, ramp = (tables(design, kind=kind, unit_sigma=0.2).inl for kind in ("sar", "ramp"))
    assert sar.shape == ramp.shape == (3, 3, 256)
    assert np.all((sar[:, 0] != sar[:, 1]).any(axis=1))
    np.testing.assert_array_equal(ramp[:, 0], ramp[:, 1])
    assert np.all((ramp[:, 1] != ramp[:, 2]).any(axis=1))


@pytest.mark.parametrize("name", sorted(DEVICES))
@pytest.mark.parametrize("adc_bits", [1, 6, 12])
def test_tables_of_the_largest_arrays_stay_in_range(name, adc_bits):
    """The widest codes and the tallest tiles; the last tile holds a single row."""
    design = tiny_design(height=17, width=241, layers=(), rows=4_096, cell_bits=8, adc_bits=adc_bits)
    assert [design.rows_in_tile(tile) for tile in range(2)] == [4_096, 1]
    device = DEVICES[name]
    got = tables(design, device)
    assert np.abs(got.offset).max() <= 2**30
    states = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
    hrs, lrs = conductance_codes(states, design, device).astype(np.int64)
    none, full = (np.array([[[code] * 3, [0] * 3]]) * 4_096 for code in (hrs, lrs))
    last = np.array([[[0] * 3, [hrs] * 3]])
    assert np.all(adc.convert(none, got, design)[:, 0] == 0)
    assert np.all(adc.convert(full, got, design)[:, 0] >= design.max_adc_code - 1)
    assert np.all(adc.convert(last, got, design)[:, 1] == 0)


def test_gains_keep_their_ratios_next_to_the_limit_of_their_bits():
    design = tiny_design(**WIDE, cell_bits=4, adc_bits=8)
    for sigma in (0.0, 0.01, 0.2):
        gain = draw_converters(design, CMO, AdcModel(gain_sigma=sigma), np.random.default_rng(1)).gain
        got = tables(design, gain_sigma=sigma)
        assert 2**11 - 1 <= got.gain.max() < 2**12
        np.testing.assert_allclose(got.gain / 2**got.shift, gain, atol=0.5 / 2**got.shift)


def test_a_narrow_range_far_up_gives_up_bits_of_gain_for_the_offset():
    design = tiny_design(height=64, width=64, layers=(), rows=4_096, cell_bits=8, adc_bits=6)
    got = tables(design, IDEAL, full_scale=FullScale(lowest=(4_000,), span=8))
    assert np.abs(got.offset).max() <= 2**30
    assert got.gain.max() < 2**11
    currents = np.array([[[4_000 * 255] * 3], [[4_008 * 255] * 3]])
    assert adc.convert(currents, got, design)[:, 0, 0].tolist() == [0, 63]


def test_a_gain_beyond_its_bits_is_refused():
    design = tiny_design(cell_bits=1, adc_bits=12, rows=1, row_lanes=1)
    assert tables(design, DEVICES["ideal"]).gain.max() == 4_095
    with pytest.raises(EngramError, match=r"gains of the ADCs must be at most 4095 .*, got [4-9]\d{3}; use"):
        tables(design, DEVICES["ideal"], gain_sigma=0.2)


def test_an_offset_beyond_its_bits_is_refused():
    design = tiny_design(height=64, width=64, layers=(), rows=4_096, cell_bits=8, adc_bits=12)
    narrow = DEVICES["ideal"].with_(g_hrs_siemens=99e-6)
    with pytest.raises(EngramError, match="offsets of the ADCs must be at most"):
        tables(design, narrow, full_scale=FullScale(lowest=(4_000,), span=1))


@pytest.mark.parametrize(
    ("full_scale", "message"),
    [
        ("auto", "full_scale must be chosen from validation data before an array is programmed, got 'auto'"),
        (FullScale(lowest=(0,), span=8), "a lowest current for each of the design's 3 row tiles, got 1"),
    ],
)
def test_a_range_that_is_not_this_arrays_is_refused(full_scale, message):
    with pytest.raises(EngramError) as refusal:
        tables(tiny_design(adc_bits=8), full_scale=full_scale)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "field",
    [
        {"bits": 0},
        {"kind": "flash"},
        {"gain_sigma": 0.3},
        {"offset_sigma_lsb": -1},
        {"unit_sigma": float("nan")},
        {"trim_step_lsb": 0},
        {"calibration_reads": 0},
        {"full_scale": {"lowest": [0], "span": 0.5}},
    ],
)
def test_values_out_of_range_are_refused(field):
    with pytest.raises(ValidationError):
        AdcModel(**field)
