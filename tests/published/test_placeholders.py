"""Placeholders: every form of them, and what is refused."""

import pytest

from published.book import Book
from published.placeholders import filled
from sw.errors import EngramError

FACTS = {"command": "engram x", "commit": "0123456", "date": "2026-11-29", "processor": "P", "seconds": 90}
BOOK = Book.model_validate(
    {
        "train": {
            "one": {
                **FACTS,
                "seeds": [0],
                "figures": {
                    "test": {"unit": "%", "values": [68.035]},
                    "macs": {"values": [1234567]},
                    "took": {"unit": "s", "values": [600]},
                    "clock": {"unit": "MHz", "values": [24.25]},
                    "tiny": {"values": [1.25e-13]},
                },
            },
            "three": {
                **FACTS,
                "seeds": [0, 1, 2],
                "figures": {
                    "test": {"unit": "%", "values": [98.0, 99.0, 98.5]},
                    "macs": {"values": [1000, 3000, 2000]},
                },
            },
            "other": {
                **FACTS,
                "seeds": [0, 1, 2],
                "figures": {"test": {"unit": "%", "values": [97.0, 99.5, 98.5]}},
            },
            "unordered": {
                **FACTS,
                "seeds": [0, 1, 2],
                "by_seed": False,
                "figures": {"test": {"unit": "%", "values": [97.0, 98.5, 99.5]}},
            },
        }
    }
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{train.one.test}", "68.04 %"),
        ("{train.one.test.marked}", "68.04 % (one seed)"),
        ("{train.one.test:.1f}", "68.0"),
        ("{train.one.macs} MAC", "1,234,567 MAC"),
        ("{train.one.took:time}", "10min"),
        ("{train.one.clock}", "24.25 MHz"),
        ("{train.one.tiny:.0e}", "1e-13"),
        ("{train.one.tiny}", "1.25e-13"),
        ("{train.one/seconds}, {train.one/command}", "1.5min, engram x"),
        ("{train.three/seeds}, {train.three/date}", "0, 1, 2, 2026-11-29"),
        ("{train.three.test}", "98.50 % (98.00 .. 99.00)"),
        ("{train.three.test.marked}", "98.50 % (98.00 .. 99.00)"),
        ("{train.three.test.lowest}", "98.00 %"),
        ("{train.three.test.highest:.1f}", "99.0"),
        ("{train.three.test.mean}", "98.50 %"),
        ("{train.three.macs.range}", "1,000 .. 3,000"),
        ("{train.three.test - train.other.test:+.2f}", "+0.17 (-0.50 .. +1.00)"),
        ("no figure", "no figure"),
    ],
)
def test_forms(text, said):
    assert filled(text, BOOK) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{train.two.test}", "must have an entry train.two"),
        ("{train.one.tset}", "must have a figure tset, it has test, macs, took, clock"),
        ("{train.one}", "must be KIND.SUBJECT.FIGURE"),
        ("{train.one.test.median}", "with .mean, .lowest"),
        ("{train.one.test:.2z}", "a format of Python"),
        ("{train.one/day}", "must end in one of /command"),
        ("{train.one.test - train.three.test}", "equal seeds"),
        ("{train.three.test - train.unordered.test}", "value by seed"),
    ],
)
def test_refusals(text, said):
    with pytest.raises(EngramError) as refusal:
        filled(text, BOOK)
    assert said in str(refusal.value)
