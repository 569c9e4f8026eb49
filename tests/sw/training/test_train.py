"""From a data set to a bundle: metrics are the bundle's own, same seed same bytes, Ctrl-C, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from sw.bundle.file import from_bytes
from sw.bundle.provenance import Step
from sw.design import Layer
from sw.errors import EngramError
from sw.reference import pipeline
from sw.training import train as distil
from sw.training.loop import fit as loop
from sw.training.recipe import Recipe
from sw.training.run.folder import RunFolder, RunPart
from sw.training.train import train
from tests.helpers.trainings import BUDGET, DATA, DESIGN, EVERYTHING, NOISE, Died

RECIPE = Recipe(epochs=6, float_epochs=3, teacher_epochs=3, batch=20, shift=0.3, rotate_deg=0.0)
ALONE = replace(RECIPE, distil="none")
STEP = Step(command="train", seed=3)
CLEAR = replace(RECIPE, epochs=24, float_epochs=6, learning_rate=0.03)
"""Long enough for the stripes."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("method", "per_class"), [("learned", 2), ("mean", 1), ("kmeans", 2)], ids=["learned", "mean", "kmeans"]
)
def test_training_gives_a_bundle_whose_metrics_are_its_own(method, per_class):
    design = DESIGN.with_(templates_per_class=per_class)
    result = train(DATA, design, CLEAR, templates=method, seed=3, step=STEP)
    bundle = result.bundle
    assert result.finished
    assert from_bytes(bundle.to_bytes(), "x").digest == bundle.digest
    metrics = bundle.provenance.metrics
    assert sorted(metrics) == sorted(
        f"{part}.{kind}" for part in ("validation", "test") for kind in ("float", "quantised", "ideal")
    )
    for part, images, labels in (
        ("validation", DATA.validation.images, DATA.validation.labels),
        ("test", DATA.test.images, DATA.test.labels),
    ):
        found = pipeline.run(bundle, images)
        assert metrics[f"{part}.ideal"] == np.mean(found.label == labels)
        if method == "learned":
            assert metrics[f"{part}.quantised"] == metrics[f"{part}.ideal"]
    assert metrics["test.quantised"] > 0.8
    assert metrics["test.ideal"] > 0.8
    assert bundle.provenance.data == DATA.origin
    assert bundle.provenance.steps == (STEP,)


def test_same_seed_gives_the_same_bytes_with_and_without_a_cached_teacher(tmp_path, monkeypatch):
    first = train(DATA, DESIGN, RECIPE, seed=1).bundle.to_bytes()
    assert train(DATA, DESIGN, RECIPE, seed=1).bundle.to_bytes() == first
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "other"))
    assert train(DATA, DESIGN, RECIPE, seed=1).bundle.to_bytes() == first
    assert train(DATA, DESIGN, RECIPE, seed=2).bundle.to_bytes() != first


def test_students_of_other_seeds_share_a_teacher_and_another_teacher_is_asked_for():
    one, other = (train(DATA, DESIGN, RECIPE, seed=seed).teacher for seed in (1, 2))
    assert one is not None and other is not None and one.digest == other.digest
    another = train(DATA, DESIGN, replace(RECIPE, teacher_seed=1), seed=1).teacher
    assert another is not None and another.digest != one.digest


def test_no_distillation_trains_no_teacher(tmp_path):
    train(DATA, DESIGN, ALONE)
    assert not (tmp_path / "cache").exists()


def columns(path):
    """Rows of a log without the seconds, its last column."""
    return [line.rpartition(",")[0] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_training_that_dies_again_and_again_gives_the_same_bytes(tmp_path, monkeypatch, precision):
    """Teacher, twin and student with everything switched on; each life saves two epochs and loses one."""
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1.0)
    recipe = replace(EVERYTHING, precision=precision)
    with RunFolder(tmp_path / "whole", {}) as run:
        want = train(DATA, DESIGN, recipe, seed=4, noise=NOISE, run=run).bundle
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "other"))
    original, deaths, saves = RunPart.save, 0, []

    def save(part, state):
        saves.append(part)
        if len(saves) == 3:
            raise Died
        original(part, state)

    monkeypatch.setattr(RunPart, "save", save)
    got = None
    while got is None:
        saves.clear()
        with RunFolder(tmp_path / "pieces", {}) as run:
            try:
                got = train(DATA, DESIGN, recipe, seed=4, noise=NOISE, run=run).bundle
            except Died:
                deaths += 1
    assert deaths == (recipe.teacher_epochs + recipe.float_epochs + recipe.epochs - 1) // 2
    assert got.to_bytes() == want.to_bytes()
    for part in ("teacher", "float", "student"):
        one, other = (columns(tmp_path / folder / f"{part}.csv") for folder in ("whole", "pieces"))
        assert one == other
    assert len(columns(tmp_path / "whole" / "student.csv")) == recipe.epochs + 1


def test_everything_switched_on_keeps_budget_and_exactness():
    bundle = train(DATA, DESIGN, EVERYTHING, noise=NOISE).bundle
    kept = sum(np.count_nonzero(part.weight) * 30 for part in bundle.frontend)
    assert 0 < kept <= BUDGET
    metrics = bundle.provenance.metrics
    for part in ("validation", "test"):
        assert metrics[f"{part}.quantised"] == metrics[f"{part}.ideal"]
    assert bundle.design == DESIGN and bundle.provenance.device is None


