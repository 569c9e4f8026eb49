"""Random telegraph noise against its own parameters."""

import numpy as np

from sw.rram.laws.telegraph import Telegraph, with_traps

SAMPLES = 400_000
LAW = Telegraph(p_trap=0.2, amplitude=0.1, p_captured=0.3, p_slow=0.25)
START = np.full((2, SAMPLES // 2, 1), 50e-6)


def near(share, expected):
    return abs(share - expected) < 5 * (expected * (1 - expected) / SAMPLES) ** 0.5


def test_slow_traps_are_frozen_and_fast_ones_add_their_mean_and_variance():
    got, variance = with_traps(START, LAW, np.random.default_rng(1))
    lost = (START - got) / START
    assert near(np.isclose(lost, 0.1).mean(), 0.2 * 0.25 * 0.3)  # slow, captured
    fast = np.isclose(lost, 0.03)
    assert near(fast.mean(), 0.2 * 0.75)
    assert np.all((variance > 0) == fast)
    np.testing.assert_allclose(variance[fast], 0.3 * 0.7 * (0.1 * 50e-6) ** 2)
    assert np.all(np.isclose(lost, 0.1) | fast | (lost == 0))


def test_all_traps_can_be_taken_as_slow():
    got, variance = with_traps(START, LAW, np.random.default_rng(1), all_slow=True)
    assert not variance.any()
    assert near((got < START).mean(), 0.2 * 0.3)


def test_more_traps_keep_those_that_were_there():
    laws = [LAW.model_copy(update={"p_trap": share}) for share in (0.1, 0.3)]
    few, more = (with_traps(START, law, np.random.default_rng(1))[0] for law in laws)
    assert np.all(more[few < START] == few[few < START])
