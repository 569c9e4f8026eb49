"""Options of models, and starting them: from a cache that executes nothing, and with whose modules."""

import os
from pathlib import Path
from typing import Any

import pytest

from sim.models import runner
from sim.models.runner import BRIEF_CYCLES, Model, ModelSource, is_brief, start_model, start_program
from sw.errors import EngramError
from sw.sources import ROOT
from sw.system.programs import Program


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A script that tells where it lies, its argument and some variables."""
    path = tmp_path / "cache" / "models" / "ab" / "cdef" / "top"
    path.parent.mkdir(parents=True)
    path.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$0" "$1" "$PYTHONPATH" "$GPI_USERS" "${LD_LIBRARY_PATH%%:*}"\n'
        "test ! -e libpython.so || test -f simulator.so -a -f libpython.so || echo broken links\n"
    )
    path.chmod(0o755)
    return Model(path, "top", "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run; of, mine"
    path.mkdir()
    return path


def no_programs_below(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder behave as on a file system mounted with noexec."""

    class Refusing(Program):
        def __init__(self, command: list[Any], **options: Any) -> None:
            if Path(command[0]).is_relative_to(place):
                raise PermissionError(13, "Permission denied")
            super().__init__(command, **options)

    monkeypatch.setattr(runner, "Program", Refusing)


def said(program: Program, folder: Path) -> list[str]:
    code = program.wait()
    program.end()
    assert code == 0
    return (folder / "sim.log").read_text(encoding="utf-8").splitlines()


def test_a_model_runs_where_it_is_kept(model: Model, folder: Path) -> None:
    assert said(start_program(model, ["a b"], folder), folder)[:2] == [str(model.executable), "a b"]


def test_a_model_in_a_cache_that_executes_nothing_runs_from_the_folder_of_the_run(
    model: Model, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_programs_below(tmp_path / "cache", monkeypatch)
    assert said(start_program(model, ["a b"], folder), folder)[:2] == [str(folder / "model"), "a b"]


def test_nothing_executes(
    model: Model, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_programs_below(tmp_path, monkeypatch)
    with pytest.raises(EngramError) as caught:
        start_program(model, [], folder)
    assert str(caught.value) == (
        f"models are programs: the file system of {tmp_path / 'cache'} or of {tmp_path} must execute files, "
        "neither does; set ENGRAM_CACHE or TMPDIR to a folder on another one"
    )


def test_a_testbench_gets_our_modules_first_and_libraries_without_separators_in_their_names(
    model: Model, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cocotb_tools.config

    monkeypatch.syspath_prepend(str(tmp_path))  # of a person with a package sim of their own
    lines = said(start_model(model, "nothing", folder), folder)
    path, users, libraries = lines[2:5]
    assert path.split(os.pathsep)[:2] == [str(ROOT), str(tmp_path)]
    assert users == "./libpython.so;./simulator.so,initialize"
    assert libraries == str(cocotb_tools.config.libs_dir)
    assert lines[5:] == []


@pytest.mark.parametrize(
    "source",
    [
        ModelSource(top="t", verilog=""),
        ModelSource(top="t", verilog="", brief=True),
        ModelSource(top="t", verilog="", main=Path("main.cpp")),
        ModelSource(top="t", verilog="", waves="vcd"),
    ],
    ids=["fast", "brief", "program", "waves"],
)
def test_options_of_the_compiler_are_for_the_models_own_files(source: ModelSource) -> None:
    assert "-CFLAGS" not in source.options
    assert "-MAKEFLAGS" not in source.options
    quick = source.brief or source.waves != "none"
    assert source.optimisation == ("-O0" if quick else "-O2")


def test_few_cycles_are_not_worth_optimising_for() -> None:
    assert is_brief(BRIEF_CYCLES - 1)
    assert not is_brief(BRIEF_CYCLES)
