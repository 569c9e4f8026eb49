"""The zoo: every bundle says what made it, and is of the design that the command trains today."""

import pytest

from sw.bundle import open_bundle
from sw.bundle.file import ZOO
from sw.data.dataset import load
from sw.reference import pipeline
from sw.training.presets import PRESETS

NAMES = sorted(path.stem for path in ZOO.glob("*.engram"))
IMPORTED = {"mnist-binary"}
"""Whose networks were trained by other tools."""


def test_every_bundle_of_the_zoo_that_is_trained_here_has_a_preset():
    assert set(NAMES) - IMPORTED <= set(PRESETS) and set(NAMES) >= IMPORTED


@pytest.mark.parametrize("name", NAMES)
def test_files_are_what_saving_them_gives_and_their_line_is_what_their_steps_say(name):
    """Of either format: one that records a line goes on doing so, and keeps its digest."""
    raw = (ZOO / f"{name}.engram").read_bytes()
    bundle = open_bundle(f"zoo:{name}")
    assert bundle.to_bytes() == raw
    recorded = bundle.provenance.recorded
    assert recorded is None or recorded.command == bundle.provenance.line


@pytest.mark.parametrize("name", sorted(set(NAMES) - IMPORTED))
def test_provenance_is_a_command_that_can_be_run_again(name):
    bundle = open_bundle(f"zoo:{name}")
    origin = bundle.provenance.data
    assert origin is not None
    (step,) = bundle.provenance.steps
    assert step.command == "train"
    assert dict(step.options) in ({"preset": name}, {"data": origin.name})
    assert (origin.name, bundle.design) == (PRESETS[name].data, PRESETS[name].design)
    assert {f"{part}.ideal" for part in ("validation", "test")} <= set(bundle.provenance.metrics)


@pytest.mark.parametrize("name", sorted(IMPORTED))
def test_an_imported_bundle_records_that_it_reached_what_its_network_did(name):
    """As `engram import` measured it; the test images are not here to measure it again."""
    bundle = open_bundle(f"zoo:{name}")
    (step,) = bundle.provenance.steps
    assert (step.command, step.arguments, bundle.design.name) == ("import", (f"{name}.onnx",), name)
    metrics = bundle.provenance.metrics
    assert metrics["test.ideal"] == metrics["test.source"]


def test_digits_reach_the_accuracy_they_were_recorded_with():
    bundle, data = open_bundle("zoo:digits"), load("digits")
    right = pipeline.classify(bundle, pipeline.levels_of(bundle, data.test.images)) == data.test.labels
    assert right.mean() == bundle.provenance.metrics["test.ideal"]
