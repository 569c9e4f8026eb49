"""Runs of ``engram train``: interrupted, gone on from, repeated, and none in the folder of another."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from sw.bundle import load
from sw.commands.train import plan as train_plan
from sw.training import train as distil
from sw.training.run.folder import RunPart
from tests.helpers.commands import QUICK
from tests.helpers.commands import train_command as run

pytestmark = pytest.mark.usefixtures("quick_training")


def test_interrupted_student_is_written_and_the_exit_code_says_so(data_file, tmp_path, monkeypatch):
    original = distil.train

    def interrupted(*arguments, **options):
        return distil.Trained(original(*arguments, **options).bundle, finished=False)

    monkeypatch.setattr(distil, "train", interrupted)
    assert run("--data", data_file, "-o", "x.engram").exit_code == 130
    assert load(tmp_path / "x.engram").design.classes == 3


def test_ctrl_c_before_that_leaves_nothing(data_file, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(distil, "train", interrupted)
    result = run("--data", data_file, "-o", "x.engram")
    assert result.exit_code == 130
    assert "interrupted; nothing half-written is left behind" in result.stderr
    assert not (tmp_path / "x.engram").exists()


def interrupt_at(monkeypatch, label, epoch):
    """Ctrl-C while the network `label` logs that epoch; None never."""
    original = RunPart.log

    def log(part, row):
        if (part.log_file.stem, row["epoch"]) == (label, epoch):
            raise KeyboardInterrupt
        original(part, row)

    monkeypatch.setattr(RunPart, "log", log)


def test_a_run_ended_twice_gives_the_bytes_of_one_that_was_not(data_file, tmp_path, monkeypatch):
    """Ended in the second epoch of the student, then in the third; each time the next command goes on."""
    monkeypatch.setattr(train_plan, "recipe_for", lambda name: replace(QUICK, epochs=4))
    monkeypatch.setattr("sw.training.loop.fit.SAVE_SECONDS", -1.0)
    options = ["--data", data_file, "--seed", 1]
    assert run(*options, "--run", "whole", "-o", "whole.engram").exit_code == 0
    for epoch, exit_code in ((2, 130), (3, 130), (None, 0)):
        with monkeypatch.context() as patch:
            interrupt_at(patch, "student", epoch)
            result = run(*options, "--run", "pieces", "-o", "pieces.engram")
        assert result.exit_code == exit_code, result.output
        assert ("goes on from there" in result.stderr) == (epoch != 2)
        assert ("the same command goes on from the last checkpoint" in result.stderr) == (exit_code == 130)
        assert Path("pieces", "result.json").exists() == (exit_code == 0)
        (step,) = load(tmp_path / "pieces.engram").provenance.steps
        assert step.interrupted == step.line.endswith("  # interrupted") == (exit_code == 130)
    assert (tmp_path / "pieces.engram").read_bytes() == (tmp_path / "whole.engram").read_bytes()

    def curve(folder):
        with Path(folder, "student.csv").open(newline="") as file:
            return [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(file)]

    assert curve("pieces") == curve("whole")
    assert [row["epoch"] for row in curve("whole")] == ["1", "2", "3", "4"]


def test_a_finished_run_is_not_trained_again_unless_asked(data_file, tmp_path, monkeypatch):
    assert run("--data", data_file, "-o", "first.engram").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(RunPart, "log", lambda *_: pytest.fail("it trains"))
        result = run("--data", data_file, "-o", "again.engram")
    assert result.exit_code == 0, result.output
    assert "trained to the end before, nothing is trained again without --restart" in result.stderr
    assert (tmp_path / "again.engram").read_bytes() == (tmp_path / "first.engram").read_bytes()
    interrupt_at(monkeypatch, "student", 1)
    assert run("--data", data_file, "-o", "x.engram", "--restart").exit_code == 130


def test_other_settings_have_a_folder_of_their_own_and_none_in_that_of_others(data_file, tmp_path):
    for epochs in (1, 2):
        assert run("--data", data_file, "--epochs", epochs, "-o", "x.engram").exit_code == 0
    assert len([path for path in (tmp_path / "runs").iterdir() if path.is_dir()]) == 2
    assert run("--data", data_file, "--run", "mine", "-o", "x.engram").exit_code == 0
    result = run("--data", data_file, "--run", "mine", "-o", "x.engram", "--seed", 1)
    assert result.exit_code == 2
    assert result.stderr.strip().splitlines()[-1] == (
        "error: mine holds another run: seed is 0 there and 1 here; "
        "give the same options, another --run folder, or --restart"
    )
