"""Templates to conductances to write, and conductances to codes."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.reference.array import ideal_codes
from sw.rram.devices import mapping
from sw.rram.devices.presets import DEVICES
from tests.helpers.bundles import random_templates, tiny_design

IDEAL = DEVICES["ideal"]
CMO = DEVICES["cmo-hfox"]
ALL = sorted(DEVICES)
WINDOWS = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=6)


def codes(conductances, device=CMO, **changes):
    return mapping.conductance_codes(np.asarray(conductances), tiny_design(**changes), device)


def test_one_device_of_each_pair_is_in_lrs():
    templates = np.array([[0, 1, 1]], np.uint8)
    targets = mapping.target_conductances(templates, tiny_design(), CMO)
    assert targets.shape == (2, 3, 1)
    assert targets[0, :, 0].tolist() == [90e-6, 8e-6, 8e-6]
    assert targets[1, :, 0].tolist() == [8e-6, 90e-6, 90e-6]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("cell_bits", [1, 2, 4, 8])
def test_codes_of_binary_cells_are_rounded_multiples_of_the_lsb(name, cell_bits):
    device = DEVICES[name]
    top = mapping.lrs_code(device, cell_bits)
    assert 1 <= top < 2**cell_bits
    lsb = device.g_lrs_siemens / top
    grid = np.linspace(0, 1.2 * device.g_lrs_siemens, 997)
    got = codes(grid, device, cell_bits=cell_bits)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, [min(2**cell_bits - 1, round(g / lsb)) for g in grid])
    assert codes(device.g_lrs_siemens, device, cell_bits=cell_bits) == top


def test_lrs_errors_of_three_sigma_are_not_clipped():
    for bits in (2, 4, 6, 8):
        top = mapping.lrs_code(CMO, bits)
        high = CMO.g_lrs_siemens + 3 * CMO.sigma_siemens(np.array(CMO.g_lrs_siemens))
        assert high / CMO.g_lrs_siemens * top <= 2**bits - 0.5
    assert [mapping.lrs_code(CMO, bits) for bits in (1, 4, 8)] == [1, 14, 247]
    assert [mapping.lrs_code(IDEAL, bits) for bits in (1, 4, 8)] == [1, 15, 255]


def test_head_room_is_that_which_was_given():
    assert mapping.lrs_code(CMO.with_(headroom_siemens=0.0), 8) == 255
    assert mapping.lrs_code(CMO.with_(headroom_siemens=90e-6), 8) == 127


@pytest.mark.parametrize("name", ALL)
def test_bounds_of_window_cells_come_back_as_they_were_written(name):
    device = DEVICES[name]
    templates = random_templates(np.random.default_rng(1), WINDOWS)
    targets = mapping.target_conductances(templates, WINDOWS, device)
    assert device.g_hrs_siemens == targets.min()
    assert targets.max() == device.g_lrs_siemens
    got = mapping.conductance_codes(targets, WINDOWS, device)
    np.testing.assert_array_equal(got, ideal_codes(templates, WINDOWS))


def test_bounds_outside_the_window_of_conductances_are_clipped():
    got = mapping.conductance_codes(np.array([0, 8e-6, 50e-6, 90e-6, 200e-6]), WINDOWS, CMO)
    assert got.tolist() == [0, 0, 32, 63, 63]


def test_currents_of_window_cells_have_the_published_ratio():
    design = mapping.array_design(WINDOWS, 5, 6)
    assert (design.cell_bits, design.adc_bits) == (5, 6)
    mismatch, match = mapping.current_codes(design, CMO)
    assert match / mismatch == pytest.approx(0.16 / 0.036, rel=0.01)


def test_currents_of_binary_cells_are_the_codes_of_the_two_states():
    design = mapping.array_design(tiny_design(), 8, None)
    assert mapping.current_codes(design, CMO) == (22, 247)


def test_a_window_too_small_for_the_cell_bits_is_refused():
    narrow = CMO.with_(g_hrs_siemens=80e-6)
    with pytest.raises(EngramError) as refusal:
        mapping.current_codes(tiny_design(cell_bits=2), narrow)
    assert str(refusal.value) == (
        "cell_bits must be large enough to tell HRS from LRS of device 'cmo-hfox', got 2: both get code 3; "
        "use more cell bits or a wider window"
    )


def test_codes_narrower_than_the_levels_are_refused():
    with pytest.raises(EngramError, match="design: cell_bits must be at least 2, the bits of a level, got 1"):
        mapping.array_design(WINDOWS, 1, 8)
