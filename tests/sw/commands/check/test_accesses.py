"""``engram check accesses``: both front ends of a bundle, and the first number that differs."""

import json
from pathlib import Path

import pytest

from sim import counting
from sim.counting import Count
from sw.bundle import save
from tests.helpers.bundles import random_bundle, tiny_design
from tests.helpers.commands import run


@pytest.fixture
def tiny(tmp_path) -> Path:
    path = tmp_path / "tiny.engram"
    save(random_bundle(tiny_design(), 1), path)
    return path


@pytest.fixture
def counted(monkeypatch):
    """Counts that no compiler is needed for: what the RTL counts is tested where it is counted."""
    counts = [Count("frontend.0", "steps", 5, 5), Count("frontend.0", "frontend.0.window.0 reads", 5, 6)]
    monkeypatch.setattr(counting, "counted_program", lambda *_: None)
    monkeypatch.setattr(counting, "count", lambda *_: counts)
    return counts


def test_the_first_number_that_differs_is_named(tiny, counted):
    code, out, err = run("check", "accesses", tiny, "--json")
    rows = json.loads(out)["front_ends"]
    assert code == 1 and [row["variant"] for row in rows] == ["streaming", "folded"]
    assert all(row["differences"] == 1 and row["counts"] == 2 and row["accesses"] == 6 for row in rows)
    assert f"{tiny}, streaming: frontend.0: frontend.0.window.0 reads per image, expected 5, got 6\n" in err


def test_equal_numbers_are_a_table(tiny, counted):
    counted.pop()
    code, out, _ = run("check", "accesses", tiny)
    assert code == 0 and "streaming" in out and "folded" in out


def test_an_unknown_bundle_is_one_line():
    code, out, err = run("check", "accesses", "zoo:none")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "zoo" in err
