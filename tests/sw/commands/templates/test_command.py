"""``engram templates``: what it writes, answers, records and refuses."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sw.bundle import load, save
from sw.commands.templates import storage as storage_report
from sw.commands.templates.command import templates
from sw.data import dataset as datasets
from sw.templates.study import row_of, schemes_for
from tests.helpers.bundles import random_bundle, random_images, tiny_design

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
    (tmp_path / "some where").mkdir()
    save(
        trained.with_(provenance=trained.provenance.model_copy(update={"data": data.origin})),
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
    counts, shares = np.array(found["classes"]["images"]), found["classes"]["ideal"]["recall"]
    assert shares @ counts / counts.sum() == pytest.approx(found["accuracy"])
    assert found["choice"]
    assert bundle.provenance.steps[-1].seed == 5


def test_recorded_command_names_no_folder_and_makes_the_same_bundle():
    assert run("--kind", "kmeans", "--thresholds", 1, "--cols-per-adc", 4, "-o", "x.engram").exit_code == 0
    first, step = load(Path("x.engram")).provenance.steps
    assert first.command == "tests"
    assert step.line == (
        "engram templates trained.engram --kind kmeans --thresholds 1 --cols-per-adc 4 --seed 0"
    )
    assert dict(step.options) == {"kind": "kmeans", "thresholds": 1, "cols-per-adc": 4}
    assert set(step.versions) == {"engram", "numpy", "scikit-learn"}
    words = shlex.split(step.line)[3:]
    assert run(*words, "-o", "again.engram").exit_code == 0
    assert load(Path("again.engram")).to_bytes() == load(Path("x.engram")).to_bytes()


def test_templates_are_made_the_papers_way():
    options = ["--thresholds-by", "mean", "--per-class", "auto"]
    found = json.loads(run(*options, "-o", "x.engram", "--json").stdout)
    bundle = load(Path("x.engram"))
    assert found["thresholds_per_feature"] == 1
    scores = found["silhouettes"]
    assert [int(count) for count in scores] == list(range(2, 11))
    assert scores[str(bundle.design.templates_per_class)] == max(scores.values())
    command = bundle.provenance.steps[-1].line
    assert command == (
        "engram templates trained.engram --kind kmeans --per-class auto --thresholds-by mean --seed 0"
    )
    told = run(*shlex.split(command)[3:], "-o", "again.engram")
    assert f"{bundle.design.templates_per_class} templates per class chosen by silhouette (2: " in told.stdout
    assert Path("again.engram").read_bytes() == Path("x.engram").read_bytes()


def test_more_thresholds_than_were_trained():
    found = json.loads(
        run("--kind", "window", "--thresholds-by", "median", "--thresholds", 7, "-o", "x", "--json").stdout
    )
    assert (found["thresholds_per_feature"], found["cell"], found["features"]) == (7, "window", 18)


def test_saying_that_thresholds_are_learned_changes_no_byte():
    assert run("-o", "x").exit_code == run("--thresholds-by", "learned", "-o", "y").exit_code == 0
    assert Path("x").read_bytes() == Path("y").read_bytes()


def test_study_writes_and_tells_what_storage_costs():
    result = run("--study", "--per-class", 2, "-o", "study", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["files"] == ["study/storage.csv", "study/storage.png"]
    assert sorted(path.name for path in Path("study").iterdir()) == ["storage.csv", "storage.png"]
    with Path("study/storage.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{name: str(value) for name, value in row.items()} for row in found["rows"]]
    assert {int(row["per_class"]) for row in rows} == {1, 2}
    alone = json.loads(run("--kind", "mean", "--thresholds-by", "mean", "-o", "x", "--json").stdout)
    (same,) = (row for row in found["rows"] if (row["kind"], row["thresholds_by"]) == ("mean", "mean"))
    assert (same["validation"], same["test"]) == (alone["validation"], alone["accuracy"])
    table = run("--study", "-o", "study").stdout
    assert "3 learned" in table and "7 median" in table


def test_study_that_is_stopped_leaves_what_is_done(monkeypatch):
    tried = []

    def stop(scheme, maker):
        if len(tried) == 2:
            raise KeyboardInterrupt
        tried.append(scheme)
        return row_of(scheme, maker)

    monkeypatch.setattr(storage_report, "row_of", stop)
    result = run("--study", "-o", "study")
    assert result.exit_code == 130
    assert len(Path("study/storage.csv").read_text(encoding="utf-8").splitlines()) == 3
    done = f"2 of {len(schemes_for(DESIGN))} schemes are done, in study/storage.csv"
    assert done in result.stderr.replace("\n", " ")


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
            "train with more --thresholds-per-feature, or use --thresholds-by median",
        ),
        (
            ["--kind", "keep", "--data", "digits"],
            "error: data set 'digits' must have the 3 classes of bundle 'tiny', got 10; use one that does",
        ),
        (["--per-class", "some"], "error: --per-class must be a number from 1 on or 'auto', got 'some'"),
        (["--per-class", 0], "error: --per-class must be a number from 1 on or 'auto', got '0'"),
        (
            ["--study", "--cols-per-adc", 4],
            "error: --study tries all kinds and thresholds in the bundle's tiles, got --cols-per-adc; leave",
        ),
        (["--study", "--per-class", 65], "error: design: templates_per_class: Input should be less than or"),
        (["--study", "--per-class", "auto"], "error: --study needs a number of templates per class, got"),
        (["--per-class", 40], "error: templates need at least 40 training images of every class, got 27; "),
    ],
)
def test_wrong_input_is_one_line_and_nothing_is_written(options, message, tmp_path):
    result = run(*options, "-o", "x.engram")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr.replace("\n", " ")
    assert not (tmp_path / "x.engram").exists()
