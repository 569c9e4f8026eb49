"""``python -m published``: commands run again, answers kept, trainings taken, what is refused in one line."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from published import again, commands
from published.__main__ import published
from published.book import BOOK, Figure, read_book
from tests.helpers.trainings import facts

TOML = """\
[made.fast]
command = "engram one && python -m two --seed N"
seeds = [3, 4]
commit = "0000000"
date = 2026-01-01
processor = "old"
seconds = 5

[made.fast.figures]
share = { unit = "%", values = [50, 50], from = "accuracy.ideal" }
parts = { values = [3, 3], from = "energy" }
third = { values = [7, 7], from = "list.2" }

[made.slow]
command = "engram slow"
seeds = [0]
commit = "0000000"
date = 2026-01-01
processor = "old"
seconds = 6000

[made.slow.figures]
share = { unit = "%", values = [50], from = "accuracy.ideal" }

[made.hand]
command = "engram hand"
seeds = [0]
commit = "0000000"
date = 2026-01-01
processor = "old"

[made.hand.figures]
share = { unit = "%", values = [50] }
"""
TABLES = """\
[tables.x]
page = "README.md"
text = "{made.fast.share}"
"""


class Machine:
    """Stands for git and all programs."""

    def __init__(self):
        self.ran: list[tuple[list[str], Path]] = []
        self.changed = ""
        self.fails = ""

    def __call__(self, command, **options):
        words = [str(word) for word in command]
        if words[0] == "git":
            asked = {"rev-parse": "0123456789\n", "ls-files": "", "diff": self.changed}[words[3]]
            return subprocess.CompletedProcess(words, 0, asked)
        self.ran.append((words[1:], options["cwd"]))
        if self.fails in words and self.fails:
            return subprocess.CompletedProcess(words, 3, "")
        seed = int(words[words.index("--seed") + 1]) if "--seed" in words else 0
        answer = {"accuracy": {"ideal": 0.5 + seed / 100}, "energy": {"a": 1, "b": 2}, "list": [0, 1, 7]}
        return subprocess.CompletedProcess(words, 0, json.dumps(answer))


@pytest.fixture
def machine(monkeypatch):
    fake = Machine()
    monkeypatch.setattr(again, "run", fake)
    monkeypatch.setattr(again, "here", lambda: "new")
    return fake


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout that the commands work on."""
    (tmp_path / "docs").mkdir()
    (tmp_path / BOOK).write_text(TOML, encoding="utf-8")
    (tmp_path / "docs/tables.toml").write_text(TABLES, encoding="utf-8")
    (tmp_path / "README.md").write_text("<!-- results: x -->\nold\n<!-- /results -->\n", encoding="utf-8")
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    return tmp_path


