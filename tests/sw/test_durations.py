"""Durations in words."""

import pytest

from sw.durations import seconds_of, written_duration
from sw.errors import EngramError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("1s", 1),
        (" 90 s", 90),
        ("10min", 600),
        ("2H", 7_200),
        ("1d", 86_400),
        ("0.5d", 43_200),
        ("10y", 315_576_000),
        ("1e3s", 1_000),
    ],
)
def test_seconds(text, seconds):
    assert seconds_of(text, "--read-time") == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "d", "1w", "-1s", "1.2.3s", "nan", "nans", "infs", "1e999s", "1 d 2 h"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(EngramError) as refusal:
        seconds_of(text, "--read-time")
    assert str(refusal.value) == (
        f"--read-time must be a number and a unit of s, min, h, d, y, such as 1d or 10y, got {text!r}"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.5, "0.5s"), (60, "1min"), (86_400, "1d"), (315_576_000, "10y")]
)
def test_words(seconds, text):
    assert written_duration(seconds) == text
    assert seconds_of(text, "it") == seconds
