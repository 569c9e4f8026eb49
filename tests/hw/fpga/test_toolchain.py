import json
import subprocess
import sys

import pytest

from hw.boards import known as boards
from hw.fpga import toolchain
from hw.fpga.toolchain import Toolchain, find_tool, first_error, read_timing, run_yosys, tool_command
from sw.errors import EngramError, WriteError
from sw.progress import Listener


@pytest.fixture
def tools(tmp_path):
    return Toolchain(boards.load("icebreaker"), tmp_path)


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """Put a shell script in the place of every tool."""

    def install(script):
        program = tmp_path / "tool.sh"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(toolchain, "find_tool", lambda tool: str(program))

    return install


def test_failing_tool_is_one_line_with_its_own_error_and_the_log(tools, tmp_path, pretend):
    pretend("echo Info: fine\necho 'ERROR: no place for it' >&2\necho bye\nexit 7")

    with pytest.raises(EngramError) as refusal:
        tools.place_and_route(seed=1, luts=1)

    log = tmp_path / "place-and-route.log"
    assert str(refusal.value) == f"place and route failed: ERROR: no place for it; all of it is in {log}"
    assert log.read_text() == "Info: fine\nERROR: no place for it\nbye\n"


@pytest.mark.parametrize(("luts", "router"), [(100, []), (30_000, ["--router", "router2"])])
def test_the_router_is_the_one_for_the_size_of_the_netlist(monkeypatch, tmp_path, luts, router):
    given = []

    def tool(self, step, name, *arguments):
        given.extend(arguments)
        for file, content in ECP5_WHOLE["place_and_route"].items():
            (tmp_path / file).write_bytes(content)

    monkeypatch.setattr(Toolchain, "_run", tool)
    Toolchain(boards.load("ulx3s-85f"), tmp_path).place_and_route(1, luts)
    assert [option for option in given if "router" in option] == router


def test_first_use_of_a_tool_is_announced(tmp_path, pretend):
    pretend(
        "echo 'Preparing to run tool. This might take a while...'; printf '\\042..\\001\\006\\000' > top.bin"
    )

    said = []
    tools = Toolchain(boards.load("icebreaker"), tmp_path, Listener(say=said.append))
    tools.pack()

    first, took = said
    assert "first use of yowasp-icepack: it is compiled once" in first
    assert took.split()[0] == "bitstream" and took.endswith(" s")
    assert list(tools.seconds) == ["bitstream"]


