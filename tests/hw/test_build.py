import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from hw.array.codes.code_image import FLASH_OFFSET, code_bytes, flash_file
from hw.boards import known as boards
from hw.build import build
from hw.fpga import bitstream, toolchain
from hw.fpga.bitstream import build_bitstream
from hw.fpga.toolchain import Placed, Toolchain
from hw.sizing.array_timing import accelerator_timing
from hw.sizing.front_end_choice import Source, Variant, configured, with_lanes
from sw.bundle import load, save
from sw.design import DesignPoint
from sw.errors import EngramError, WriteError
from tests.helpers.bundles import TINY, random_bundle

ICE40_SYNC_WORD = bytes.fromhex("7eaa997e")

application = typer.Typer()
application.command()(build)


def run(*arguments):
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def bundle_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundles") / "tiny.engram"
    save(random_bundle(TINY, seed=3), path)
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """One real build, from bundle to bitstream."""
    folder = tmp_path_factory.mktemp("built")
    bundle = random_bundle(TINY, seed=3)
    return build_bitstream(bundle, boards.load("icebreaker"), folder, name="tiny"), folder


def test_build_writes_bitstream_bundle_and_report(built):
    report, folder = built

    assert ICE40_SYNC_WORD in Path(report.bitstream).read_bytes()[:64]
    assert load(folder / "tiny-icebreaker.engram").digest == report.digest
    assert json.loads((folder / "report.json").read_text()) == report.to_json()
    assert sorted(report.files) == sorted(str(path) for path in folder.iterdir() if path.is_file())


def test_build_uses_the_block_ram_it_planned(built):
    report, _ = built

    assert report.usage.block_rams == report.brams_planned == 4
    assert "4 planned, as planned" in table_text(report)
    assert report.usage.sprams == report.sprams_planned == 0
    assert report.to_json()["flash_offset"] is None


def test_codes_in_single_port_ram_are_in_the_file_and_the_report(tmp_path, monkeypatch):
    """The tools are replaced: what they make of such a chip is a matter of the netlist's simulation."""
    icebreaker = boards.load("icebreaker")
    limits = icebreaker.limits.model_copy(update={"block_rams": 3})
    bundle = random_bundle(TINY, seed=3)
    placed = Placed(fmax_mhz=30.0, critical_path=("a", "b"), used={"ICESTORM_LC": 1000})
    monkeypatch.setattr(Toolchain, "synthesise", lambda _: {"SB_RAM40_4K": 3, "SB_SPRAM256KA": 1})
    monkeypatch.setattr(Toolchain, "place_and_route", lambda *_: placed)

    def pack(tools):
        assert "set_io flash__cipo 17" in (tools._folder / "top.pcf").read_text()
        (tools._folder / "top.bin").write_bytes(b"bitstream")
        return tools._folder / "top.bin"

    monkeypatch.setattr(Toolchain, "pack", pack)

    report = build_bitstream(bundle, icebreaker.model_copy(update={"limits": limits}), tmp_path, name="tiny")

    assert Path(report.bitstream).read_bytes() == flash_file(b"bitstream", code_bytes(bundle))
    values = report.to_json()
    assert [values[name] for name in ("brams", "sprams", "sprams_planned", "sprams_available")] == [
        3,
        1,
        1,
        4,
    ]
    assert values["flash_offset"] == FLASH_OFFSET
    assert "1 planned, as planned, codes from flash at 0x20000, in the .bin" in table_text(report)


def test_the_fastest_of_several_seeds_is_built_and_all_are_reported(tmp_path, monkeypatch):
    def synthesise(tools):
        (tools._folder / "top.json").write_text("netlist")
        return {"SB_LUT4": 10}

    def place_and_route(tools, seed, luts):
        for name in ("top.asc", "timing.json", "place-and-route.log"):
            (tools._folder / name).write_text(f"layout {seed}")
        return Placed({4: 31.04, 5: 33.5, 6: 30.0}[seed], ("a", "b"), {"ICESTORM_LC": 10})

    def pack(tools):
        (tools._folder / "top.bin").write_text((tools._folder / "top.asc").read_text())
        return tools._folder / "top.bin"

    monkeypatch.setattr(Toolchain, "synthesise", synthesise)
    monkeypatch.setattr(Toolchain, "place_and_route", place_and_route)
    monkeypatch.setattr(Toolchain, "pack", pack)
    monkeypatch.setattr("hw.fpga.trial.try_board", lambda *_: None)
    bundle, board = random_bundle(TINY, seed=3), boards.load("icebreaker")
    report = build_bitstream(bundle, board, tmp_path, name="tiny", seeds=range(4, 7))
    assert Path(report.bitstream).read_text() == "layout 5"
    values = report.to_json()
    assert (values["seed"], values["fmax_mhz"]) == (5, 33.5)
    assert values["fmax_mhz_by_seed"] == {"4": 31.04, "5": 33.5, "6": 30.0}
    assert "of place and route; 30.0 to 33.5 MHz, 4: 31.0, 5: 33.5, 6: 30.0" in table_text(report)


