"""The copy of an exported core that starts with noise, and the simulators it is for."""

import re

import pytest

from sim.cores import simulators
from sim.cores.simulators import Simulator, compiled, ports_of, start_at_random
from sw.errors import EngramError

VERILOG = """\
module engram(clk, \\a.b , q);
  reg [7:0] state = 8'h00;
  reg flag = 1'h1;
  reg \\$auto$1  = 0;
  reg [3:0] ring [1:0];
  initial $readmemb("core.ring.mem", ring);
  always @(posedge clk) begin
    if (en)
      ring[addr] <= state[3:0];
  end
endmodule
module \\engram.rom (clk);
  reg [3:0] ring [1:0];
  initial $readmemb("core.rom.ring.mem", ring);
  reg [3:0] codes [1:0];
  initial $readmemb("core.rom.codes.mem", codes);
  always @(posedge clk) begin
    if (en)
      codes[addr] <= 4'h0;
  end
endmodule
"""
FILES = {
    "core.ring.mem": "0000\n0000\n",
    "core.rom.ring.mem": "0000\n0000\n",
    "core.rom.codes.mem": "0000\n0110\n",
}


@pytest.fixture
def verilog(tmp_path):
    """An exported core, and an empty folder."""
    (tmp_path / "core.v").write_text(VERILOG)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "out").mkdir()
    return tmp_path / "core.v"


def test_registers_and_written_memories_start_at_random_and_contents_stay(verilog):
    out = verilog.parent / "out"
    text = start_at_random(verilog, out, seed=2)
    state, flag = re.search(r"state = 8'b([01]{8});", text)[1], re.search(r"flag = 1'b([01]);", text)[0]
    assert state != "00000000"
    assert text.replace(f"8'b{state}", "8'h00").replace(flag, "flag = 1'h1;") == VERILOG
    came = {path.name: path.read_text() for path in out.iterdir()}
    assert re.fullmatch("[01]{4}\n[01]{4}\n", came["core.ring.mem"]) and "1" in came["core.ring.mem"]
    assert {**came, "core.ring.mem": FILES["core.ring.mem"]} == FILES
    assert start_at_random(verilog, out, seed=2) == text


@pytest.mark.parametrize(("old", "new"), [("ring[addr] <=", "x <="), ("'h", "'d")])
def test_a_start_without_noise_is_a_fault_of_ours(verilog, old, new):
    verilog.write_text(VERILOG.replace(old, new))
    with pytest.raises(RuntimeError, match="could start at random"):
        start_at_random(verilog, verilog.parent / "out", seed=2)


def test_ports_of_the_top_module():
    assert ports_of(VERILOG) == ["clk", "\\a.b", "q"]


def test_a_missing_icarus_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(simulators.shutil, "which", lambda name: None)
    with pytest.raises(EngramError, match="iverilog is not installed; on Debian: apt install iverilog"):
        compiled(Simulator.icarus, VERILOG, tmp_path, 1)
