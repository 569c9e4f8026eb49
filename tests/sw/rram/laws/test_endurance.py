"""The window of worn devices."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.laws.endurance import Endurance, within_worn_window

LAW = Endurance(onset_cycles=1e4, narrowing_per_decade=0.1, hrs_share=0.25)


@pytest.mark.parametrize(
    ("cycles", "hrs", "lrs"),
    [(1, 10e-6, 90e-6), (10**4, 10e-6, 90e-6), (10**5, 12e-6, 84e-6), (10**7, 16e-6, 72e-6)],
)
def test_the_window_narrows_by_the_decade(cycles, hrs, lrs):
    assert LAW.window(10e-6, 90e-6, cycles) == pytest.approx((hrs, lrs))


def test_targets_are_reached_as_far_as_the_window_goes():
    targets = np.array([10e-6, 20e-6, 90e-6])
    got = within_worn_window(targets, LAW, 10e-6, 90e-6, 10**7)
    np.testing.assert_allclose(got, [16e-6, 20e-6, 72e-6])


def test_a_device_without_a_window_is_refused():
    with pytest.raises(EngramError) as refusal:
        Endurance(onset_cycles=1, narrowing_per_decade=0.5).window(10e-6, 90e-6, 10**6)
    assert str(refusal.value) == (
        "cycles must leave a window of conductances, got 1e+06: the endurance law takes 300% of it; "
        "use fewer cycles"
    )
