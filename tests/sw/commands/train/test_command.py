"""``engram train``: options, presets, the recorded command, answers and refusals."""

import csv
import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sw.bundle import load, open_bundle
from sw.data.of_bundle import dataset_of
from sw.design import Layer
from sw.training import train as distil
from sw.training.presets import DESIGNS, PRESETS, Preset
from sw.training.teacher.residual import FAMILY
from tests.helpers.commands import QUICK
from tests.helpers.commands import train_command as run

pytestmark = pytest.mark.usefixtures("quick_training")


def test_answer_is_one_json_object_about_the_bundle_written(data_file, tmp_path):
    result = run("--data", data_file, "--seed", 4, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    bundle = load(tmp_path / "runs" / "my-data.engram")
    metrics = bundle.provenance.metrics
    assert answer["bundle"] == "runs/my-data.engram"
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert folder.name.startswith("my-data-seed4-")
    assert answer["run"] == f"runs/{folder.name}"
    assert answer["log"] == f"runs/{folder.name}/student.csv"
    assert answer["curves"] == f"runs/{folder.name}/curves.png"
    assert [len((folder / f"{name}.csv").read_text().splitlines()) - 1 for name in ("float", "student")] == [
        1,
        2,
    ]
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "bundle.engram").read_bytes() == (tmp_path / "runs" / "my-data.engram").read_bytes()
    result = json.loads((folder / "result.json").read_text())
    with (folder / "student.csv").open(newline="") as file:
        student = sum(float(row["seconds"]) for row in csv.DictReader(file))
    assert result["seconds_of"]["student"] == student < result["seconds"]
    assert set(result["teacher"]) == {"accuracy", "digest"}
    assert result["machine"]["cores"] >= 1
    assert {key: result[key] for key in answer if key != "seconds"} == {
        key: value for key, value in answer.items() if key != "seconds"
    }
    assert answer["digest"] == bundle.digest
    assert answer["accuracy"] == {key: metrics[f"test.{key}"] for key in ("float", "quantised", "ideal")}
    shares = answer["classes"]["ideal"]["recall"]
    assert answer["classes"]["images"] == [20, 20, 20]
    assert sum(shares) / 3 == pytest.approx(metrics["test.ideal"])
    assert (folder / "confusion.png").exists() == (0.0 in shares)
    assert (answer["macs"], answer["weights"]) == (bundle.design.macs, bundle.design.weights)
    assert (answer["templates"], answer["features"]) == (bundle.design.templates, bundle.design.features)
    assert bundle.provenance.steps[0].seed == 4
    assert (bundle.design.height, bundle.design.width, bundle.design.classes) == (9, 8, 3)


def test_recorded_command_names_no_folder_and_makes_the_same_bundle(data_file, tmp_path):
    options = ["--templates", "kmeans", "--templates-per-class", 3, "--thresholds-per-feature", 2]
    options += ["--epochs", 1, "--teacher-epochs", 2, "--distil-weight", 0.25, "--temperature", 2.0]
    options += [
        "--recipe",
        "batch=30",
        "--recipe",
        "ema_decay=0.5",
        "--distil",
        "dynamic",
        "--macs-nonzero",
        900,
    ]
    assert run("--data", data_file, *options, "--seed", 7, "-o", tmp_path / "first.engram").exit_code == 0
    first = load(tmp_path / "first.engram")
    assert first.provenance.line == (
        "engram train --data 'my data.npz' --templates kmeans --templates-per-class 3 "
        "--thresholds-per-feature 2 --epochs 1 --teacher-epochs 2 --distil dynamic --distil-weight 0.25 "
        "--temperature 2.0 --macs-nonzero 900 --recipe batch=30 --recipe ema_decay=0.5 --seed 7"
    )
    (step,) = first.provenance.steps
    assert step.options[-2:] == (("macs-nonzero", 900), ("recipe", ["batch=30", "ema_decay=0.5"]))
    assert set(step.versions) == {"engram", "numpy", "torch", "brevitas", "scikit-learn"}
    words = shlex.split(step.line)[2:]
    words[words.index("my data.npz")] = data_file
    assert run(*words, "-o", tmp_path / "again.engram", "--restart").exit_code == 0
    assert (tmp_path / "again.engram").read_bytes() == (tmp_path / "first.engram").read_bytes()


def test_table_and_place_are_shown(data_file):
    result = run("--data", data_file, "-o", "x.engram")
    assert result.exit_code == 0
    assert "integers, ideal array" in result.stdout
    assert "bundle written to x.engram after" in result.stderr
    assert "{" not in result.stdout


