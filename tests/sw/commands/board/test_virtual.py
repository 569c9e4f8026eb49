"""``engram virtual``: what can be done to a board by typing, with a program in place of the model."""

import json
import struct
import sys

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sim.models.runner import Model
from sim.virtual.design import VirtualDesign
from sw.cli import application
from tests.helpers.commands import run
from tests.helpers.host import build_of, virtual_design

PROGRAM = f"""#!{sys.executable} -IS
import os, sys
from pathlib import Path
orders = int(sys.argv[2])
os.write(orders, (1_000_000).to_bytes(8, "little"))
with open({{log!r}}, "ab") as log:
    while order := os.read(orders, 9):
        log.write(order)
        if order[0] == ord("u"):
            break
"""
"""Writes down the orders that it gets, and says that it makes a million cycles per second."""


def typed(text: str, *arguments: object) -> Result:
    return CliRunner().invoke(application(), [str(argument) for argument in arguments], input=text)


@pytest.fixture
def orders(tmp_path, monkeypatch):
    """File of the orders that the program got."""
    program, log = tmp_path / "model", tmp_path / "orders"
    program.write_text(PROGRAM.format(log=str(log)))
    program.chmod(0o755)
    monkeypatch.setattr(VirtualDesign, "model", lambda self: Model(program, "virtual_board", "none"))
    build_of(virtual_design(), tmp_path)
    return log


def test_a_build_runs_until_it_is_unplugged(tmp_path, orders):
    done = typed("reset\n\nnoise 500\nfly\nreset x\nreset -1\nunplug\n", "virtual", tmp_path, "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert said.pop("port").startswith("/dev/")
    design = virtual_design()
    limit = round(2 * 24 * (2**15 + 10 * 72) / design.baud, 1)
    facts = {"baud": design.baud, "bundle": design.bundle.digest, "slowdown": 36.0, "timeout": max(2, limit)}
    assert said == facts
    lines = done.stderr.splitlines()
    assert lines[0].startswith("1BitSquared iCEBreaker at /dev/") and lines[0].endswith(" --timeout 2")
    choice = "is no order: type one of reset, noise, unplug, if need be with a number"
    assert lines[1:] == [f"'{words}' {choice}" for words in ("fly", "reset x", "reset -1")] + ["unplugged"]
    wanted = ((b"r", 0), (b"n", 500), (b"u", 0))
    assert orders.read_bytes() == b"".join(struct.pack("<cQ", *order) for order in wanted)


def test_the_path_of_the_port_is_all_that_standard_output_gets(tmp_path, orders):
    done = typed("unplug\n", "virtual", tmp_path)
    assert done.exit_code == 0 and done.stdout.startswith("/dev/") and done.stdout.count("\n") == 1


def test_what_is_no_build_is_one_line(tmp_path):
    code, out, err = run("virtual", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "report.json: No such file or directory; give a folder that 'engram build' made" in err
