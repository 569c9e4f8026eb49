"""Measured conductances: the file, and sampling from it."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.rram.laws.measured import read_measured

HEADER = "level,time_seconds,g_siemens\n"
SAMPLES = 1_000_000


def table(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def lines(*rows):
    return HEADER + "".join(f"{level},{time},{g}\n" for level, time, g in rows)


@pytest.fixture
def measured(tmp_path):
    """Levels 0, 1, 2 around 10, 50, 90 uS at 1, 100 and 10,000 s; the top one loses 1 uS per two decades."""
    rng = np.random.default_rng(1)
    rows = []
    for level, mean in enumerate((10e-6, 50e-6, 90e-6)):
        deviates = rng.normal(0, 1e-6, 400)
        for decade, time in enumerate((1, 100, 10_000)):
            rows += [(level, time, mean + g - (level == 2) * decade * 1e-6) for g in deviates]
    return read_measured(table(tmp_path, lines(*rows)))


def draw(measured, target, seconds=0.0, seed=1):
    targets = np.full(SAMPLES, target)
    return measured.conductances(targets, seconds, np.random.default_rng(seed))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_devices_follow_the_distribution_of_the_samples(measured, level):
    samples = measured.quantiles[level, 0]
    got = draw(measured, measured.medians[level])
    assert samples.min() == got.min()
    assert samples.max() == got.max()
    assert abs(got.mean() - samples.mean()) < 5 * samples.std() / SAMPLES**0.5
    for share in (0.05, 0.5, 0.95):
        below = (got < np.quantile(samples, share)).mean()
        assert abs(below - share) < 5 * (share * (1 - share) / SAMPLES) ** 0.5 + 0.5 / len(samples)


def test_devices_keep_their_quantile_over_time(measured):
    first, second, third = (draw(measured, measured.medians[2], seconds) for seconds in (1, 100, 10_000))
    np.testing.assert_allclose(second, first - 1e-6)
    np.testing.assert_allclose(third, first - 2e-6)


def test_times_between_are_interpolated_in_the_logarithm(measured):
    first, between = (draw(measured, measured.medians[2], seconds) for seconds in (0, 1_000))
    np.testing.assert_allclose(between, first - 1.5e-6)


def test_bounds_between_levels_are_interpolated(measured):
    target = measured.medians[:2].mean()
    low, high, between = (draw(measured, g) for g in (*measured.medians[:2], target))
    np.testing.assert_allclose(between, (low + high) / 2)


def test_the_median_device_is_exact_and_drifts(measured):
    exact = measured.exact()
    np.testing.assert_allclose(draw(exact, measured.medians[2]), measured.medians[2])
    np.testing.assert_allclose(draw(exact, measured.medians[2], 10_000), measured.medians[2] - 2e-6)
    assert exact.exact() is exact


@pytest.mark.parametrize("seconds", [0.5, 10_001])
def test_other_times_are_refused(measured, seconds):
    with pytest.raises(EngramError) as refusal:
        measured.at(seconds)
    assert str(refusal.value) == (
        "read_time_seconds must lie within the measured times, 1 to 10000, or be 0 for the first of them, "
        f"got {seconds:g}"
    )


def test_one_sample_of_each_level_is_a_device_without_spread(tmp_path):
    got = read_measured(table(tmp_path, "g_siemens,level,time_seconds\n1e-6,0,1\n5e-6,7,1\n"))
    assert draw(got, 5e-6)[0] == 5e-6


GOOD = [(0, 1, 1e-6), (0, 60, 1e-6), (1, 1, 5e-6), (1, 60, 5e-6)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "must hold at least two levels, HRS and LRS, got 0"),
        (lines(*GOOD[:2]), "must hold at least two levels, HRS and LRS, got 1"),
        (
            lines(*GOOD[:3]),
            "level 1 must be measured at 60 s too, as in line 3, it is not; a hole is not filled in: "
            "add the lines or leave that time out",
        ),
        (
            lines((0, 1, 5e-6), (1, 1, 1e-6)),
            "the median conductance must rise with the level, that of level 1 is not above that of level 0 "
            "at 1 s; the lowest level is the HRS",
        ),
    ],
)
def test_samples_that_make_no_device_are_refused(tmp_path, text, message):
    path = table(tmp_path, text)
    with pytest.raises(EngramError) as refusal:
        read_measured(path)
    assert str(refusal.value).removeprefix(f"{path}").removeprefix(":").strip() == message


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(EngramError, match=r"cannot read .*none\.csv: No such file"):
        read_measured(tmp_path / "none.csv")
