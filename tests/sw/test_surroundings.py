"""Surroundings: whose modules child processes import, and where tools keep things without a home."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import sw.cli
from sw import surroundings
from sw.cache import cache_folder
from sw.errors import EngramError
from sw.sources import ROOT
from sw.surroundings import (
    own_modules_first,
    python_path,
    refusal,
    require_tool_cache,
    settle,
    tools_use_ours,
)

NO_HOME = "/proc/no-home"
"""Nobody can make this folder, not even root."""
PACKAGES = ("sw", "hw", "sim", "constraints", "formal")
VARIABLES = ("ENGRAM_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "PYTHONSAFEPATH")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No variable of ours is set; what is set later is undone."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A project with packages named like ours, and a file named like a module of Python's."""
    folder = tmp_path / "my project"
    for name in PACKAGES:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('theirs')\n")
    (folder / "random.py").write_text("raise SystemExit('theirs')\n")
    return folder


# -- folders ------------------------------------------------------------------------------------------------


def test_a_home_that_serves_changes_nothing_for_the_tools(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("HOME", str(tmp_path / "hö me"))
    require_tool_cache()
    assert [name for name in VARIABLES if name in os.environ] == ["PYTHONSAFEPATH"]
    assert not tools_use_ours()


@pytest.mark.parametrize("home", [NO_HOME, "/dev/null", None])
def test_without_a_home_tools_use_our_cache(
    bare: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    bare.setenv("ENGRAM_CACHE", str(tmp_path / "my cache"))
    if home is None:  # an unset HOME and a user that the system does not know
        bare.delenv("HOME", raising=False)
        bare.setattr("pwd.getpwuid", _unknown)
    else:
        bare.setenv("HOME", home)
    bare.chdir(tmp_path)
    require_tool_cache()
    assert os.environ["XDG_CACHE_HOME"] == str(tmp_path / "my cache")
    assert Path(os.environ["MPLCONFIGDIR"]).is_dir()
    assert tools_use_ours()
    assert [path.name for path in tmp_path.iterdir()] == ["my cache"]


def test_a_file_system_that_executes_nothing_does_not_serve_machine_code(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home, ours = tmp_path / "home", tmp_path / "ours"
    bare.setenv("HOME", str(home))
    bare.setenv("ENGRAM_CACHE", str(ours))
    keeps = surroundings._keeps
    bare.setattr(surroundings, "_keeps", lambda folder: folder == ours and keeps(folder))
    settle()
    assert os.environ["XDG_CACHE_HOME"] == str(ours)
    assert "MPLCONFIGDIR" not in os.environ  # what can be written serves Matplotlib


def test_neither_home_nor_cache(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("HOME", NO_HOME)
    with pytest.raises(EngramError) as caught:
        require_tool_cache()
    assert str(caught.value) == (
        f"the tools keep what they compile in {NO_HOME}/.cache, which must be writable, got: No such file or "
        "directory; set ENGRAM_CACHE or XDG_CACHE_HOME to a folder that is"
    )
    assert "XDG_CACHE_HOME" not in os.environ


def test_a_cache_without_a_home_makes_no_folder_named_like_one(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare.delenv("HOME", raising=False)
    bare.setattr("pwd.getpwuid", _unknown)
    bare.chdir(tmp_path)
    with pytest.raises(EngramError, match="none is known; set ENGRAM_CACHE to a folder for them"):
        cache_folder()
    with pytest.raises(EngramError, match="none is known; set ENGRAM_CACHE"):
        require_tool_cache()
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_in_the_variable_is_the_home(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("HOME", str(tmp_path))
    bare.setenv("ENGRAM_CACHE", "~/my cache")
    assert cache_folder() == tmp_path / "my cache"


def test_why_a_folder_refuses(tmp_path: Path) -> None:
    assert refusal(tmp_path / "new" / "folder") is None
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file") == "File exists"
    assert refusal(tmp_path / "file" / "below") == "Not a directory"


def test_no_folder_for_temporary_files(bare: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError

    bare.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(EngramError, match="none was found; set TMPDIR to one"):
        settle()


def _unknown(number: int) -> None:
    raise KeyError(number)


# -- modules ------------------------------------------------------------------------------------------------


def test_our_modules_come_first(monkeypatch: pytest.MonkeyPatch, theirs: Path) -> None:
    monkeypatch.setattr(sys, "path", ["", str(theirs), str(ROOT), "/elsewhere"])
    assert python_path().split(os.pathsep) == [str(ROOT), str(theirs), "/elsewhere"]
    own_modules_first()
    assert sys.path == [str(ROOT), "", str(theirs), "/elsewhere"]


@pytest.mark.parametrize("name", ["sim", "hw", "random"])
def test_a_child_process_takes_nothing_from_where_a_person_stands(
    bare: pytest.MonkeyPatch, theirs: Path, name: str
) -> None:
    bare.setenv("PYTHONPATH", python_path())
    program = [sys.executable, "-c", f"import {name}; print({name}.__file__)"]
    child = subprocess.run(program, cwd=theirs, capture_output=True, text=True)
    assert child.stderr == "theirs\n"
    settle()
    child = subprocess.run(program, cwd=theirs, capture_output=True, text=True, check=True)
    assert str(theirs) not in child.stdout


def test_the_command_line_looks_for_our_modules_first(monkeypatch: pytest.MonkeyPatch, theirs: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(theirs), *sys.path])  # as python -m sw.cli does where they stand
    monkeypatch.setattr(sw.cli, "application", lambda: None)
    monkeypatch.setattr(sw.cli, "start", lambda program: None)
    sw.cli.main()
    assert sys.path[:2] == [str(ROOT), str(theirs)]
