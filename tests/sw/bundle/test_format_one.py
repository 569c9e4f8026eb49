"""Bundles of format 1: they load with steps, and keep digest and bytes."""

import json

import pytest
import safetensors.numpy

from sw.bundle.bundle import Bundle, _digest
from sw.bundle.file import from_bytes
from sw.bundle.format_one import steps_of
from sw.bundle.provenance import Recorded, Step
from tests.helpers.bundle_files import DESCRIPTION, TENSORS, refusal_of

LINE = (
    "engram train --data 'my data.npz' --noise-aware --read-time 1d --recipe a=1 --recipe b=-2 --seed 3; "
    "engram templates my.engram --kind mean --seed 4"
)
PROVENANCE = {
    "engram_version": "0.1.0",
    "data": {"name": "my data.npz", "digest": "0" * 64},
    "command": LINE,
    "seed": 4,
    "metrics": {"test.ideal": 0.5},
    "device": None,
}


def file_of(**changes) -> bytes:
    """A file of format 1, written by hand."""
    description = {**DESCRIPTION, "format": 1, "provenance": {**PROVENANCE, **changes}}
    del description["digest"]
    description["digest"] = _digest(description, TENSORS)
    return safetensors.numpy.save(TENSORS, {"engram": json.dumps(description, sort_keys=True)})


def loaded(**changes) -> Bundle:
    return from_bytes(file_of(**changes), "old.engram")


def steps_in(line: str) -> tuple[Step, ...]:
    return steps_of(Recorded(engram_version="0.1.0", command=line))


def test_the_line_becomes_steps():
    trained, remade = loaded().provenance.steps
    assert trained == Step(
        command="train",
        options=(
            ("data", "my data.npz"),
            ("noise-aware", True),
            ("read-time", "1d"),
            ("recipe", ["a=1", "b=-2"]),
        ),
        seed=3,
    )
    assert remade == Step(
        command="templates",
        arguments=("my.engram",),
        options=(("kind", "mean"),),
        seed=4,
        versions={"engram": "0.1.0"},
    )


def test_such_a_bundle_keeps_its_bytes_and_what_is_derived_from_it_the_format():
    bundle = loaded()
    assert bundle.to_bytes() == file_of()
    assert bundle.provenance.line == LINE
    description = bundle.with_(design=bundle.design.with_(margin=1))._description()
    assert (description["format"], description["provenance"]) == (1, PROVENANCE)


def test_the_next_command_writes_the_new_format():
    bundle = loaded()
    step = Step(command="program", seed=1)
    after = bundle.with_(provenance=bundle.provenance.after(step))
    assert after._description()["format"] == 2
    again = from_bytes(after.to_bytes(), "new.engram").provenance
    assert again.steps == (*bundle.provenance.steps, step)
    assert (again.data, again.metrics) == (bundle.provenance.data, bundle.provenance.metrics)


def test_an_interrupted_training_says_so():
    (step,) = steps_in("engram train --data digits --seed 0  # interrupted")
    assert (step.interrupted, step.options, step.seed) == (True, (("data", "digits"),), 0)
    assert step.line == "engram train --data digits --seed 0  # interrupted"


def test_templates_that_no_command_asked_for_left_an_end_without_a_line():
    assert [step.command for step in steps_in("engram train --seed 0; ")] == ["train"]


@pytest.mark.parametrize(
    "line",
    ["", "tests", "tests; engram train --seed 0", "engram ", "engram train --data 'x", "engram x --seed y"],
)
def test_a_text_that_is_no_line_of_ours_gives_no_steps_and_loads(line):
    bundle = loaded(command=line)
    assert bundle.provenance.steps == ()
    assert bundle.to_bytes() == file_of(command=line)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": []}, "provenance: steps: Extra inputs are not permitted"),
        ({"command": 3}, "provenance: command: Input should be a valid string"),
        ({"data": {"name": "x", "digest": "abc"}}, "provenance: data.digest: String should match pattern"),
    ],
)
def test_what_is_not_of_that_format_is_refused(changes, message):
    assert refusal_of(file_of(**changes)).startswith(f"file.engram: {message}")