def test_noise_of_chips_trains_another_student():
    ideal, noisy, again = (
        train(DATA, DESIGN, ALONE, noise=noise).bundle.to_bytes() for noise in (None, NOISE, NOISE)
    )
    assert noisy == again
    assert noisy != ideal


def interrupting(monkeypatch, label, epoch):
    """Ctrl-C in the given epoch, five steps each, of the network with that label."""
    current = {}

    def fit(*given, **options):
        current.update(label=options["label"], step=0)
        return original_fit(*given, **options)

    def loss(*given):
        current["step"] += 1
        if (current["label"], current["step"]) == (label, 5 * epoch - 2):
            raise KeyboardInterrupt
        return original_loss(*given)

    original_fit, original_loss = distil.fit, loop.student_loss
    monkeypatch.setattr(distil, "fit", fit)
    monkeypatch.setattr(loop, "student_loss", loss)


def test_ctrl_c_in_the_student_gives_a_whole_bundle_that_says_so(monkeypatch):
    interrupting(monkeypatch, "student", 3)
    result = train(DATA, DESIGN, ALONE, step=STEP)
    assert not result.finished
    assert result.bundle.provenance.steps == (STEP.model_copy(update={"interrupted": True}),)
    right = np.mean(pipeline.run(result.bundle, DATA.test.images).label == DATA.test.labels)
    metrics = result.bundle.provenance.metrics
    assert metrics["test.ideal"] == metrics["test.quantised"] == right


EARLY = {
    "before the first validation": ("student", 1, ALONE),
    "float twin": ("float twin", 2, ALONE),
    "soft": ("student", 2, replace(ALONE, soft_share=0.5)),
    "still pruned": ("student", 3, replace(ALONE, macs_nonzero=BUDGET)),
}


@pytest.mark.parametrize("case", EARLY)
def test_ctrl_c_before_there_is_a_student_gives_nothing(monkeypatch, case):
    label, epoch, recipe = EARLY[case]
    interrupting(monkeypatch, label, epoch)
    with pytest.raises(KeyboardInterrupt):
        train(DATA, DESIGN, recipe)


REFUSALS = {
    "image size": (
        DESIGN.with_(height=7),
        "learned",
        "design 'tiny' is for 3 classes of 7 x 5 pixels, data 'stripes.npz' has 3 of 6 x 5 pixels; "
        "use one that fits",
    ),
    "classes": (
        DESIGN.with_(classes=4),
        "learned",
        "design 'tiny' is for 4 classes of 6 x 5 pixels, data 'stripes.npz' has 3 of 6 x 5 pixels; "
        "use one that fits",
    ),
    "programmed cells": (
        DESIGN.with_(cell_bits=4, adc_bits=8),
        "learned",
        "training makes ideal cells: cell_bits must be 1 and adc_bits none, got 4 and 8; "
        "program the bundle with a device model afterwards",
    ),
    "two means": (
        DESIGN,
        "mean",
        "--templates mean makes one template per class, got templates_per_class 2; "
        "use 1, or --templates kmeans",
    ),
    "more clusters than images": (
        DESIGN.with_(templates_per_class=31),
        "kmeans",
        "--templates kmeans needs at least 31 training images of every class, got 30; "
        "use fewer --templates-per-class",
    ),
    "1-bit weights that are pruned": (
        DESIGN.with_(layers=(Layer(kind="conv3x3", out_channels=4, weight_bits=1),)),
        "learned",
        "1-bit weights are -1 or +1 and cannot be pruned, got macs_nonzero 2000; "
        "leave it out, or use weights of 2 bits or more",
    ),
    "accumulator too wide": (
        DESIGN.with_(
            layers=(
                {"kind": "pointwise1x1", "out_channels": 4096, "activation_bits": 4},
                {"kind": "conv3x3", "out_channels": 2, "weight_bits": 8},
            )
        ),
        "learned",
        "accumulators of a conv3x3 layer must stay below 2**24, 4096 inputs of 4 bits and 8-bit weights "
        "reach 70225920; use fewer channels or bits",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_does_not_fit_is_refused_before_training(monkeypatch, case):
    design, method, message = REFUSALS[case]
    monkeypatch.setattr(distil, "fit", lambda *_, **__: pytest.fail("training began"))
    with pytest.raises(EngramError) as refusal:
        train(DATA, design, replace(ALONE, macs_nonzero=BUDGET), templates=method)
    assert str(refusal.value) == message


@pytest.mark.parametrize("budget", [1, 59, 8_100, 9_000])
def test_budgets_that_no_pruning_leads_to_are_refused(monkeypatch, budget):
    monkeypatch.setattr(distil, "fit", lambda *_, **__: pytest.fail("training began"))
    with pytest.raises(EngramError) as refusal:
        train(DATA, DESIGN, replace(ALONE, macs_nonzero=budget))
    assert str(refusal.value) == (
        "macs_nonzero must be from 60, one weight of every layer, to below the 8100 of design 'tiny', "
        f"got {budget}; leave it out to keep all weights"
    )
