"""Entries of the cache: whole and of this teacher, or none."""

import pytest
import safetensors.torch
import torch

from sw.teacher_cache import entry_path, keep, kept, tensors_digest

IDENTITY = [1, "tiny", {"batch": 5}]
TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(7)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    return tmp_path / "teachers"


def test_what_is_kept_comes_back(cache):
    path = entry_path(IDENTITY, "weights")
    assert path.parent == cache
    assert kept(path, IDENTITY, TENSORS) is None
    keep(path, IDENTITY, TENSORS, {"accuracy": 0.1})
    tensors, values = kept(path, IDENTITY, TENSORS)
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert values == {"accuracy": 0.1}


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
    path = entry_path(IDENTITY, "weights")
    keep(path, IDENTITY, TENSORS, {})
    assert kept(path, IDENTITY, layout) is None


def test_entry_of_another_teacher_counts_as_none():
    path, other = entry_path(IDENTITY, "weights"), [*IDENTITY, "cuda"]
    assert entry_path(other, "weights") != path
    keep(path, other, TENSORS, {})
    assert kept(path, IDENTITY, TENSORS) is None


def test_file_of_somebody_else_counts_as_none(cache):
    path = entry_path(IDENTITY, "weights")
    cache.mkdir()
    for metadata in (None, {"engram-teacher": "[]"}, {"engram-teacher": "{"}):
        path.write_bytes(safetensors.torch.save(TENSORS, metadata))
        assert kept(path, IDENTITY, TENSORS) is None


def test_digest_is_of_names_types_shapes_bytes_and_identity():
    changed = [
        (IDENTITY, {"a": TENSORS["a"], "c": TENSORS["b"]}),
        (IDENTITY, {**TENSORS, "b": torch.tensor(7, dtype=torch.int32)}),
        (IDENTITY, {**TENSORS, "a": TENSORS["a"].view(3, 2)}),
        (IDENTITY, {**TENSORS, "b": torch.tensor(6)}),
        ([2, *IDENTITY[1:]], TENSORS),
    ]
    digests = {tensors_digest(*one) for one in [(IDENTITY, TENSORS), *changed]}
    assert len(digests) == 6
    assert tensors_digest(IDENTITY, dict(reversed(TENSORS.items()))) in digests
