"""``engram train``: options, presets, the recorded command, runs that go on, answers and refusals."""

import csv
import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sw import distil
from sw.bundle import load
from sw.commands import train_plan
from sw.commands.train import train
from sw.commands.train_plan import design_for, plan_of
from sw.datasets import Dataset
from sw.errors import EngramError
from sw.layer import Layer
from sw.presets import DESIGNS, PRESETS, Preset
from sw.recipe import Recipe
from sw.residual import FAMILY
from sw.run_folder import RunPart

runner = CliRunner()
QUICK = Recipe(2, 1, 1, batch=20, shift=0.0, rotate_deg=0.0)


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(train_plan, "recipe_for", lambda name: QUICK)


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
    assert (answer["macs"], answer["weights"]) == (bundle.design.macs, bundle.design.weights)
    assert (answer["templates"], answer["features"]) == (bundle.design.templates, bundle.design.features)
    assert bundle.provenance.seed == 4
    assert (bundle.design.height, bundle.design.width, bundle.design.classes) == (9, 8, 3)


def test_recorded_command_names_no_folder_and_makes_the_same_bundle(data, tmp_path):
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
    assert run("--data", data, *options, "--seed", 7, "-o", tmp_path / "first.engram").exit_code == 0
    first = load(tmp_path / "first.engram")
    assert first.provenance.command == (
        "engram train --data 'my data.npz' --templates kmeans --templates-per-class 3 "
        "--thresholds-per-feature 2 --epochs 1 --teacher-epochs 2 --distil dynamic --distil-weight 0.25 "
        "--temperature 2.0 --macs-nonzero 900 --recipe batch=30 --recipe ema_decay=0.5 --seed 7"
    )
    words = shlex.split(first.provenance.command)[2:]
    words[words.index("my data.npz")] = data
    assert run(*words, "-o", tmp_path / "again.engram", "--restart").exit_code == 0
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


def interrupt_at(monkeypatch, label, epoch):
    """Ctrl-C while the network `label` logs that epoch; None never."""
    original = RunPart.log

    def log(part, row):
        if (part.log_file.stem, row["epoch"]) == (label, epoch):
            raise KeyboardInterrupt
        original(part, row)

    monkeypatch.setattr(RunPart, "log", log)


def test_a_run_ended_twice_gives_the_bytes_of_one_that_was_not(data, tmp_path, monkeypatch):
    """Ended in the second epoch of the student, then in the third; each time the next command goes on."""
    monkeypatch.setattr(train_plan, "recipe_for", lambda name: replace(QUICK, epochs=4))
    monkeypatch.setattr("sw.fit.SAVE_SECONDS", -1.0)
    options = ["--data", data, "--seed", 1]
    assert run(*options, "--run", "whole", "-o", "whole.engram").exit_code == 0
    for epoch, exit_code in ((2, 130), (3, 130), (None, 0)):
        with monkeypatch.context() as patch:
            interrupt_at(patch, "student", epoch)
            result = run(*options, "--run", "pieces", "-o", "pieces.engram")
        assert result.exit_code == exit_code, result.output
        assert ("goes on from there" in result.stderr) == (epoch != 2)
        assert ("the same command goes on from the last checkpoint" in result.stderr) == (exit_code == 130)
        assert Path("pieces", "result.json").exists() == (exit_code == 0)
        command = load(tmp_path / "pieces.engram").provenance.command
        assert command.endswith("# interrupted") == (exit_code == 130)
    assert (tmp_path / "pieces.engram").read_bytes() == (tmp_path / "whole.engram").read_bytes()

    def curve(folder):
        with Path(folder, "student.csv").open(newline="") as file:
            return [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(file)]

    assert curve("pieces") == curve("whole")
    assert [row["epoch"] for row in curve("whole")] == ["1", "2", "3", "4"]


def test_a_finished_run_is_not_trained_again_unless_asked(data, tmp_path, monkeypatch):
    assert run("--data", data, "-o", "first.engram").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(RunPart, "log", lambda *_: pytest.fail("it trains"))
        result = run("--data", data, "-o", "again.engram")
    assert result.exit_code == 0, result.output
    assert "trained to the end before, nothing is trained again without --restart" in result.stderr
    assert (tmp_path / "again.engram").read_bytes() == (tmp_path / "first.engram").read_bytes()
    interrupt_at(monkeypatch, "student", 1)
    assert run("--data", data, "-o", "x.engram", "--restart").exit_code == 130


