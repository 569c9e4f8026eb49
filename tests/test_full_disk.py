"""Every command on a disk that has no room from its n-th write on, for all n.

The test goes below all writers: Python tells its audit hooks of every file that is opened and every folder
that is made, whoever asks for it. Files that are cut off in their middle are a matter of the tests of
`sw.files` and of those who read what tools wrote.
"""

import errno
import json
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from hw import rtlil
from hw.fpga import toolchain
from sw.bundle import save
from sw.commands.train import plan as train_plan
from tests.helpers.commands import QUICK, run
from tests.helpers.explorations import BUNDLE, DATA

FULL = os.strerror(errno.ENOSPC)

EXPLORE = ("explore", "tiny.engram", "--data", "tiny.npz", "--rows", "8,16", "--cols", "4", "--adc-bits", "4")
EXPLORE += ("--chips", "2", "--images", "10", "--scheduler", "none", "-o", "x")
EVALUATE = ("evaluate", "tiny.engram", "--data", "tiny.npz", "--images", "5", "--chips", "1", "--jobs", "1")
COMMANDS = {
    "program": ("program", "tiny.engram", "-o", "made/p.engram"),
    "templates": ("templates", "tiny.engram", "--data", "tiny.npz", "--kind", "mean", "-o", "made/t.engram"),
    "check devices": ("check", "devices", "--samples", "1000", "--device", "cmo-hfox", "-o", "made/d.csv"),
    "evaluate": (*EVALUATE, "-o", "e"),
    "grid": (*EXPLORE, "--recommend", "min energy"),
    "search": (*EXPLORE, "--search", "nsga2", "--points", "2"),
    "verilog": ("build", "tiny.engram", "--board", "icebreaker", "--verilog-only", "-o", "v"),
    "train": ("train", "--data", "some where/my data.npz", "-o", "made/new.engram", "--run", "run"),
}
COMPARE = ("compare", "run", "-o", "made/c.md")
"""What can be compared is only there when something was trained."""
GROWS = (".safetensors", "teacher.csv", "float.csv", "student.csv", ".sqlite3")
"""Files that grow as the work goes on; that they are whole shows in the work going on from them."""


class Disk:
    """The disk below a folder, which is full from a write on."""

    def __init__(self):
        self.folder = self.full_from = None
        self.writes = 0
        sys.addaudithook(self._hear)  # hooks stay for ever; without a folder this one does nothing

    @contextmanager
    def full(self, folder, write):
        """Room for so many writes below `folder`, less one."""
        self.folder, self.full_from, self.writes = str(folder), write, 0
        try:
            yield
        finally:
            self.folder = None

    def _hear(self, event, what):
        if self.folder is None or event not in ("open", "os.mkdir"):
            return
        path, _, flags = what
        if isinstance(path, int):  # a file that is open already
            return
        writes = not os.path.isdir(path) if event == "os.mkdir" else flags & (os.O_WRONLY | os.O_RDWR)
        if not writes or not os.path.abspath(os.fsdecode(path)).startswith(self.folder):
            return
        self.writes += 1
        if self.writes >= self.full_from:
            raise OSError(errno.ENOSPC, FULL, path)


DISK = Disk()


