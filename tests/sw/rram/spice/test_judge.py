"""The judge: models and ngspice agree, and where they do not it says so."""

import shutil
from dataclasses import replace

import pytest

from sw.errors import EngramError
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.laws.lines import COMPILER_LINES
from sw.rram.spice.judge import judge
from sw.rram.spice.netlist import Pattern
from sw.rram.spice.ngspice import find_ngspice, run_ngspice
from sw.rram.spice.tile import programmed_tiles
from tests.helpers.bundles import random_bundle, random_levels, tiny_design

needs_ngspice = pytest.mark.skipif(
    shutil.which("ngspice") is None, reason="ngspice is not on the PATH; on Debian: apt install ngspice"
)
DEVICE = DEVICES["cmo-hfox"].with_(p_stuck_hrs=0.05, p_stuck_lrs=0.05, p_broken_row=0.05)


def judged(tmp_path, lines, change=lambda tile: tile):
    bundle = random_bundle(tiny_design(), 3)
    conditions = Conditions(word_line_ohms=lines.word_line_ohms, match_line_ohms=lines.match_line_ohms)
    tile = change(programmed_tiles(bundle.design, bundle.templates, DEVICE, conditions, seed=1)[0])
    levels = random_levels(bundle.design, 2, 1)
    patterns = [Pattern(image, tile.driven(of)) for image, of in enumerate(levels)]
    return judge(tile, patterns, lines, 0.2, tmp_path)


@needs_ngspice
@pytest.mark.parametrize("ohms", [(1.28, 0.14), (2.0, 3.0), (0.0, 50.0), (0.0, 0.0)], ids=str)
def test_currents_and_settling_times_agree(tmp_path, ohms):
    lines = COMPILER_LINES._replace(word_line_ohms=ohms[0], match_line_ohms=ohms[1])
    found = judged(tmp_path, lines)
    assert found.worst_relative < 1e-9
    assert found.currents == 6 and found.stuck > 0
    if any(ohms):
        assert found.settling_ratio == pytest.approx(1, abs=0.1)


@needs_ngspice
def test_another_effective_conductance_is_found(tmp_path):
    def changed(tile):
        return replace(tile, effective=tile.effective * (1 + 1e-6))

    assert judged(tmp_path, COMPILER_LINES, changed).worst_relative == pytest.approx(1e-6, rel=1e-3)


@needs_ngspice
def test_a_netlist_that_is_none_is_one_line(tmp_path):
    with pytest.raises(EngramError, match="ngspice ended with code 1: Error"):
        run_ngspice("* nothing\nR1 a 0 many\n.control\nop\nquit 0\n.endc\n.end\n", tmp_path)


def test_a_missing_ngspice_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngramError, match=r"must be on the PATH.*apt install ngspice"):
        find_ngspice()


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("echo 'Error: no such thing'; exit 3", "code 3: Error: no such thing"),
        ("exit 0", "must have written tile-0-0-image-1.txt with a number for every current"),
        ("for i in 0 1; do echo 0 nan nan nan > tile-0-0-image-$i.txt; done", "with a number for every"),
        ("for i in 0 1; do : > tile-0-0-image-$i.txt; done", "with a number for every current, it has not"),
    ],
)
def test_a_program_that_answers_nothing_is_one_line(tmp_path, monkeypatch, does, said):
    program = tmp_path / "ngspice"
    program.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    with pytest.raises(EngramError, match=said) as refused:
        judged(tmp_path, COMPILER_LINES)
    assert "\n" not in str(refused.value)


def test_a_program_in_a_folder_seen_from_here_is_found_from_elsewhere(tmp_path, monkeypatch):
    program = tmp_path / "ngspice"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    assert find_ngspice() == str(program)