def test_seeds_beyond_those_of_the_tools_are_one_line(bundle_file):
    result = run(bundle_file, "--board", "icebreaker", "--seed", 2**31 - 1, "--seeds", 2)
    assert result.exit_code == 2
    assert "the last of the seeds must be at most 2147483647, got 2147483648" in result.stderr


def test_a_full_disk_leaves_an_earlier_build_and_nothing_of_this_one(tmp_path, monkeypatch):
    (tmp_path / "tiny-icebreaker.bin").write_bytes(b"an earlier one")

    def synthesise(tools):
        (tools._folder / "top.json").write_text("half of")
        raise WriteError("no room")

    monkeypatch.setattr(Toolchain, "synthesise", synthesise)
    with pytest.raises(WriteError, match=r"^no room$"):
        build_bitstream(random_bundle(TINY, seed=3), boards.load("icebreaker"), tmp_path, name="tiny")
    assert os.listdir(tmp_path) == ["tiny-icebreaker.bin"]
    assert (tmp_path / "tiny-icebreaker.bin").read_bytes() == b"an earlier one"


@pytest.mark.parametrize("name", ["tiny-icebreaker.bin", "tiny-icebreaker.engram", "report.json"])
def test_a_folder_in_the_place_of_a_file_is_refused_ahead_of_the_tools(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(WriteError, match=f"cannot write .*{name}: that is a folder; give a file name"):
        build_bitstream(random_bundle(TINY, seed=3), boards.load("icebreaker"), tmp_path, name="tiny")
    assert os.listdir(tmp_path) == [name]


MEDIUM = DesignPoint(
    name="medium",
    height=28,
    width=28,
    classes=10,
    thresholds_per_feature=2,
    rows=112,
    cell_bits=4,
    adc_bits=8,
)
"""More codes than block RAM of a UP5K, in entries of 128 bits where its 4 SPRAMs side by side have 64."""


def test_lanes_are_narrowed_where_only_single_port_ram_holds_the_codes():
    medium, icebreaker = random_bundle(MEDIUM, 0, codes="random"), boards.load("icebreaker")

    narrow, sizes = configured(medium, icebreaker, None, Variant.auto, "auto")

    assert (narrow.design.row_lanes, sizes) == (8, None)
    assert configured(narrow, icebreaker, None, Variant.auto, "auto") == (narrow, None)
    ulx3s = boards.load("ulx3s-12f")
    assert configured(medium, ulx3s, None, Variant.auto, "auto") == (medium, None)


def test_lanes_stay_where_narrower_ones_do_not_help():
    small, icebreaker = random_bundle(TINY, seed=3), boards.load("icebreaker")
    assert configured(small, icebreaker, Source.features, Variant.auto, "auto")[0] is small

    no_block_ram = icebreaker.model_copy(
        update={"limits": icebreaker.limits.model_copy(update={"block_rams": 0})}
    )
    with pytest.raises(EngramError, match=r"'medium' needs \d+ block RAM, .* has 0, and 4 single-port RAM"):
        configured(random_bundle(MEDIUM, 0, codes="random"), no_block_ram, None, Variant.auto, "auto")


def test_build_meets_timing_and_reports_the_cells(built):
    values = built[0].to_json()

    assert values["timing_met"] is True
    assert values["fmax_mhz"] > values["target_mhz"] == 36
    assert 0 < values["luts"] < values["luts_available"] == 5280
    assert 0 < values["ffs"] < values["ffs_available"]
    assert f"estimate {values['luts_estimated']:,} (" in table_text(built[0])
    assert f"estimate {values['ffs_estimated']:,} (" in table_text(built[0])
    assert values["dsps_planned"] == values["dsps"]
    assert values["cycles_per_image"] == accelerator_timing(random_bundle(TINY, 0)).interval
    assert list(values["seconds"]) == ["elaboration", "synthesis", "place and route", "bitstream"]


def test_report_says_how_far_the_speed_of_the_link_is_off(built):
    other = replace(built[0], baud=115_200)  # 36 MHz / 312 is 115,385

    assert (built[0].baud_made, other.to_json()["baud_made"]) == (1_000_000, 115_384.6)
    assert "images at 1,000,000 baud, +0.0%" in table_text(built[0])
    assert "images at 115,200 baud, +0.2%" in table_text(other)


def test_json_is_the_only_thing_on_standard_output(built, bundle_file, monkeypatch):
    monkeypatch.setattr(bitstream, "build_bitstream", lambda *_, **__: built[0])

    result = run(bundle_file, "--board", "icebreaker", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == built[0].to_json()


def test_timing_not_met_is_plain_and_exits_1(built, bundle_file, monkeypatch):
    slow = replace(built[0], fmax_mhz=20.25)
    monkeypatch.setattr(bitstream, "build_bitstream", lambda *_, **__: slow)

    result = run(bundle_file, "--board", "icebreaker")

    assert result.exit_code == 1
    assert "NOT MET" in result.stdout
    assert "timing NOT MET: 20.25 MHz reached, 36 MHz needed; slowest path from chip." in result.stderr


@pytest.mark.parametrize(("brams", "note"), [(5, "4 planned, 1 more"), (2, "4 planned, 2 fewer")])
def test_block_ram_that_is_not_as_planned_shows(built, brams, note):
    report = replace(built[0], usage=replace(built[0].usage, block_rams=brams))

    assert note in table_text(report)


def test_design_that_does_not_fit_is_refused_before_anything_is_made(tmp_path):
    large, output = tmp_path / "large.engram", tmp_path / "out"
    shape = TINY.with_(height=64, width=64, layers=(), cell_bits=8, templates_per_class=8)
    save(random_bundle(shape, 0, codes="random"), large)

    result = run(large, "--board", "icebreaker", "-o", output)

    assert result.exit_code == 2
    assert "the iCE40UP5K of icebreaker has 30, and 4 single-port RAM where the codes" in result.stderr
    assert "would take 8; the smallest known board that fits is ulx3s-" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--board", "icebraker"], "unknown board 'icebraker'; near ones: icebreaker, "),
        (["--board", "icebreaker", "--baud", "11000000"], "--baud must be within 2 %"),
        (["--board", "icebreaker", "--row-lanes", "9"], "row_lanes must be at most rows = 8, got 9"),
    ],
    ids=["board", "baud", "lanes"],
)
def test_wrong_option_is_one_line(bundle_file, tmp_path, arguments, message):
    result = run(bundle_file, *arguments, "-o", tmp_path / "out")

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_made_is_named(bundle_file, tmp_path):
    (tmp_path / "file").touch()

    result = run(bundle_file, "--board", "icebreaker", "-o", tmp_path / "file")

    assert result.exit_code == 2
    assert "File exists; choose another place with -o" in result.stderr


