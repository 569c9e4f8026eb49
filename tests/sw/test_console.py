"""What work below the commands looks like at the terminal."""

import errno
import io
import os

import pytest
import typer
from rich.console import Console

from sw import console
from sw.console import reports_errors, terminal
from sw.progress import SILENT


@pytest.fixture
def seen(monkeypatch):
    """What a terminal that is no screen shows: the last state of every display."""
    text = io.StringIO()
    monkeypatch.setattr(console, "messages", Console(file=text, width=120))
    return text


def lines(text):
    return [" ".join(line.split()) for line in text.getvalue().splitlines() if line.strip()]


def test_a_stage_is_a_bar_with_its_count_and_note(seen):
    with terminal.stage("features", 4, "images") as stage:
        stage.done(1)
        stage.done(2)
        stage.note("best of 3")
    (line,) = lines(seen)
    assert line.startswith("features ") and "3/4" in line and line.endswith("best of 3")


def test_stages_that_are_open_together_share_a_display_and_a_name_takes_its_line_over(seen):
    with terminal.stage("points", 2) as outer:
        for _ in range(2):
            with terminal.stage("clusters", 3) as inner:
                inner.done(3)
            outer.done(1)
    with terminal.stage("test images", 4) as stage:
        stage.done(1)
    names = [line.split(" ━")[0] for line in lines(seen)]
    assert names == ["points", "clusters", "test images"]
    assert [count in line for count, line in zip(("2/2", "3/3", "1/4"), lines(seen), strict=True)] == [
        True
    ] * 3


def test_a_stage_that_fails_ends_its_display(seen):
    with pytest.raises(ZeroDivisionError), terminal.stage("points", 2):
        raise ZeroDivisionError
    with terminal.waiting("compiling"):
        terminal.say("after it")
    assert lines(seen)[1:] == ["after it"]


def test_lines_are_shown_as_they_are(seen):
    terminal.say("teacher mine[0].pt2: 97 %")
    terminal.warn("the cache [x] is full: make room in [y]: now")
    assert lines(seen) == ["teacher mine[0].pt2: 97 %", "the cache [x] is full: make room in [y]: now"]


def test_nobody_need_listen(capsys):
    SILENT.say("a")
    SILENT.warn("b")
    with SILENT.waiting("c"), SILENT.stage("d", None) as stage:
        stage.done(1)
        stage.note("e")
    assert capsys.readouterr() == ("", "")


def test_an_error_of_the_disk_that_no_writer_told_of_is_one_line(seen):
    """Such as that of a library which keeps something for itself."""

    def command():
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    with pytest.raises(typer.Exit) as end:
        reports_errors(command)()
    assert end.value.exit_code == 2
    place = "standard output, or what a library keeps"
    assert lines(seen) == [f"error: cannot write {place}: {os.strerror(errno.EDQUOT)}; make room"]


def test_other_errors_of_the_system_are_faults_of_ours(seen):
    with pytest.raises(FileNotFoundError):
        reports_errors(lambda: open("/nowhere/at/all"))()
