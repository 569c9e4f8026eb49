"""Where a bundle comes from: steps and their lines, and a file that keeps both."""

import json
import shlex

import pytest
from pydantic import ValidationError

from sw.bundle import load, save
from sw.bundle.provenance import DataOrigin, Provenance, Recorded, Seeds, Step, recorded_name
from tests.helpers.bundle_files import DESCRIPTION, GOOD, refusal_of, reserialised

STEP = Step.of(
    "train",
    {
        "data": "my data.npz",
        "epochs": 3,
        "distil_weight": 0.5,
        "noise_aware": True,
        "noise": False,
        "x": None,
    },
    seed=5,
    versions={"engram": "1", "numpy": "2"},
)
REPEATED = Step.of("templates", {"recipe": ["a=1", "b=-2"], "none": []}, 0, {}, ["my bundle.engram"])


def test_options_are_named_as_a_person_types_them_and_those_not_given_are_left_out():
    assert [name for name, _ in STEP.options] == ["data", "epochs", "distil-weight", "noise-aware", "noise"]
    assert REPEATED.options == (("recipe", ["a=1", "b=-2"]),)


def test_a_line_is_the_command_as_a_shell_takes_it():
    assert STEP.line == (
        "engram train --data 'my data.npz' --epochs 3 --distil-weight 0.5 --noise-aware --no-noise --seed 5"
    )
    assert REPEATED.line == "engram templates 'my bundle.engram' --recipe a=1 --recipe b=-2 --seed 0"
    stopped = STEP.model_copy(update={"interrupted": True})
    assert stopped.line == f"{STEP.line}  # interrupted"
    assert shlex.split(stopped.line, comments=True) == shlex.split(STEP.line)
    assert Provenance(steps=(STEP, REPEATED)).line == f"{STEP.line}; {REPEATED.line}"
    assert Provenance().line == ""


def test_a_step_is_added_behind_the_others():
    before = Provenance(steps=(STEP,), metrics={"test.ideal": 0.5})
    after = before.after(REPEATED, metrics={})
    assert (after.steps, after.metrics) == ((STEP, REPEATED), {})
    assert before.steps == (STEP,)


def test_a_bundle_is_called_by_its_name_and_not_its_place():
    assert recorded_name("zoo:digits") == "zoo:digits"
    assert recorded_name("some/where/x.engram") == "x.engram"


def test_provenance_survives(tmp_path):
    provenance = Provenance(
        data=DataOrigin(name="µ digits", digest="0" * 64),
        steps=(STEP, REPEATED.model_copy(update={"interrupted": True})),
        metrics={"test.float": 0.975},
        device={"preset": "cmo-hfox", "seed": 3, "p_stuck_hrs": 0.0, "g_hrs_siemens": 8e-06},
    )
    save(GOOD.with_(provenance=provenance), tmp_path / "x.engram")
    found = load(tmp_path / "x.engram").provenance
    assert found == provenance
    assert found.line == provenance.line
    assert [type(value) for _, value in found.steps[0].options] == [str, int, float, bool, bool]


def test_a_file_name_that_is_not_unicode_survives(tmp_path):
    """File names of other encodings reach Python as lone surrogates."""
    provenance = Provenance(steps=(Step.of("train", {"data": "\udce4.npz"}, 0, {}),))
    save(GOOD.with_(provenance=provenance), tmp_path / "x.engram")
    assert load(tmp_path / "x.engram").provenance == provenance


def test_a_file_says_steps_and_no_line():
    description = json.loads(json.dumps(GOOD.with_(provenance=Provenance(steps=(STEP,)))._description()))
    assert description["format"] == 2
    assert set(description["provenance"]) == {"data", "steps", "metrics", "device"}
    (step,) = description["provenance"]["steps"]
    assert set(step) == {"command", "arguments", "options", "seed", "versions", "interrupted"}


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ({"steps": "engram train"}, "steps: Input should be a valid tuple"),
        ({"steps": [{"seed": 1}]}, "steps.0.command: Field required"),
        (
            {"steps": [{"command": "train", "options": [["a", {}]]}]},
            "steps.0.options.0.1.bool: Input should be",
        ),
        ({"command": "engram train"}, "command: Extra inputs are not permitted"),
        ({"recorded": {"engram_version": "1"}}, "content and digest disagree"),
    ],
)
def test_wrong_provenance_is_refused(provenance, message):
    raw = reserialised({**DESCRIPTION, "provenance": {**DESCRIPTION["provenance"], **provenance}})
    assert message in refusal_of(raw)


def test_steps_are_never_changed_in_place():
    with pytest.raises(ValidationError):
        STEP.seed = 1


SEEDS = Seeds(seeds=(0, 1, 2), validation=(0.5, 0.75, 0.625), test=(0.25, 0.5, 0.75))


def test_the_median_of_several_seeds_says_so(tmp_path):
    assert SEEDS.words == (
        "median by validation of seeds 0, 1, 2: validation 62.50% (50.00% .. 75.00%), "
        "test 50.00% (25.00% .. 75.00%)"
    )
    bundle = GOOD.with_(provenance=Provenance(median_of=SEEDS))
    save(bundle, tmp_path / "m.engram")
    assert load(tmp_path / "m.engram").provenance.median_of == SEEDS


def test_without_a_median_a_bundle_has_the_bytes_that_it_had_before():
    assert "median_of" not in Provenance().description()
    assert "median_of" not in Provenance(recorded=Recorded(engram_version="1")).description()


def test_every_seed_has_its_accuracies():
    with pytest.raises(ValidationError, match="one accuracy for every seed"):
        Seeds(seeds=(0, 1), validation=(0.5,), test=(0.5, 0.5))