@pytest.fixture
def place(tmp_path, data_file, monkeypatch):
    """A folder to work in, with cache and temporary files in it and a small bundle with its data."""
    monkeypatch.chdir(tmp_path)
    for name in ("cache", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(train_plan, "recipe_for", lambda name: QUICK)
    monkeypatch.setattr("matplotlib.figure.Figure", undrawn)  # drawing takes most of the time
    save(BUNDLE, Path("tiny.engram"))
    parts = {"train": DATA.train, "test": DATA.test}
    images = {f"x_{name}": part.images for name, part in parts.items()}
    np.savez("tiny.npz", **images, **{f"y_{name}": part.labels for name, part in parts.items()})
    return tmp_path


def undrawn(**_):
    """A figure without anything on it, which is all its axes too; as a file it is a line of text."""
    figure = MagicMock()

    def subplots(rows, columns, *, squeeze=True, **_):
        axes = np.empty((rows, columns), object)
        axes.fill(figure)
        return axes.squeeze() if squeeze else axes

    figure.subplots, figure.axes = subplots, [figure]
    figure.get_legend_handles_labels.return_value = [], []
    figure.savefig.side_effect = lambda file, **_: file.write(b"a picture\n")
    return figure


@pytest.fixture
def yosys(monkeypatch):
    """Yosys makes its files once; then they are written again, without a look at errors, as Yosys does.

    So its input is made once too.
    """
    made, real = {}, toolchain.run

    def again(command, cwd, **options):
        if not made:
            done = real(command, cwd=cwd, **options)
            made.update({path.name: path.read_bytes() for path in cwd.iterdir() if path.suffix != ".il"})
            return done
        for name, content in made.items():
            with suppress(OSError):
                (cwd / name).write_bytes(content)
        return subprocess.CompletedProcess(command, 0, "", "")

    converted, texts = rtlil.to_rtlil, []

    def text(component, name):
        texts.extend([] if texts else [converted(component, name)])
        return texts[0]

    monkeypatch.setattr(rtlil, "to_rtlil", text)
    monkeypatch.setattr(toolchain, "run", again)


def files(folder):
    """What is in the folder under final names, without the cache, and what may be left of unfinished work."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path for name, path in found.items() if path.name != ".lock"}
    unfinished = {name for name, path in found.items() if path.name.startswith(".") or "temporary" in name}
    whole = {
        name: comparable(path)
        for name, path in found.items()
        if name not in unfinished and not name.startswith("cache/") and not name.endswith(GROWS)
    }
    return whole, unfinished


def comparable(path):
    """Content of a file, without the times in it."""
    if path.name not in ("result.json", "evaluation.json"):
        return path.read_bytes()
    values = json.loads(path.read_bytes())
    return {
        name: value for name, value in values.items() if not name.startswith(("second", "chip_images_per"))
    }


def check(outcome, folder, whole):
    """One line and code 2, or success; whole files only."""
    code, _, err = outcome
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (code, len(lines)) in ((0, 0), (2, 1)), err
    assert all(FULL in line for line in lines)
    found, unfinished = files(folder)
    assert not unfinished
    partly = {"x/results.json", "x/results.csv", "x/results.parquet"}  # written anew as more is known
    assert {name for name in found if found[name] != whole.get(name)} <= partly
    return code


@pytest.mark.usefixtures("yosys")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_write_that_fails_leaves_a_part_or_a_traceback(name, place, tmp_path_factory):
    try_every_write(COMMANDS[name], place, tmp_path_factory.mktemp("whole"))
    if name == "train":
        try_every_write(COMPARE, place, tmp_path_factory.mktemp("whole"))


def try_every_write(command, place, aside):
    """Put what the command makes aside, then run it again on fuller and less full disks, until it succeeds.

    Nothing is removed between: what a run that failed left behind must not trouble the next one.
    """
    before = set(os.listdir(place))
    assert run(*command)[0] == 0
    whole, unfinished = files(place)
    assert not unfinished
    for made in {*os.listdir(place)} - before:
        (place / made).rename(aside / made)
    write = refused = 0
    while DISK.writes >= write:
        write += 1
        with DISK.full(place, write):
            outcome = run(*command)
        refused += check(outcome, place, whole) == 2
    assert refused >= 1
    assert files(place)[0] == whole


@pytest.mark.parametrize("name", ["templates", "check devices", "train"])
def test_a_place_that_can_be_no_file_is_refused_ahead_of_the_work(name, place):
    """Before the data are loaded or a sample is drawn: no stage is begun."""
    (place / "made").write_text("in the way")
    code, _, err = run(*COMMANDS[name])
    target = COMMANDS[name][COMMANDS[name].index("-o") + 1]
    assert (code, err) == (
        2,
        f"error: cannot write {target}: made is a file, not a folder; give another place\n",
    )
