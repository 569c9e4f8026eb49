"""Entries of the cache: whole and of this teacher, or none."""

import pytest
import torch

from sw.training.teacher.cache import entry_path, keep, kept

IDENTITY = {"version": 1, "teacher": "tiny", "batch": 5}
TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(7)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    return tmp_path / "teachers"


def test_what_is_kept_comes_back(cache):
    assert kept(IDENTITY, "weights", TENSORS) is None
    keep(IDENTITY, "weights", TENSORS, {"accuracy": 0.1}, pytest.fail)
    tensors, values = kept(IDENTITY, "weights", TENSORS)
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert values == {"accuracy": 0.1}
    assert kept(IDENTITY, "logits", TENSORS) is None
    assert [path.suffixes for path in cache.rglob("*.*")] == [[".weights", ".safetensors"]]


@pytest.mark.parametrize(
    "layout",
    [
        {"a": TENSORS["a"]},
        {**TENSORS, "a": torch.zeros(3, 2)},
        {**TENSORS, "b": torch.tensor(7.0)},
        {**TENSORS, "c": torch.zeros(1)},
    ],
    ids=["name more", "shape", "type", "name less"],
)
def test_another_layout_counts_as_none(layout):
    keep(IDENTITY, "weights", TENSORS, {}, pytest.fail)
    assert kept(IDENTITY, "weights", layout) is None


def test_entry_of_another_teacher_counts_as_none():
    other = {**IDENTITY, "device": "cuda"}
    keep(other, "weights", TENSORS, {}, pytest.fail)
    path = entry_path(IDENTITY, "weights")
    path.parent.mkdir(parents=True)
    entry_path(other, "weights").rename(path)
    assert kept(IDENTITY, "weights", TENSORS) is None


def test_damaged_entry_counts_as_none():
    keep(IDENTITY, "weights", TENSORS, {}, pytest.fail)
    path = entry_path(IDENTITY, "weights")
    path.write_bytes(path.read_bytes()[:-1])
    assert kept(IDENTITY, "weights", TENSORS) is None
