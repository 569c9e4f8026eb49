"""The teacher: trained once, its answers kept with a digest, never trusted blindly."""

import shutil
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from torch import nn

from sw.errors import EngramError
from sw.progress import SILENT, Listener
from sw.training.determinism import deterministic
from sw.training.loop import fit as loop
from sw.training.loop.trainable import Split
from sw.training.recipe import Recipe
from sw.training.run.folder import RunFolder
from sw.training.teacher import answers as module
from sw.training.teacher import taught
from sw.training.teacher.answers import teacher_targets

RECIPE = Recipe(1, 1, 2, batch=16)


@pytest.fixture
def split():
    images = torch.randint(0, 256, (40, 6, 7), generator=torch.Generator().manual_seed(0))
    return Split(images.to(torch.uint8), torch.arange(40) % 3)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "teachers"


@pytest.fixture
def trainings(monkeypatch):
    """Counts how often a teacher is trained."""
    calls = []
    original = taught.fit

    def counted(*arguments, **options):
        calls.append(1)
        return original(*arguments, **options)

    monkeypatch.setattr(taught, "fit", counted)
    return calls


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def targets_of(split, recipe=RECIPE, seed=0, digest="a" * 64, source="tiny", run=None, listener=SILENT):
    with deterministic(seed):
        recipe = replace(recipe, teacher_seed=seed)
        return teacher_targets(split, split, 3, recipe, digest, source=source, run=run, listener=listener)


def test_second_call_comes_from_the_cache_with_the_same_bits(split, cache, trainings):
    said = []
    first = targets_of(split, listener=Listener(say=said.append))
    assert (first.logits.shape, first.logits.dtype, first.mirrored) == ((40, 3), torch.float32, None)
    assert first.accuracy == float((first.logits.argmax(1) == split.labels).double().mean())
    again = targets_of(split, listener=Listener(say=said.append))
    assert torch.equal(again.logits, first.logits)
    assert (again.accuracy, again.digest) == (first.accuracy, first.digest)
    assert len(trainings) == 1
    line = f"teacher tiny: validation {first.accuracy:.2%}, digest {first.digest[:12]}"
    assert said == [line, line]
    assert sorted(path.suffixes[0] for path in files_in(cache)) == [".logits", ".weights"]


def test_same_seed_gives_the_same_bytes_in_any_cache(split, cache, monkeypatch, tmp_path):
    first = targets_of(split)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "other"))
    assert targets_of(split).digest == first.digest
    for path in files_in(cache):
        assert (tmp_path / "other" / "teachers" / path.relative_to(cache)).read_bytes() == path.read_bytes()


def test_logits_are_made_again_from_kept_weights(split, cache, trainings):
    first = targets_of(split)
    next(cache.rglob("*.logits.*")).unlink()
    assert targets_of(split).digest == first.digest
    assert len(trainings) == 1


def test_mirrored_images_have_logits_where_the_recipe_mirrors(split, cache, trainings):
    recipe = replace(RECIPE, flip=True)
    first = targets_of(split, recipe)
    mirror = Split(split.images.flip(2), split.labels)
    assert first.mirrored.shape == (40, 3)
    assert not torch.equal(first.logits, first.mirrored)
    with deterministic(0):
        network = taught.untrained("tiny", split, 3)
    (weights,) = cache.rglob("*.weights.*")
    network.load_state_dict(safetensors.torch.load(weights.read_bytes()))
    with torch.no_grad():
        assert torch.equal(network.eval()(mirror.images), first.mirrored)
    assert targets_of(split, recipe).digest == first.digest
    assert len(trainings) == 1


def test_network_data_settings_and_seed_have_their_own_teachers(split, trainings):
    digests = {
        targets_of(split).digest,
        targets_of(split, digest="b" * 64).digest,
        targets_of(split, seed=1).digest,
        targets_of(split, recipe=replace(RECIPE, teacher_epochs=1)).digest,
        targets_of(split, source="r8").digest,
        targets_of(split, recipe=replace(RECIPE, teacher_weight_decay=0.2)).digest,
        targets_of(split, recipe=replace(RECIPE, cutout=2)).digest,
        targets_of(split, recipe=replace(RECIPE, teacher_batch=4)).digest,
    }
    assert (len(trainings), len(digests)) == (8, 8)
    targets_of(split, recipe=replace(RECIPE, epochs=99, distil_weight=2.0))  # nothing of the teacher's
    targets_of(split, recipe=replace(RECIPE, batch=8, teacher_batch=RECIPE.batch))  # the student's alone
    assert len(trainings) == 8


def test_the_teacher_learns_in_batches_of_its_own(split, cache, trainings):
    alike = targets_of(split, recipe=replace(RECIPE, teacher_batch=4))
    shutil.rmtree(cache)
    own = targets_of(split, recipe=replace(RECIPE, batch=4))
    assert torch.equal(alike.logits, own.logits)
    assert not torch.equal(alike.logits, targets_of(split).logits)
    assert len(trainings) == 3