def test_lanes_change_the_layout_and_nothing_else():
    bundle = random_bundle(TINY, seed=3)

    wide = with_lanes(bundle, 8, 2)

    assert (wide.design.row_lanes, wide.design.col_lanes) == (8, 2)
    assert (wide.array.codes == bundle.array.codes).all()
    assert with_lanes(bundle, None, None) is bundle


def test_interrupt_ends_the_tool_and_leaves_nothing(bundle_file, tmp_path):
    output = tmp_path / "out"
    work = output / "tiny-icebreaker.work"
    command = [sys.executable, "-m", "hw.build", bundle_file, "--board", "icebreaker", "-o", output]
    # in the background of a shell nobody hears it
    hears = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    build = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hears)
    until = time.monotonic() + 60
    while not (tools := processes_in(work)) and build.poll() is None and time.monotonic() < until:
        time.sleep(0.05)

    build.send_signal(signal.SIGINT)
    _, messages = build.communicate(timeout=60)

    assert build.returncode == 130
    assert "interrupted" in messages
    assert not output.exists()
    assert tools
    while any(Path(f"/proc/{tool}").exists() for tool in tools):
        assert time.monotonic() < until + 60, "a tool outlives the build"
        time.sleep(0.05)


def processes_in(folder):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = os.readlink(process / "cwd")
        except OSError:
            continue
        if where == str(folder):
            found.append(process.name)
    return found


def table_text(report):
    console = Console(width=200, file=io.StringIO())
    console.print(report.table())
    return console.file.getvalue()


@pytest.mark.parametrize("tool", ["yosys", "nextpnr", "pack"])
def test_missing_tool_is_one_line_and_leaves_nothing(bundle_file, tmp_path, monkeypatch, tool):
    there = toolchain.find_tool
    monkeypatch.setattr(toolchain, "find_tool", lambda name: there("yowasp-none" if tool in name else name))

    result = run(bundle_file, "--board", "icebreaker", "-o", tmp_path / "out")

    assert result.exit_code == 2
    assert "yowasp-none is not installed; install it with: pip install 'engram-rram[fpga]'" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
