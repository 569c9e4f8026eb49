"""Write-verify: where devices end, what it takes, and what happens to those that are stuck."""

import numpy as np
import pytest

from sw.rram.devices.presets import DEVICES
from sw.rram.laws.write_verify import Pulses, written

CMO = DEVICES["cmo-hfox"]
FINE = DEVICES["cmo-hfox-fine"]
SHAPE = (2, 784, 30)
HALF_A_STATE = 0.5 * 1.25 * 90e-6 / 65_535


def write(target, device=CMO, held=None, seed=1, shape=SHAPE, **changes):
    targets = np.full(shape, target) if np.ndim(target) == 0 else target
    held = np.full(targets.shape, np.nan) if held is None else held
    law = device.pulses.model_copy(update=changes)
    return written(
        targets, held, law, device.g_hrs_siemens, device.g_lrs_siemens, np.random.default_rng(seed)
    )


def pulses_of(done):
    return done.sets + done.resets


@pytest.mark.parametrize("device", [CMO, FINE], ids=lambda device: device.name)
@pytest.mark.parametrize("target", [8e-6, 50e-6, 90e-6])
def test_accepted_devices_lie_evenly_within_the_acceptance_as_the_cited_law_has_it(device, target):
    done = write(target, device)
    acceptance = device.pulses.acceptance * target
    error = (done.conductances - target)[~done.failed]
    assert np.abs(error).max() <= acceptance + HALF_A_STATE
    assert error.std() == pytest.approx(acceptance / 3**0.5, rel=0.05)
    assert abs(error.mean()) < 0.2 * acceptance
    assert error.std() == pytest.approx(device.sigma_siemens(np.array(target)), rel=0.2)
    assert done.failed.mean() < 0.001
    assert 5 < pulses_of(done).mean() < 60


def test_few_pulses_leave_failures_and_no_device_gets_more():
    done = write(90e-6, max_pulses=4)
    assert pulses_of(done).max() == 4
    assert 0 < done.failed.mean() < 1
    assert np.all(np.abs(done.conductances[done.failed] - 90e-6) > 0.02 * 90e-6)


def test_stuck_devices_stay_and_cost_all_pulses_unless_they_are_right():
    targets = np.array([90e-6, 8e-6, 90e-6, 8e-6]).reshape(2, 2, 1)
    held = np.array([90e-6, 90e-6, np.nan, np.nan]).reshape(2, 2, 1)
    done = write(targets, held=held)
    assert done.conductances[0].ravel().tolist() == [90e-6, 90e-6]
    assert (done.sets[0].ravel().tolist(), done.resets[0].ravel().tolist()) == ([0, 0], [0, 255])
    assert done.failed.ravel().tolist() == [False, True, False, False]


def test_targets_of_every_level_are_reached():
    targets = np.linspace(8e-6, 90e-6, 16)[np.arange(2 * 784 * 30) % 16].reshape(SHAPE)
    done = write(targets)
    assert not done.failed.any()
    assert np.all(np.abs(done.conductances - targets) <= 0.02 * targets + HALF_A_STATE)


def test_the_same_chip_is_written_in_the_same_way():
    one, again, other = write(50e-6), write(50e-6), write(50e-6, seed=2)
    np.testing.assert_array_equal(one.conductances, again.conductances)
    assert np.any(one.conductances != other.conductances)


def test_spreads_change_pulses_and_not_the_accepted_error():
    alike, unlike = (write(50e-6, device_spread=spread, cycle_spread=spread) for spread in (0.0, 0.4))
    assert unlike.conductances.std() == pytest.approx(alike.conductances.std(), rel=0.1)
    assert pulses_of(unlike).std() > pulses_of(alike).std()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"acceptance": 0}, "greater than 0"),
        ({"acceptance": 0.1, "max_pulses": 256}, "less than or equal to 255"),
    ],
)
def test_pulses_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Pulses(**changes)