@pytest.mark.parametrize("kind", ["weights", "logits"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:-9],
        lambda raw: b"\x80\x04" + raw,
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    ],
    ids=["empty", "short", "longer", "one bit"],
)
def test_damaged_entry_is_made_again(split, cache, trainings, damage, kind):
    first = targets_of(split)
    entry = next(cache.rglob(f"*.{kind}.*"))
    good = entry.read_bytes()
    for path in files_in(cache):
        if path != entry and kind == "weights":
            path.unlink()  # logits alone would do
    entry.write_bytes(damage(good))
    assert targets_of(split).digest == first.digest
    assert len(trainings) == (2 if kind == "weights" else 1)
    assert entry.read_bytes() == good


def test_cache_that_cannot_be_written_is_only_a_note(split, cache):
    warned = []
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert targets_of(split, listener=Listener(warn=warned.append)).logits.shape == (40, 3)
    weights, answers, *_ = warned
    for line in (weights, answers):
        assert line.startswith("the teacher is not kept: cannot write")


def test_ctrl_c_keeps_no_half_trained_teacher(split, cache, monkeypatch):
    monkeypatch.setattr(taught, "fit", lambda *_, **__: False)
    with pytest.raises(KeyboardInterrupt):
        targets_of(split)
    assert not cache.exists()


def test_interrupted_training_goes_on_to_the_same_bytes(split, cache, tmp_path, monkeypatch):
    recipe = replace(RECIPE, teacher_epochs=4, flip=True)
    want = targets_of(split, recipe)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0.0)
    original, epochs = loop.accuracy, []

    def interrupted(*arguments):
        epochs.append(1)
        if len(epochs) == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    with RunFolder(tmp_path / "run", {}) as run:
        with monkeypatch.context() as patch:
            patch.setattr(loop, "accuracy", interrupted)
            with pytest.raises(KeyboardInterrupt):
                targets_of(split, recipe, run=run.part("teacher"))
        assert not (tmp_path / "other" / "teachers").exists()
    monkeypatch.setattr(loop, "accuracy", lambda *given: (epochs.append(1), original(*given))[1])
    with RunFolder(tmp_path / "run", {}) as run:
        assert targets_of(split, recipe, run=run.part("teacher")).digest == want.digest
    assert len(epochs) == 3 + 2
    for path in files_in(cache):
        assert (tmp_path / "other" / "teachers" / path.relative_to(cache)).read_bytes() == path.read_bytes()


class Left(nn.Module):
    """Looks at the left edge."""

    def forward(self, images):
        return images[:, 0, :3, 0] - torch.tensor([0.0, 2.0, 2.0])


def test_own_teacher_is_asked_for_both_sides_and_said_to_be_poor(split, cache):
    source = "tests.sw.training.teacher.test_answers:Left"
    said, warned = [], []
    listener = Listener(say=said.append, warn=warned.append)
    found = targets_of(split, replace(RECIPE, flip=True), source=source, listener=listener)
    pixels = split.images.float() / 255
    offset = torch.tensor([0.0, 2.0, 2.0])
    assert torch.equal(found.logits, pixels[:, :3, 0] - offset)
    assert torch.equal(found.mirrored, pixels[:, :3, 6] - offset)
    assert found.accuracy == 14 / 40
    assert not cache.exists()
    assert said == [f"teacher {source}: validation 35.00%, digest {found.digest[:12]}"]
    (warning,) = warned
    assert warning.startswith("the teacher is hardly better than chance (33.3%): it must know")


def test_answers_of_a_file_are_kept_by_its_content(split, tmp_path, monkeypatch):
    path = tmp_path / "mine.pt2"

    def export(seed):
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Flatten(), nn.Linear(42, 3)).eval()
        torch.export.save(
            torch.export.export(
                network, (torch.zeros(4, 1, 6, 7),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
            ),
            path,
        )
        return network

    network = export(0)
    first = targets_of(split, source=str(path))
    with torch.no_grad():
        assert torch.equal(first.logits, network(split.images[:, None].float() / 255))
    path.rename(tmp_path / "renamed.pt2")
    with monkeypatch.context() as patch:
        patch.setattr(module, "foreign_teacher", lambda *_: pytest.fail("asked again"))
        assert targets_of(split, source=str(tmp_path / "renamed.pt2")).digest == first.digest
    export(1)
    assert targets_of(split, source=str(path)).digest != first.digest


def test_unknown_teacher_is_refused(split):
    with pytest.raises(EngramError) as refusal:
        targets_of(split, source="resnet")
    assert str(refusal.value) == (
        "a teacher must be one of tiny, r8, r10, r18, resnet50, a file ending in .pt2 or .onnx, or "
        "package.module:callable, got 'resnet'"
    )