WHOLE = {
    "synthesise": {
        "top.json": b'{\n  "modules": {\n  }\n}\n',
        "cells.json": b' header\n{"design": {"num_cells_by_type": {"SB_LUT4": 3}}}\n',
    },
    "write_netlist": {"top.v": b"module top();\nendmodule\n"},
    "place_and_route": {
        "top.asc": b".device 5k\n\n.logic_tile 1 1\n0101\n\n.sym 1 clk\n.sym 2 chip.reset\n",
        "timing.json": b'{"fmax": {"c": {"achieved": 9}}, "critical_paths": [], "utilization": {}}',
    },
    "pack": {"top.bin": b"\x00bits \x22\x93\x83\x01\x06\x00"},
}
ECP5_WHOLE = {
    "place_and_route": {"top.config": b".device X\n\n.tile A:B\narc: 1 2\n\n", **WHOLE["place_and_route"]},
    "pack": {"top.bit": b"\xffbits\x0e\xf7\x5e\0\0\0\xff\xff\xff\xff"},
}
CUT = [
    (board, step, name, size)
    for board, made in (("icebreaker", WHOLE), ("ulx3s-85f", ECP5_WHOLE))
    for step, files in made.items()
    for name in files
    if board == "icebreaker" or name != "top.asc"
    for size in {0, 1, len(files[name]) // 2, len(files[name]) - (2 if name == "cells.json" else 1)}
]


@pytest.mark.parametrize(("board", "step", "name", "size"), CUT)
def test_a_file_that_a_tool_left_cut_off_is_refused(monkeypatch, tmp_path, board, step, name, size):
    """As on a full disk, where all of these tools end with code 0."""
    made = dict((WHOLE if board == "icebreaker" else ECP5_WHOLE)[step])
    work = {"place_and_route": (1, 1)}.get(step, ())

    def tool(self, *_):
        for file, content in made.items():
            (tmp_path / file).write_bytes(content)

    monkeypatch.setattr(Toolchain, "_run", tool)
    tools = Toolchain(boards.load(board), tmp_path)
    getattr(tools, step)(*work)
    made[name] = made[name][:size]
    with pytest.raises(WriteError, match=rf"cannot write .*{name}: it ends after {size} bytes, as on a full"):
        getattr(tools, step)(*work)
    (tmp_path / name).unlink()
    made.pop(name)
    with pytest.raises(WriteError, match=rf"cannot write .*{name}: it ends after 0 bytes"):
        getattr(tools, step)(*work)


def test_a_tool_that_the_disk_ends_is_told_from_one_that_fails(tools, tmp_path, pretend):
    pretend("echo 'ERROR: x' >&2; echo 'OSError: [Errno 28] No space left on device: /c' >&2; exit 1")
    with pytest.raises(WriteError) as refusal:
        tools.pack()
    assert str(refusal.value) == (
        "bitstream failed: OSError: [Errno 28] No space left on device: /c; "
        "make room there or choose another place with -o"
    )
    pretend("kill -XFSZ $$")
    with pytest.raises(
        WriteError, match=f"cannot write {tmp_path}: File too large; make room there or set TM"
    ):
        run_yosys("", tmp_path)


def test_broken_netlist_is_refused_by_yosys_itself(tools, tmp_path):
    (tmp_path / "top.il").write_text("module \\top\n  cell $not_there\nend\n")

    with pytest.raises(
        EngramError, match=r"synthesis failed: ERROR: Parser error in line 2: .*synthesis\.log"
    ):
        tools.synthesise()


def test_missing_tool_says_how_to_install_it():
    with pytest.raises(
        EngramError, match=r"yowasp-none is not installed; .*pip install 'engram-rram\[fpga\]'"
    ):
        find_tool("yowasp-none")


def test_a_script_beside_this_python_is_run_by_it_whatever_its_first_line_says(tmp_path, monkeypatch):
    beside, elsewhere = tmp_path / "my 'venv'", tmp_path / "bin"
    for folder in (beside, elsewhere):
        folder.mkdir()
        (folder / f"tool-{folder.name[0]}").write_text("#!/no such python\nprint('ran')\n")
        (folder / f"tool-{folder.name[0]}").chmod(0o755)
    monkeypatch.setattr(toolchain.sysconfig, "get_path", lambda name: str(beside))
    monkeypatch.setenv("PATH", str(elsewhere))
    assert tool_command("tool-m") == [sys.executable, str(beside / "tool-m")]
    assert tool_command("tool-b") == [str(elsewhere / "tool-b")]
    assert subprocess.run(tool_command("tool-m"), capture_output=True, text=True).stdout == "ran\n"


@pytest.mark.parametrize("tool", [toolchain.YOSYS, "yowasp-icepack"])
def test_a_tool_that_cannot_keep_its_machine_code_is_one_line(tools, monkeypatch, tool):
    def refuse():
        raise EngramError("the tools keep what they compile in X; set ENGRAM_CACHE")

    monkeypatch.setattr(toolchain, "require_tool_cache", refuse)
    with pytest.raises(EngramError, match="set ENGRAM_CACHE"):
        tools.synthesise() if tool == toolchain.YOSYS else tools.pack()


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("Info: a\nERROR: first\nERROR: second\n", "ERROR: first"),
        ("top.il:3: ERROR: unexpected\n", "top.il:3: ERROR: unexpected"),
        ("Killed\n\n", "it stopped without an error of its own, after 'Killed'"),
        ("", "it stopped without an error of its own, and wrote nothing"),
    ],
    ids=["first of two", "with place", "last line", "silent"],
)
def test_error_line_is_found(log, error):
    assert first_error(log) == error


def test_slowest_clock_and_its_own_critical_path_are_reported():
    def path(clock, *cells):
        return {
            "from": f"posedge {clock}",
            "to": f"posedge {clock}",
            "path": [{"from": {"cell": cell}, "to": {"cell": cell}} for cell in cells],
        }

    report = {
        "fmax": {"fast": {"achieved": 90.0}, "slow": {"achieved": 40.5}},
        "critical_paths": [path("fast", "a", "b"), path("slow", "c", "x", "d")],
        "utilization": {"ICESTORM_LC": {"used": 12, "available": 5280}},
    }

    placed = read_timing(json.dumps(report))

    assert placed.fmax_mhz == 40.5
    assert placed.critical_path == ("c", "d")
    assert placed.used == {"ICESTORM_LC": 12}


def test_a_packer_that_is_missing_is_said_before_the_slow_steps(tmp_path, monkeypatch):
    there = find_tool
    monkeypatch.setattr(toolchain, "find_tool", lambda tool: there("yowasp-none" if "pack" in tool else tool))
    steps = Toolchain(boards.load("tang_nano_9k"), tmp_path)
    with pytest.raises(EngramError, match="yowasp-none is not installed"):
        steps.try_empty()
    assert steps.seconds == {}
