"""From a data set to a bundle: metrics are the bundle's own, same seed same bytes, Ctrl-C, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from sw import distil, fit
from sw.bundle import from_bytes
from sw.datasets import Dataset
from sw.design import DesignPoint
from sw.distil import train
from sw.errors import EngramError
from sw.fit import Recipe
from sw.layer import Layer
from sw.reference import pipeline

RECIPE = Recipe(epochs=6, float_epochs=3, teacher_epochs=3, batch=20, shift=0.3, rotate_deg=0.0)
DESIGN = DesignPoint(
    name="tiny",
    height=6,
    width=5,
    classes=3,
    layers=(
        Layer(kind="conv3x3", out_channels=6, weight_bits=2, activation_bits=2),
        Layer(kind="pointwise1x1", out_channels=4, weight_bits=4),
    ),
    templates_per_class=2,
    rows=50,
    cols=4,
)


def stripes(count, seed):
    """Three classes: a bright row, a bright column, a bright block; noise everywhere."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 120, (count, 6, 5))
    labels = np.arange(count) % 3
    images[labels == 0, 2] += 120
    images[labels == 1, :, 3] += 120
    images[labels == 2, 3:, :3] += 120
    return images.astype(np.uint8), labels.astype(np.uint8)


DATA = Dataset("stripes.npz", *stripes(90, 0), *stripes(30, 1), *stripes(60, 2), classes=3)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("method", "per_class"), [("learned", 2), ("mean", 1), ("kmeans", 2)], ids=["learned", "mean", "kmeans"]
)
def test_training_gives_a_bundle_whose_metrics_are_its_own(method, per_class):
    design = DESIGN.with_(templates_per_class=per_class)
    result = train(DATA, design, RECIPE, templates=method, seed=3, command="engram train ...")
    bundle = result.bundle
    assert result.finished
    assert from_bytes(bundle.to_bytes(), "x").digest == bundle.digest
    metrics = bundle.provenance.metrics
    assert sorted(metrics) == sorted(
        f"{part}.{kind}" for part in ("validation", "test") for kind in ("float", "quantised", "ideal")
    )
    for part, images, labels in (
        ("validation", DATA.x_val, DATA.y_val),
        ("test", DATA.x_test, DATA.y_test),
    ):
        found = pipeline.run(bundle, images)
        assert metrics[f"{part}.ideal"] == np.mean(found.label == labels)
        if method == "learned":
            assert metrics[f"{part}.quantised"] == metrics[f"{part}.ideal"]
    assert metrics["test.quantised"] > 0.8
    assert metrics["test.ideal"] > 0.8
    assert bundle.provenance.data.name == "stripes.npz"
    assert bundle.provenance.data.digest == DATA.digest
    assert (bundle.provenance.seed, bundle.provenance.command) == (3, "engram train ...")


def test_same_seed_gives_the_same_bytes_with_and_without_a_cached_teacher(tmp_path, monkeypatch):
    first = train(DATA, DESIGN, RECIPE, seed=1).bundle.to_bytes()
    assert train(DATA, DESIGN, RECIPE, seed=1).bundle.to_bytes() == first
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "other"))
    assert train(DATA, DESIGN, RECIPE, seed=1).bundle.to_bytes() == first
    assert train(DATA, DESIGN, RECIPE, seed=2).bundle.to_bytes() != first


def test_distillation_weight_zero_trains_no_teacher(tmp_path):
    train(DATA, DESIGN, replace(RECIPE, distil_weight=0.0))
    assert not (tmp_path / "cache").exists()


def interrupting(monkeypatch, label, epoch):
    """Ctrl-C in the given epoch of the network with that label."""
    original, current = fit._epoch, {}

    def run(*arguments, **options):
        current.update(label=options["label"], epoch=0)
        return original_fit(*arguments, **options)

    def one_epoch(*arguments):
        current["epoch"] += 1
        if (current["label"], current["epoch"]) == (label, epoch):
            raise KeyboardInterrupt
        return original(*arguments)

    original_fit = distil.fit
    monkeypatch.setattr(distil, "fit", run)
    monkeypatch.setattr(fit, "_epoch", one_epoch)


def test_ctrl_c_in_the_student_gives_a_whole_bundle_that_says_so(monkeypatch):
    interrupting(monkeypatch, "student", 3)
    result = train(DATA, DESIGN, replace(RECIPE, distil_weight=0.0), command="engram train")
    assert not result.finished
    assert result.bundle.provenance.command == "engram train  # interrupted"
    labels = pipeline.run(result.bundle, DATA.x_test).label
    assert result.bundle.provenance.metrics["test.ideal"] == np.mean(labels == DATA.y_test)


@pytest.mark.parametrize(("label", "epoch"), [("student", 1), ("float twin", 2)])
def test_ctrl_c_before_a_student_gives_nothing(monkeypatch, label, epoch):
    interrupting(monkeypatch, label, epoch)
    with pytest.raises(KeyboardInterrupt):
        train(DATA, DESIGN, replace(RECIPE, distil_weight=0.0))


REFUSALS = {
    "image size": (
        DESIGN.with_(height=7),
        "learned",
        "design 'tiny' is for 3 classes of 7 x 5 pixels, data 'stripes.npz' has 3 of 6 x 5; "
        "use one that fits",
    ),
    "classes": (
        DESIGN.with_(classes=4),
        "learned",
        "design 'tiny' is for 4 classes of 6 x 5 pixels, data 'stripes.npz' has 3 of 6 x 5; "
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
    monkeypatch.setattr(distil, "teacher_logits", lambda *_: pytest.fail("training began"))
    with pytest.raises(EngramError) as refusal:
        train(DATA, design, RECIPE, templates=method)
    assert str(refusal.value) == message
