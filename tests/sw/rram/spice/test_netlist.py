"""Netlists: every device, segment, driver and sense node, and what is left out."""

import numpy as np

from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.laws.lines import COMPILER_LINES
from sw.rram.spice.netlist import Pattern, Settling, netlist
from sw.rram.spice.tile import programmed_tiles
from tests.helpers.bundles import random_bundle, tiny_design

BUNDLE = random_bundle(tiny_design(), 3)


def text_of(lines=COMPILER_LINES, device="ideal", settling=None):
    tile = programmed_tiles(BUNDLE.design, BUNDLE.templates, DEVICES[device], Conditions(), seed=1)[0]
    levels = np.zeros((2, BUNDLE.design.features), np.uint8)
    levels[1, 0] = 1
    patterns = [Pattern(image, tile.driven(of)) for image, of in zip((4, 7), levels, strict=True)]
    return tile, netlist(tile, patterns, lines, 0.25, settling).splitlines()


def parts(lines, name):
    return [line for line in lines if line.startswith(name)]


def test_the_circuit_has_all_there_is_and_no_device_without_conductance():
    tile, lines = text_of()
    assert lines[0].startswith("* tiny: tile 0,0 of chip 0, seed 1")
    assert len(parts(lines, "Vw")) == 16 and len(parts(lines, "Vs")) == 3
    assert len(parts(lines, "Rw")) == len(parts(lines, "Cw")) == 16 * 4  # to the end of the tile
    assert len(parts(lines, "Rm")) == len(parts(lines, "Cm")) == 16 * 3
    devices = dict(line.split()[0::3] for line in parts(lines, "Rd"))
    assert {name: float(ohms) for name, ohms in devices.items()} == {
        f"Rd{i}_{j}": 1 / tile.conductances[i, j] for i, j in np.argwhere(tile.conductances)
    }
    assert "Rw3_0 w3 w3_0 {word_ohms}" in lines and "Rm0_2 s2 m0_2 {match_ohms}" in lines


def test_images_follow_each_other_by_the_drivers_that_change():
    _, lines = text_of(settling=Settling(3e-12, 1e-14))
    assert parts(lines, "Vw0")[0] == "Vw0 w0 0 dc {read_volts}" and parts(lines, "Vw1 ")[0].endswith("dc 0")
    assert parts(lines, "alter") == ["alter vw0 dc = 0.0", "alter vw1 dc = 0.25"]
    assert lines.count("op") == 2 and len(parts(lines, "tran 1e-14 3e-12")) == 1
    files = [f"wrdata tile-0-0-{what}.txt" for what in ("settling", "image-4", "image-7")]
    assert parts(lines, "wrdata") == files


def test_a_line_without_resistance_is_one_node():
    _, lines = text_of(COMPILER_LINES._replace(word_line_ohms=0.0, match_line_ohms=0.0), "cmo-hfox")
    assert not parts(lines, "Rw") and not parts(lines, "Rm") and not parts(lines, "C")
    assert parts(lines, "Rd5_2")[0].split()[1:3] == ["w5", "s2"]
