"""Readers of exported Verilog: good and bad files, and tools that are missing."""

import sys

import pytest

from sim.cores import readers
from sim.cores.readers import icarus, slang, verilator, yosys

GOOD = "module good(input a, output b);\n  assign b = a;\nendmodule\n"
BAD = "module good(input a, output b);\n  other part(.a(a), .b(b));\nendmodule\n"


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "some where"
    folder.mkdir()
    return [folder / "good.v"]


@pytest.mark.parametrize("reader", [yosys, slang, verilator])
def test_an_error_is_told_and_nothing_else(files, reader):
    files[0].write_text(GOOD)
    assert reader(files, "good") == (True, None)
    files[0].write_text(BAD)
    reading = reader(files, "good")
    assert reading.asked
    assert reading.said and "\n" not in reading.said


def test_slang_wants_the_top_that_was_named(files):
    files[0].write_text(GOOD)
    assert slang(files, "best") == (True, "top modules are ['good'], not best")


@pytest.mark.parametrize(
    ("script", "said"), [("echo core.v:1: error: no; exit 2", "core.v:1: error: no"), ("", None)]
)
def test_icarus_where_it_is(files, monkeypatch, script, said):
    program = files[0].parent / "iverilog"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(readers.shutil, "which", lambda name: str(program))
    assert icarus(files, "good") == (True, said)


def test_what_is_missing_is_skipped(files, monkeypatch):
    monkeypatch.setattr(readers.shutil, "which", lambda name: None)
    assert icarus(files, "good") == (False, "iverilog is not installed; on Debian: apt install iverilog")
    monkeypatch.setitem(sys.modules, "pyslang", None)
    reading = slang(files, "good")
    assert not reading.asked and "pip install 'engram-rram[sim]'" in reading.said
