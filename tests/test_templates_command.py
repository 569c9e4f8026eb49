"""``engram templates``: what it writes, answers, records and refuses."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sw import datasets
from sw.bundle import DataOrigin, load, save
from sw.commands.templates import templates
from tests.bundles import random_bundle, random_images, tiny_design

runner = CliRunner()
DESIGN = tiny_design(thresholds_per_feature=3, templates_per_class=2)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = np.arange(90) % 3
    images = random_images(DESIGN, 90, 1) // 3
    for label in range(3):
        images[labels == label, 2 * label : 2 * label + 2] += 160
    np.savez("bright.npz", x_train=images, y_train=labels, x_test=images[:30], y_test=labels[:30])
    data = datasets.load("bright.npz")
    trained = random_bundle(DESIGN, 3)
    origin = DataOrigin(name="bright.npz", digest=data.digest)
    (tmp_path / "some where").mkdir()
    save(
        trained.with_(provenance=trained.provenance.model_copy(update={"data": origin})),
        tmp_path / "some where" / "trained.engram",
    )


def run(*arguments):
    application = typer.Typer()
    application.command()(templates)
    return runner.invoke(application, ["some where/trained.engram", *map(str, arguments)])


def test_answer_is_one_json_object_about_the_bundle_written():
    result = run("--kind", "window", "--per-class", 4, "--rows", 6, "-o", "new.engram", "--json", "--seed", 5)
    assert result.exit_code == 0, result.output
    found, bundle = json.loads(result.stdout), load(Path("new.engram"))
    assert found["digest"] == bundle.digest
    assert (found["cell"], found["templates"], found["features"], found["rows"]) == ("window", 12, 18, 6)
    assert found["accuracy"] == bundle.provenance.metrics["test.ideal"] > 0.7
    assert found["validation"] == bundle.provenance.metrics["validation.ideal"]
    assert found["choice"]
    assert bundle.provenance.seed == 5


def test_recorded_command_names_no_folder_and_makes_the_same_bundle():
    assert run("--kind", "kmeans", "--thresholds", 1, "--cols-per-adc", 4, "-o", "x.engram").exit_code == 0
    command = load(Path("x.engram")).provenance.command
    assert command == (
        "tests; engram templates trained.engram --kind kmeans --thresholds 1 --cols-per-adc 4 --seed 0"
    )
    words = shlex.split(command.partition("; ")[2])[3:]
    assert run(*words, "-o", "again.engram").exit_code == 0
    assert load(Path("again.engram")).to_bytes() == load(Path("x.engram")).to_bytes()


def test_table_shows_before_and_now():
    result = run("--kind", "mean", "-o", "x.engram")
    assert result.exit_code == 0
    assert "6 x 54" in result.stdout and "3 x 54" in result.stdout
    assert "bundle written to x.engram" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--thresholds", 4],
            "error: --thresholds must be 1 to 3, as many as features of the bundle have, got 4; "
            "train with more --thresholds-per-feature",
        ),
        (
            ["--kind", "keep", "--data", "digits"],
            "error: data set 'digits' must have the 3 classes of bundle 'tiny', got 10; use one that does",
        ),
        (["--per-class", 40], "error: templates need at least 40 training images of every class, got 27; "),
    ],
)
def test_wrong_input_is_one_line_and_nothing_is_written(options, message, tmp_path):
    result = run(*options, "-o", "x.engram")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr.replace("\n", " ")
    assert not (tmp_path / "x.engram").exists()
