"""Search: a search that was stopped anywhere asks for what it would have asked for."""

import pytest

from sw.errors import EngramError
from sw.explore.space import search as search_module
from sw.explore.space.objectives import Objective
from sw.explore.space.search import Search
from sw.explore.space.space import Space

pytest.importorskip("optuna")
SPACE = Space({"bundle": ("one",), "rows": (32, 64, 128), "adc_bits": (3, 4, 5, 6), "noise": (True, False)})
GOALS = [Objective("accuracy_mean", most=True), Objective("area_mm2")]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(search_module, "BATCH", 6)


def opened(folder, algorithm="nsga2", seed=3):
    url = f"sqlite:///{folder / 'search.sqlite3'}"
    return Search(SPACE, GOALS, algorithm, seed=seed, storage=url, name="test")


def values_at(point):
    """None for points that cannot exist."""
    if point["rows"] == 128 and point["noise"]:
        return None
    return [point["adc_bits"] / 6 - 0.1 * point["noise"], point["rows"] * point["adc_bits"]]


def drive(search, trials, stop=None):
    """Tell trials; stop after so many."""
    asked = []
    for batch in search.batches(trials):
        for trial in batch:
            if stop is not None and len(asked) == stop:
                return asked
            asked.append(trial)
            search.tell(trial, values_at(trial.point))
    return asked


@pytest.mark.parametrize("algorithm", ["nsga2", "tpe"])
def test_a_stopped_search_goes_on_as_if_it_had_not_been(tmp_path, algorithm):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    straight = drive(opened(whole, algorithm), 20)
    first = drive(opened(parts, algorithm), 20, stop=9)
    assert first + drive(opened(parts, algorithm), 20) == straight
    assert [trial.number for trial in straight] == list(range(20))
    assert opened(parts, algorithm).all_points() == opened(whole, algorithm).all_points()
    assert drive(opened(parts, algorithm), 20) == []


def test_a_search_stopped_while_it_asked_fills_its_batch(tmp_path, monkeypatch):
    search, asked = opened(tmp_path), []
    ask = search._study.ask

    def fails_later(choices):
        if len(asked) == 4:
            raise KeyboardInterrupt
        asked.append(ask(choices))
        return asked[-1]

    monkeypatch.setattr(search._study, "ask", fails_later)
    with pytest.raises(KeyboardInterrupt):
        next(search.batches(20))
    batch = next(opened(tmp_path).batches(20))
    assert [trial.number for trial in batch] == list(range(6))


def test_all_points_are_told_ones_each_once(tmp_path):
    asked = drive(opened(tmp_path), 18)
    points = opened(tmp_path).all_points()
    assert points == list(dict.fromkeys(trial.point for trial in asked))
    assert all(point["bundle"] == "one" and type(point["noise"]) is bool for point in points)


@pytest.mark.parametrize(
    "url", ["nothing", "sqlite:////nowhere/at/all.sqlite3", "postgresql://localhost:1/x"]
)
def test_a_storage_that_does_not_serve_is_one_line(url):
    with pytest.raises(EngramError, match=r"the storage \S+ cannot be used") as refused:
        Search(SPACE, GOALS, "nsga2", seed=0, storage=url, name="test")
    assert "\n" not in str(refused.value)