def test_unequal_classes_are_told_of_one_by_one(tmp_path):
    labels = np.repeat([0, 1], [30, 4])
    images = (np.random.default_rng(0).integers(0, 150, (34, 9, 8)) + 50 * labels[:, None, None]).astype(
        np.uint8
    )
    np.savez("few.npz", x_train=images, y_train=labels, x_test=images ^ 1, y_test=labels)
    result = run("--data", "few.npz", "--distil", "none", "--epochs", 1, "-o", "few.engram")
    assert result.exit_code == 0, result.output
    assert "few: recall by class, test" in result.stdout and "balanced" in result.stdout
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert (folder / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_signals_of_a_sensor_with_names_and_weights(tmp_path, monkeypatch):
    """What a set tells beside its images is in the bundle, and in what other commands say of it."""
    monkeypatch.chdir(tmp_path)
    labels = np.array([0] * 30 + [1] * 8 + [2] * 4)
    waves = np.sin(np.arange(24) * (0.2 + 0.4 * labels[:, None]))[..., None] * [3_000.0, -500.0]
    x = (waves + np.random.default_rng(0).normal(0, 100, waves.shape)).astype(np.int16)
    names = np.array(["slow", "middle", "fast"])
    np.savez(
        "own.npz", x_train=x, y_train=labels, x_test=x[::3], y_test=labels[::3], axes="NLC", classes=names
    )
    done = run("--data", "own.npz", "--distil", "none", "--class-weights", "-o", "own.engram")
    assert done.exit_code == 0, done.output
    assert "own.npz: int16 values become 0..255 as x * " in done.stderr and "0 slow" in done.stdout
    bundle = open_bundle("own.engram")
    assert bundle.design.image_size == (1, 24, 2) and bundle.inputs.class_names == tuple(names)
    assert dict(bundle.provenance.steps[0].options)["class-weights"] is True
    found, trained_on = dataset_of(bundle, "own.npz")
    assert trained_on and found.inputs == bundle.inputs


def test_means_take_one_template_per_class_by_themselves(data_file):
    assert run("--data", data_file, "--templates", "mean", "-o", "x.engram").exit_code == 0
    assert load(Path("x.engram")).design.templates_per_class == 1


def test_a_preset_brings_everything_and_options_change_single_things(data_file, tmp_path, monkeypatch):
    design = DESIGNS["digits"].with_(
        name="small", height=9, width=8, classes=3, layers=(Layer(kind="conv3x3", out_channels=4, stride=2),)
    )
    preset = Preset(data_file, design, replace(QUICK, distil="none"), templates="mean")
    monkeypatch.setitem(PRESETS, "tiny-3", preset)
    result = run("--preset", "tiny-3", "--seed", 5, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["bundle"] == "runs/tiny-3.engram"
    assert answer["run"].startswith("runs/tiny-3-seed5-")
    bundle = load(tmp_path / answer["bundle"])
    assert bundle.design == design
    assert answer["command"] == bundle.provenance.line == "engram train --preset tiny-3 --seed 5"
    assert not (tmp_path / answer["run"] / "teacher.csv").exists()
    result = run(
        "--preset", "tiny-3", "--templates", "learned", "--templates-per-class", 2, "--epochs", 1, "--json"
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert load(tmp_path / answer["bundle"]).design == design.with_(templates_per_class=2)
    assert answer["command"] == (
        "engram train --preset tiny-3 --templates learned --templates-per-class 2 --epochs 1 --seed 0"
    )


def test_training_on_chips_is_recorded_and_another_run(data_file, tmp_path):
    options = ["--data", data_file, "--noise-aware", "--read-time", "1d", "--noise", "--p-stuck-hrs", 0.25]
    result = run(*options, "-o", "x.engram", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["command"] == (
        "engram train --data 'my data.npz' --noise-aware --read-time 1d --noise --p-stuck-hrs 0.25 --seed 0"
    )
    recorded = json.loads((tmp_path / answer["run"] / "run.json").read_text())["identity"]["noise"]
    assert recorded["device"]["p_stuck_hrs"] == 0.25
    assert recorded["conditions"]["read_time_seconds"] == 86_400
    result = run("--data", data_file, "--run", answer["run"])
    assert result.exit_code == 2
    assert "holds another run: noise is {" in result.stderr


def test_help_names_every_teacher():
    shown = " ".join(run("--help").stdout.replace("│", " ").split())
    *names, last = FAMILY
    assert f"A residual network, {', '.join(names)} or {last}" in shown


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_listed(name):
    shown = run("--list-presets")
    assert shown.exit_code == 0
    assert f"{PRESETS[name].design.macs:,}" in shown.stdout
    listed = json.loads(run("--list-presets", "--json").stdout)["presets"]
    assert listed[name]["data"] == PRESETS[name].data
    assert listed[name]["recipe"]["epochs"] == PRESETS[name].recipe.epochs
    assert not Path("runs").exists()


REFUSALS = {
    "unknown data": (
        ["--data", "imagenet"],
        "data must be one of digits, mnist, fashion-mnist, cifar10, cifar10-grey, spoken-digits or a path "
        "ending in .npz, got 'imagenet'",
    ),
    "unknown preset": (
        ["--preset", "resnet"],
        f"--preset must be one of {', '.join(PRESETS)}, got 'resnet'",
    ),
    "preset and design": (
        ["--preset", "digits", "--design", "mnist"],
        "--preset digits brings its own design; leave --design out, or give --design without --preset",
    ),
    "unknown teacher": (
        ["--teacher", "r9"],
        "a teacher must be one of tiny, r8, r10, r18, resnet50, a file ending in .pt2 or .onnx, or "
        "package.module:callable, got 'r9'",
    ),
    "run in a file": (
        ["--run", __file__],
        f"cannot make the folder {__file__}: File exists; give another --run folder",
    ),
    "unknown design": (
        ["--design", "resnet"],
        "--design must be one of digits, mnist, cifar10-grey, spoken-digits or a file ending in .toml, "
        "got 'resnet'",
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
    assert not Path("runs").exists() or list(Path("runs").iterdir()) == []


def test_importing_the_command_does_not_import_torch():
    check = (
        "import sys, sw.commands.train.command; sys.exit('torch' in sys.modules or 'brevitas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_module_is_the_same_command():
    shown = subprocess.run(
        [sys.executable, "-m", "sw.distil", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in ("--data", "--templates", "--distil-weight", "--seed", "--json"):
        assert option in shown
