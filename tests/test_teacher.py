"""The teacher: trained once, kept as safetensors, never trusted blindly."""

from dataclasses import replace

import pytest
import safetensors.torch
import torch

from sw import teacher as module
from sw.fit import Recipe, Split, deterministic
from sw.teacher import teacher_logits

RECIPE = Recipe(1, 1, 2, batch=16)


@pytest.fixture
def split():
    images = torch.randint(0, 256, (40, 6, 7), generator=torch.Generator().manual_seed(0))
    return Split(images.to(torch.uint8), torch.arange(40) % 3)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    return tmp_path / "teachers"


@pytest.fixture
def trainings(monkeypatch):
    """Counts how often a teacher is trained."""
    calls = []
    original = module.fit

    def counted(*arguments, **options):
        calls.append(1)
        return original(*arguments, **options)

    monkeypatch.setattr(module, "fit", counted)
    return calls


def logits_of(split, recipe=RECIPE, seed=0, digest="a" * 64):
    with deterministic(seed):
        return teacher_logits(split, split, 3, recipe, seed, digest)


def test_second_call_comes_from_the_cache_with_the_same_logits(split, cache, trainings):
    first = logits_of(split)
    assert first.shape == (40, 3)
    assert torch.equal(logits_of(split), first)
    assert len(trainings) == 1
    assert [path.suffix for path in cache.iterdir()] == [".safetensors"]


def test_data_settings_and_seed_have_their_own_teachers(split, trainings):
    logits_of(split)
    logits_of(split, digest="b" * 64)
    logits_of(split, seed=1)
    logits_of(split, recipe=replace(RECIPE, teacher_epochs=1))
    assert len(trainings) == 4
    logits_of(split, recipe=replace(RECIPE, epochs=99, distil_weight=2.0))  # nothing of the teacher's
    assert len(trainings) == 4


@pytest.mark.parametrize("damage", [lambda raw: b"", lambda raw: raw[:-9], lambda raw: b"\x80\x04" + raw])
def test_damaged_cache_entry_is_trained_again(split, cache, trainings, damage):
    first = logits_of(split)
    entry = next(cache.iterdir())
    good = entry.read_bytes()
    entry.write_bytes(damage(good))
    assert torch.equal(logits_of(split), first)
    assert len(trainings) == 2
    assert entry.read_bytes() == good


@pytest.mark.parametrize(
    "misfit", [torch.zeros(7), torch.zeros(3, dtype=torch.float64)], ids=["shape", "type"]
)
def test_entry_that_fits_in_part_leaves_nothing_behind(split, cache, trainings, misfit):
    first = logits_of(split)
    entry = next(cache.iterdir())
    good = entry.read_bytes()
    state = {name: value + 1 for name, value in safetensors.torch.load(good).items()}
    assert state["head.bias"].shape == (3,)
    state["head.bias"] = misfit
    entry.write_bytes(safetensors.torch.save(state))
    assert torch.equal(logits_of(split), first)
    assert len(trainings) == 2
    assert entry.read_bytes() == good


def test_cache_that_cannot_be_written_is_only_a_note(split, cache, capfd):
    cache.write_text("a file where the folder should be")
    assert logits_of(split).shape == (40, 3)
    assert "the teacher is not kept: cannot write" in capfd.readouterr().err


def test_ctrl_c_keeps_no_half_trained_teacher(split, cache, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: False)
    with pytest.raises(KeyboardInterrupt):
        logits_of(split)
    assert not cache.exists()
