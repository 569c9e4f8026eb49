"""Cells of other makers' parts, counted; the synthesis itself is Yosys' own matter."""

import json
from dataclasses import asdict

import pytest
import typer
from typer.testing import CliRunner

from hw.fpga import foreign
from hw.fpga.foreign import MAKERS, count
from hw.tuning.lut6 import lut6
from sw.bundle import save
from sw.design import DesignPoint, Layer
from tests.helpers.bundles import random_bundle

CELLS = {
    "xilinx": {"LUT2": 3, "LUT6": 5, "INV": 1, "FDRE": 7, "FDSE": 1, "CARRY4": 2, "RAMB18E1": 4, "MUXF7": 9},
    "intel": {
        "MISTRAL_ALUT6": 5,
        "MISTRAL_NOT": 1,
        "MISTRAL_ALUT_ARITH": 2,
        "MISTRAL_FF": 8,
        "MISTRAL_M10K": 4,
    },
}

application = typer.Typer()
application.command()(lut6)


@pytest.fixture
def bundle(tmp_path):
    design = DesignPoint(
        name="least",
        height=4,
        width=4,
        classes=2,
        layers=(Layer(kind="pointwise1x1", out_channels=2),),
        rows=8,
        row_lanes=4,
    )
    path = tmp_path / "least.engram"
    save(random_bundle(design, seed=1), path)
    return path


@pytest.mark.parametrize("maker", MAKERS)
def test_the_chip_of_a_board_goes_to_the_synthesis_of_the_maker(bundle, monkeypatch, maker):
    scripts = []

    def run_yosys(script, folder):
        scripts.append(script)
        assert "module \\top" in (folder / "top.il").read_text(encoding="utf-8")
        cells = json.dumps({"design": {"num_cells_by_type": CELLS[maker]}})
        (folder / "cells.json").write_text(cells, encoding="utf-8")

    monkeypatch.setattr(foreign, "run_yosys", run_yosys)
    done = CliRunner().invoke(application, [str(bundle), "--board", "icebreaker", "--maker", maker, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    wanted = json.loads(json.dumps(asdict(count(CELLS[maker], MAKERS[maker]))))
    assert said == {"bundle": str(bundle), "board": "icebreaker", "maker": maker} | wanted
    assert len(scripts) == 1 and MAKERS[maker].synthesis in scripts[0]


def test_a_maker_that_is_none_is_one_line(bundle):
    done = CliRunner().invoke(application, [str(bundle), "--board", "icebreaker", "--maker", "other"])
    assert done.exit_code == 2
    assert "--maker must be one of xilinx, intel, got 'other'" in " ".join(done.output.split())