def test_other_settings_have_a_folder_of_their_own_and_none_in_that_of_others(data, tmp_path):
    for epochs in (1, 2):
        assert run("--data", data, "--epochs", epochs, "-o", "x.engram").exit_code == 0
    assert len([path for path in (tmp_path / "runs").iterdir() if path.is_dir()]) == 2
    assert run("--data", data, "--run", "mine", "-o", "x.engram").exit_code == 0
    result = run("--data", data, "--run", "mine", "-o", "x.engram", "--seed", 1)
    assert result.exit_code == 2
    assert result.stderr.strip().splitlines()[-1] == (
        "error: mine holds another run: seed is 0 there and 1 here; "
        "give the same options, another --run folder, or --restart"
    )


def test_a_preset_brings_everything_and_options_change_single_things(data, tmp_path, monkeypatch):
    design = DESIGNS["digits"].with_(
        name="small", height=9, width=8, classes=3, layers=(Layer(kind="conv3x3", out_channels=4, stride=2),)
    )
    preset = Preset(data, design, replace(QUICK, distil="none"), templates="mean")
    monkeypatch.setitem(PRESETS, "tiny-3", preset)
    result = run("--preset", "tiny-3", "--seed", 5, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["bundle"] == "runs/tiny-3.engram"
    assert answer["run"].startswith("runs/tiny-3-seed5-")
    bundle = load(tmp_path / answer["bundle"])
    assert bundle.design == design
    assert answer["command"] == bundle.provenance.command == "engram train --preset tiny-3 --seed 5"
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


def test_training_on_chips_is_recorded_and_another_run(data, tmp_path):
    options = ["--data", data, "--noise-aware", "--read-time", "1d", "--noise", "--p-stuck-hrs", 0.25]
    result = run(*options, "-o", "x.engram", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["command"] == (
        "engram train --data 'my data.npz' --noise-aware --read-time 1d --noise --p-stuck-hrs 0.25 --seed 0"
    )
    recorded = json.loads((tmp_path / answer["run"] / "run.json").read_text())["identity"]["noise"]
    assert recorded["device"]["p_stuck_hrs"] == 0.25
    assert recorded["conditions"]["read_time_seconds"] == 86_400
    result = run("--data", data, "--run", answer["run"])
    assert result.exit_code == 2
    assert "holds another run: noise is {" in result.stderr


def planned(**settings):
    return plan_of(None, None, None, None, {"templates_per_class": None}, settings, [], 0)


def test_a_teachers_file_counts_by_its_content_and_is_recorded_by_its_name(tmp_path):
    plans = []
    for folder, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.pt2").write_bytes(content)
        plans.append(planned(teacher=str(tmp_path / folder / "mine.pt2")))
    assert {plan.command for plan in plans} == {"engram train --data digits --teacher mine.pt2 --seed 0"}
    assert plans[0].identity == plans[1].identity
    assert plans[0].folder == plans[1].folder != plans[2].folder
    assert planned(teacher="r8").identity["recipe"]["teacher"] == "r8"
    absent = planned(teacher="absent.pt2")
    with pytest.raises(EngramError, match="absent"):
        _ = absent.identity


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
    "unknown preset": (
        ["--preset", "resnet"],
        f"--preset must be one of {', '.join(PRESETS)}, got 'resnet'",
    ),
    "preset and data": (
        ["--preset", "digits", "--data", "digits"],
        "--preset digits brings its own data set, digits, and its own design; "
        "leave --data out, or give --data and --design without --preset",
    ),
    "preset and design": (
        ["--preset", "digits", "--design", "mnist"],
        "--preset digits brings its own data set, digits, and its own design; "
        "leave --design out, or give --data and --design without --preset",
    ),
    "unknown teacher": (
        ["--teacher", "r9"],
        "a teacher must be one of tiny, r8, r10, r18, resnet50, a file ending in .pt2 or .onnx, or "
        "package.module:callable, got 'r9'",
    ),
    "run in a file": (["--run", __file__], f"cannot make the folder {__file__}: File exists"),
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
    assert not Path("runs").exists() or list(Path("runs").iterdir()) == []


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
    assert design.layers == DESIGNS[layers_of].layers
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
