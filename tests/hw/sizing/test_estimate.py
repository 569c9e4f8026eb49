"""Estimates against what was measured of whole chips after synthesis and packing."""

import pytest

from hw.sizing.estimate import chip_dsps, estimate
from hw.tuning.samples import CHIPS, MNIST, random_sample
from sw.reference.adc import AdcTables
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import random_bundle

MEASURED = {
    # number in CHIPS: LC and flip-flops on UP5K, TRELLIS_COMB and flip-flops on ECP5; multipliers
    1: (1183, 622, 1053, 633, 1),
    2: (1401, 736, 1308, 748, 1),
    7: (2495, 1293, 2272, 1304, 1),
    8: (4399, 2347, 3669, 2358, 1),
    9: (5694, 3160, 4838, 3171, 1),
    11: (2816, 1507, 2467, 1518, 0),
    12: (4204, 2298, 3560, 2309, 1),
    14: (549, 267, 519, 274, 0),
    15: (4044, 2096, 3760, 2107, 1),
    16: (10901, 5611, 10634, 5633, 1),
    17: (3487, 1670, 3240, 1679, 1),
    18: (1208, 589, 1084, 599, 1),
    23: (1448, 709, 1206, 717, 1),
}
"""By Yosys 0.70 and nextpnr, see hw.tuning.measure."""
LARGEST_ERROR = 0.08
LARGEST_ERROR_OF_WINDOWS = 0.12


@pytest.mark.parametrize("number", MEASURED)
def test_cells_and_flip_flops_are_near_what_was_measured(number):
    design, sizes = CHIPS[number]
    bundle = random_sample(design)
    measured = MEASURED[number]
    for family, cells, ffs in (("ice40", *measured[:2]), ("ecp5", *measured[2:4])):
        expected = estimate(bundle, sizes, family)
        assert expected.cells == pytest.approx(cells, rel=LARGEST_ERROR)
        assert expected.ffs == pytest.approx(ffs, rel=LARGEST_ERROR)
        assert expected.dsps == measured[4]


def test_the_adc_takes_a_multiplier_unless_its_gain_is_a_power_of_two():
    bundle = random_sample(CHIPS[1][0])
    tables = bundle.array.adc
    shifted = AdcTables(tables.gain * 0 + 512, tables.offset, tables.shift)
    assert chip_dsps(bundle, "ice40") == 1
    assert chip_dsps(bundle.with_array(adc=shifted), "ice40") == 0


@pytest.mark.parametrize(
    ("number", "cells", "ffs"),
    [(1, (2653, 2414), (1217, 1228)), (2, (3453,), (1587,)), (14, (1386,), (578,))],
)
def test_chips_that_program_themselves_are_near_what_was_measured(number, cells, ffs):
    design, sizes = CHIPS[number]
    bundle = random_sample(design).with_array(pulse=PulseRule(key=(1, 2, 3, 4)))
    for family, measured_cells, measured_ffs in zip(("ice40", "ecp5"), cells, ffs, strict=False):
        expected = estimate(bundle, sizes, family)
        assert expected.cells == pytest.approx(measured_cells, rel=LARGEST_ERROR)
        assert expected.ffs == pytest.approx(measured_ffs, rel=LARGEST_ERROR)


@pytest.mark.parametrize(
    ("changes", "ice40", "ecp5"),
    [
        ({"thresholds_per_feature": 3}, (1440, 1), (994, 1)),
        (
            {"thresholds_per_feature": 7, "match_code": 15, "mismatch_code": 1, "col_lanes": 2},
            (1971, 1),
            (1284, 2),
        ),
    ],
)
def test_chips_of_window_cells_are_near_what_was_measured(changes, ice40, ecp5):
    bundle = random_bundle(MNIST.with_(cell="window", **changes), 0, codes="random")
    for family, (cells, dsps) in (("ice40", ice40), ("ecp5", ecp5)):
        expected = estimate(bundle, None, family)
        assert expected.cells == pytest.approx(cells, rel=LARGEST_ERROR_OF_WINDOWS)
        assert expected.dsps == dsps


def test_read_noise_and_nonlinearity_add_what_was_measured():
    plain = random_bundle(MNIST, 0, codes="random")
    noisy = random_bundle(MNIST, 0, codes="random", noise=True, inl=True)
    for family, cells, ffs in (("ice40", 815, 483), ("ecp5", 766, 480)):
        before, after = estimate(plain, None, family), estimate(noisy, None, family)
        assert after.cells - before.cells == pytest.approx(cells, rel=LARGEST_ERROR)
        assert after.ffs - before.ffs == pytest.approx(ffs, rel=LARGEST_ERROR)
        assert after.dsps == before.dsps + 1
        assert after.block_rams > before.block_rams