def call(*arguments):
    done = CliRunner().invoke(published, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_what_is_short_runs_again_and_nothing_is_written(checkout, machine):
    done = call("again", "--json")
    assert done.exit_code == 0
    rows = {row["figure"]: row for row in json.loads(done.stdout)["figures"]}
    assert rows["made.fast.share"] == {
        "figure": "made.fast.share",
        "unit": "%",
        "old": [50, 50],
        "new": [53.0, 54.0],
        "difference": 3.5,
    }
    assert (rows["made.fast.parts"]["new"], rows["made.fast.third"]["new"]) == ([3, 3], [7, 7])
    assert "left out: made.slow takes 1.67h; give its name to run it" in done.stderr
    folder = checkout / "runs/published/made.fast/seed-3"
    assert machine.ran[:2] == [
        (["-m", "sw.cli", "one"], folder),
        (["-m", "two", "--seed", "3", "--json"], folder),
    ]
    assert (checkout / BOOK).read_text(encoding="utf-8") == TOML
    assert "old" in (checkout / "README.md").read_text(encoding="utf-8")


def test_answers_of_the_same_source_are_kept(checkout, machine):
    call("again")
    count = len(machine.ran)
    assert "kept in" in call("again").stderr
    assert len(machine.ran) == count == 4
    machine.changed = "sw/x.py"
    call("again")
    assert len(machine.ran) == 2 * count


def test_a_table_shows_old_new_and_difference(checkout, machine):
    shown = call("again", "made.slow").stdout
    assert "made.slow.share" in shown
    (row,) = [line for line in shown.splitlines() if "made.slow.share" in line]
    assert "50.00 %" in row
    assert " = " in row
    assert machine.ran[0][0] == ["-m", "sw.cli", "slow", "--json"]


@pytest.mark.parametrize(
    ("said", "taken"),
    [(1.0007195789280253e-13, 1.00072e-13), (-2.5e-8, -2.5e-8), (0.0, 0.0), (98.0349999999, 98.035), (7, 7)],
)
def test_small_figures_keep_their_digits(said, taken):
    place = Figure(values=(0,), **{"from": "worst"})
    assert again.found_in({"worst": said}, place, "check.spice") == taken


def test_figures_are_written_when_asked_and_pages_with_them(checkout, machine):
    assert call("again", "--write").exit_code == 0
    entry = read_book(checkout).entry("made.fast")
    assert entry.figures["share"].values == (53.0, 54.0)
    assert (entry.commit, entry.processor, entry.date) == ("0123456789", "new", date.today())
    assert read_book(checkout).entry("made.hand").commit == "0000000"
    assert "53.50 % (53.00 .. 54.00)" in (checkout / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["made.none"], "must have an entry made.none, it has not; known: made.fast, made.slow, made.hand"),
        (["none"], "must have an entry none"),
        (["made.hand"], "made.hand was read off by a person"),
    ],
)
def test_names_that_cannot_run_are_one_line(checkout, machine, arguments, said):
    done = call("again", *arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_source_that_is_not_committed_cannot_be_written_of(checkout, machine):
    machine.changed = "sw/x.py"
    done = call("again", "--write")
    assert done.exit_code == 2
    assert "the source must be committed; changed: sw/x.py" in " ".join(done.stderr.split())
    assert machine.ran == []


def test_a_command_that_fails_is_one_line(checkout, machine):
    machine.fails = "slow"
    done = call("again", "made.slow")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "error: engram slow must end well, it ended with 3; see above" in done.stderr
    assert not (checkout / "runs/published/made.slow/seed-0/answer.json").exists()


def test_an_answer_without_the_figure_is_one_line(checkout, machine):
    text = TOML.replace('from = "list.2"', 'from = "list.9"')
    (checkout / BOOK).write_text(text, encoding="utf-8")
    done = call("again")
    assert done.exit_code == 2
    assert "made.fast: the answer must have a number at 'list.9', it has None" in done.stderr


def test_pages_are_checked_and_written(checkout):
    done = call("check")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "README.md differs from docs/results.toml in line 2: 'old', right is '50.00 %'" in done.stderr
    assert "README.md written" in call("fill").stderr
    assert call("check").exit_code == 0
    assert call("fill").stderr == ""


def test_wrong_toml_is_one_line(checkout):
    (checkout / BOOK).write_text("[made.x", encoding="utf-8")
    done = call("fill")
    assert done.exit_code == 2
    assert "docs/results.toml must be TOML in UTF-8" in " ".join(done.stderr.split())


def run_folder(root: Path, seed: int, **changes) -> Path:
    folder = root / f"seed-{seed}"
    folder.mkdir()
    (folder / "run.json").write_text("{}", encoding="utf-8")
    values = facts(seed, 0.5 + seed / 8, 0.25 + seed / 8, **changes).model_dump(mode="json")
    more = {"seconds": 2.0, "machine": {"processor": "P", "cores": 2, "accelerator": None}}
    (folder / "result.json").write_text(json.dumps(values | more), encoding="utf-8")
    return folder


def test_trainings_are_taken_as_one_entry(checkout, machine):
    runs = [run_folder(checkout, seed) for seed in (2, 0, 1)]
    done = call("take", "train.tiny", *runs)
    assert done.exit_code == 0, done.stderr
    entry = read_book(checkout).entry("train.tiny")
    assert entry.seeds == (0, 1, 2)
    assert entry.figures["validation"].values == (50, 62.5, 75)
    assert entry.figures["test"].values == (25, 37.5, 50)
    assert entry.figures["full"].values == (0.75, 0.75, 0.75)
    assert entry.command == "engram train --data mnist --distil none --seed N"
    assert (entry.seconds, entry.processor) == (6, "P, 2 cores")
    shutil.rmtree(runs[0])
    apart = run_folder(checkout, 2, epochs=9)
    assert "runs of one entry must differ in the seed" in call("take", "train.tiny", *runs[1:], apart).stderr
