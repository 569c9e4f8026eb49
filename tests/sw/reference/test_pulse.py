"""Pulses and write-verify, against the formulas in plain integers, one device at a time."""

import numpy as np
import pytest

from sw.reference.pulse import PulseRule, device_indices, stuck_devices, write_verify
from tests.helpers.noise_words import words_by_hand

RULE = PulseRule(
    key=(1, 2, 3, 4),
    device_spread=90,
    cycle_spread=120,
    p_stuck_hrs=3000,
    p_stuck_lrs=2000,
    hrs_state=1,
    lrs_state=14,
    start_amplitude=40,
    amplitude_step=30,
    tolerance=0,
    max_pulses=12,
)


def draw(index, number, rule):
    first, *rest = rule.key
    return words_by_hand((first ^ number, *rest), index, 8)


def centred(word):
    return word % 256 + word // 256 - 255


def programmed_by_hand(state, target, index, rule, max_state):
    """The loop of the docstring: state, SET pulses, RESET pulses, failure."""
    stuck = draw(index, 0, rule)[0] < rule.p_stuck_hrs + rule.p_stuck_lrs
    pulses, amplitude, last = {True: 0, False: 0}, 0, None
    for number in range(1, rule.max_pulses + 1):
        if abs(state - target) <= rule.tolerance:
            break
        up = state < target
        amplitude = min(255, amplitude + rule.amplitude_step) if up == last else rule.start_amplitude
        last = up
        pulses[up] += 1
        dither, word = draw(index, number, rule)
        gain = 256 + centred(draw(index, 0, rule)[1]) * rule.device_spread // 256
        gain = max(0, gain + centred(word) * rule.cycle_spread // 256)
        distance = (max_state - state if up else state) + (max_state + 1) // 4
        step = (amplitude * distance * gain + dither) // 65536
        if not stuck:
            state = min(max(state + (step if up else -step), 0), max_state)
    return state, pulses[True], pulses[False], abs(state - target) > rule.tolerance


@pytest.mark.parametrize(("bits", "tolerance"), [(1, 0), (4, 0), (4, 1), (8, 3), (12, 40)])
def test_write_verify_by_hand(bits, tolerance):
    rng = np.random.default_rng([bits, tolerance])
    rule = RULE.model_copy(update={"tolerance": tolerance})
    top = 2**bits - 1
    states, targets = rng.integers(0, top, (2, 2, 20, 3), endpoint=True)
    indices = device_indices(20, 3)
    got = write_verify(states, targets, indices, rule, top)
    for place in np.ndindex(targets.shape):
        expected = programmed_by_hand(int(states[place]), int(targets[place]), int(indices[place]), rule, top)
        assert tuple(int(part[place]) for part in got) == expected, place
    assert got.failed.any() and not got.failed.all()


def test_devices_have_counters_of_their_own():
    indices = device_indices(300, 5)
    assert indices[1, 299, 4] == 4 * 2**17 + 299 * 2 + 1
    assert len(np.unique(indices)) == indices.size


def test_stuck_devices_are_as_many_as_asked_for():
    hrs, lrs = stuck_devices(device_indices(5_000, 20), RULE)
    assert not np.any(hrs & lrs)
    for found, wanted in ((hrs, 3000 / 65536), (lrs, 2000 / 65536)):
        assert abs(found.mean() - wanted) < 5 * (wanted / found.size) ** 0.5
