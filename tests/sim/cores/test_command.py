"""``python -m sim.cores``: what it prints and how it ends; the run behind it is replaced."""

import json
import re

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hw.fpga.export import Core
from hw.frontend.schedule import Parallelism
from sim.cores import command
from sim.cores.command import simulate_cores
from sim.cores.readers import Reading
from sim.cores.verify import CoreReport
from sw.reference.trace import Mismatch

application = typer.Typer()
application.command()(simulate_cores)


@pytest.fixture(autouse=True)
def placed(monkeypatch):
    """To choose a front end takes seconds, and nothing here follows from it."""
    monkeypatch.setattr(command, "configured", lambda bundle, *rest: (bundle, (Parallelism(),) * 3))


def run(*arguments):
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


@pytest.mark.parametrize("first", [None, Mismatch(4, "byte", (2,), 1, 0)])
def test_the_report_and_the_exit_code(monkeypatch, first):
    given = []

    def verify(bundle, board, sizes, images, core, *, simulator, seed, done, listener):
        given.append((images, core, simulator, seed))
        return CoreReport(len(images), 3, int(first is not None), first, 0, 0, 12_345)

    monkeypatch.setattr(command, "verify_core", verify)
    ran = run("--core", "axi-stream", "--images", "700", "--seed", "4", "--json")
    values = json.loads(ran.stdout)
    assert ran.exit_code == (first is not None)
    assert (values["images"], values["malformed"], values["cycles"]) == (700, 3, 12_345)
    assert (values["mismatches"], values["first_mismatch"]) == ((1, str(first)) if first else (0, None))
    assert ("image 4, byte[2]: expected 1, got 0" in ran.stderr) == (first is not None)
    ((images, *rest),) = given
    assert rest == [Core.axi_stream, "verilator", 4]
    seen, counts = np.unique(images.reshape(700, -1), axis=0, return_counts=True)
    assert len(seen) > 300 and counts.max() - counts.min() <= 1
    assert re.search(r"mismatches +[01]\ncycles +12,345\n", run("--images", "5").stdout)


@pytest.mark.parametrize("core", ["uart", "stream"])
def test_a_core_without_a_bus_model_is_one_line(core):
    ran = run("--core", core)
    assert ran.exit_code == 2
    assert (
        f"--core must be one of axi-stream, wishbone, for which there are bus models, got {core}"
        in ran.stderr
    )
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("error", [None, "1: error: no"])
def test_all_cores_are_read(monkeypatch, error):
    read = []

    def write(bundle, board, folder, *, name, core, parallelism, listener):
        return {"verilog": folder / "core.v", "example": folder / f"{name}_example.v"}

    def read_by(files, top):
        read.append(([path.name for path in files], top))
        return {"yosys": Reading(True, error), "icarus": Reading(False, "it is missing")}

    monkeypatch.setattr(command, "write_verilog", write)
    monkeypatch.setattr(command, "read_by", read_by)
    ran = run("--check-readers")
    assert ran.exit_code == (error is not None)
    lines = [
        line
        for core in Core
        for line in (
            f"{core:<11} yosys      {error or 'no error'}",
            f"{core:<11} icarus     skipped: it is missing",
        )
    ]
    assert ran.stdout.splitlines() == lines
    assert read == [(["core.v", "core_example.v"], "core_example")] * len(Core)
    values = json.loads(run("--check-readers", "--json").stdout)
    assert list(values["readers"]) == list(Core)
