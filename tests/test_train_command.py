"""``engram train``: options, the recorded command, answers and refusals."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sw import distil
from sw.bundle import load
from sw.commands import train as module
from sw.commands.train import design_for, train
from sw.datasets import Dataset
from sw.fit import Recipe

runner = CliRunner()
QUICK = Recipe(2, 1, 1, batch=20, shift=0.0, rotate_deg=0.0)


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(distil, "recipe_for", lambda name: QUICK)


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = rng.integers(0, 150, (60, 9, 8)) + 50 * labels[:, None, None]
    folder = tmp_path / "some where"
    folder.mkdir()
    path = folder / "my data.npz"
    np.savez(
        path, x_train=images.astype(np.uint8), y_train=labels, x_test=images.astype(np.uint8), y_test=labels
    )
    return str(path)


def run(*arguments):
    application = typer.Typer()
    application.command()(train)
    return runner.invoke(application, [str(argument) for argument in arguments])


def test_answer_is_one_json_object_about_the_bundle_written(data, tmp_path):
    result = run("--data", data, "--seed", 4, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    bundle = load(tmp_path / "runs" / "my-data.engram")
    metrics = bundle.provenance.metrics
    assert answer["bundle"] == "runs/my-data.engram"
    assert answer["digest"] == bundle.digest
    assert answer["accuracy"] == {key: metrics[f"test.{key}"] for key in ("float", "quantised", "ideal")}
    assert (answer["macs"], answer["weights"]) == (bundle.design.macs, bundle.design.weights)
    assert (answer["templates"], answer["features"]) == (bundle.design.templates, bundle.design.features)
    assert bundle.provenance.seed == 4
    assert (bundle.design.height, bundle.design.width, bundle.design.classes) == (9, 8, 3)


def test_recorded_command_names_no_folder_and_makes_the_same_bundle(data, tmp_path):
    options = ["--templates", "kmeans", "--templates-per-class", 3, "--thresholds-per-feature", 2]
    options += ["--epochs", 1, "--teacher-epochs", 2, "--distil-weight", 0.25, "--temperature", 2.0]
    assert run("--data", data, *options, "--seed", 7, "-o", tmp_path / "first.engram").exit_code == 0
    first = load(tmp_path / "first.engram")
    assert first.provenance.command == (
        "engram train --data 'my data.npz' --templates kmeans --templates-per-class 3 "
        "--thresholds-per-feature 2 --epochs 1 --teacher-epochs 2 --distil-weight 0.25 --temperature 2.0 "
        "--seed 7"
    )
    words = shlex.split(first.provenance.command)[2:]
    words[words.index("my data.npz")] = data
    assert run(*words, "-o", tmp_path / "again.engram").exit_code == 0
    assert (tmp_path / "again.engram").read_bytes() == (tmp_path / "first.engram").read_bytes()


def test_table_and_place_are_shown(data):
    result = run("--data", data, "-o", "x.engram")
    assert result.exit_code == 0
    assert "integers, ideal array" in result.stdout
    assert "bundle written to x.engram after" in result.stderr
    assert "{" not in result.stdout


def test_means_take_one_template_per_class_by_themselves(data):
    assert run("--data", data, "--templates", "mean", "-o", "x.engram").exit_code == 0


def test_interrupted_student_is_written_and_the_exit_code_says_so(data, tmp_path, monkeypatch):
    original = distil.train

    def interrupted(*arguments, **options):
        return distil.Trained(original(*arguments, **options).bundle, finished=False)

    monkeypatch.setattr(distil, "train", interrupted)
    assert run("--data", data, "-o", "x.engram").exit_code == 130
    assert load(tmp_path / "x.engram").design.classes == 3


def test_ctrl_c_before_that_leaves_nothing(data, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(distil, "train", interrupted)
    result = run("--data", data, "-o", "x.engram")
    assert result.exit_code == 130
    assert "interrupted; nothing half-written is left behind" in result.stderr
    assert not (tmp_path / "x.engram").exists()


REFUSALS = {
    "unknown data": (
        ["--data", "imagenet"],
        "data must be one of digits, mnist, fashion-mnist, cifar10-grey or a path ending in .npz, "
        "got 'imagenet'",
    ),
    "unknown design": (
        ["--design", "resnet"],
        "--design must be one of digits, mnist, cifar10-grey, got 'resnet'",
    ),
    "two means": (
        ["--templates", "mean", "--templates-per-class", "2"],
        "--templates mean makes one template per class, got templates_per_class 2; "
        "use 1, or --templates kmeans",
    ),
    "too many thresholds": (
        ["--thresholds-per-feature", "16"],
        "design: thresholds_per_feature: Input should be less than or equal to 15, got 16",
    ),
    "endless temperature": (["--temperature", "inf"], "--temperature must be a finite number, got inf"),
    "folder as output": (
        ["-o", "."],
        "--output must be a file, got the folder .; add a name such as x.engram",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_wrong_input_is_one_line_and_exit_code_2(case, monkeypatch):
    monkeypatch.setattr(distil, "fit", lambda *_, **__: pytest.fail("training began"))
    options, message = REFUSALS[case]
    result = run(*options)
    assert result.exit_code == 2
    assert result.stdout == ""
    last = result.stderr.strip().splitlines()[-1]
    assert last == f"error: {message}"


def named(name, height, width, classes=3):
    images, labels = np.zeros((4, height, width), np.uint8), np.zeros(4, np.uint8)
    return Dataset(name, images, labels, images, labels, images, labels, classes=classes)


@pytest.mark.parametrize(
    ("name", "size", "preset", "layers_of"),
    [
        ("digits", (8, 8), None, "digits"),
        ("mnist", (28, 28), None, "mnist"),
        ("own.npz", (10, 9), None, "digits"),
        ("fashion-mnist", (28, 28), None, "mnist"),
        ("big.npz", (64, 48), None, "cifar10-grey"),
        ("own.npz", (28, 28), "digits", "digits"),
    ],
)
def test_design_follows_name_or_size_of_the_data(name, size, preset, layers_of):
    design = design_for(named(name, *size, classes=5), preset)
    assert design.layers == module.PRESETS[layers_of].layers
    assert (design.height, design.width, design.classes) == (*size, 5)
    assert design.name == name.removesuffix(".npz")


@pytest.mark.parametrize(("name", "want"), [("a b.npz", "a-b"), ("_x.npz", "x"), ("é.npz", "unnamed")])
def test_design_name_is_made_of_allowed_characters(name, want):
    assert design_for(named(name, 8, 8), None).name == want


def test_importing_the_command_does_not_import_torch():
    check = "import sys, sw.commands.train; sys.exit('torch' in sys.modules or 'brevitas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_module_is_the_same_command():
    shown = subprocess.run(
        [sys.executable, "-m", "sw.distil", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in ("--data", "--templates", "--distil-weight", "--seed", "--json"):
        assert option in shown
