"""Exported Verilog: complete, explained, and the stream core through its example equal to the reference."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hw.boards import known as boards
from hw.build import build
from hw.fpga.export import Core, in_string, write_verilog
from hw.fpga.toolchain import run_yosys
from hw.frontend.schedule import Parallelism
from hw.sizing.image_timing import image_cycles
from sim.cores.readers import slang, yosys
from sim.models.runner import ModelSource, build_model
from sw.bundle import load, save
from sw.errors import WriteError
from sw.reference.pipeline import run as reference
from tests.helpers.bundles import TINY, random_bundle, random_images

BOARD = boards.load("ulx3s-85f")
BUNDLE = random_bundle(TINY.with_(cell_bits=4, adc_bits=6, margin=3), seed=3, codes="random")
NOISY = random_bundle(BUNDLE.design, seed=3, codes="random", noise=True, inl=True)
SIZES = (Parallelism(1, 2, 1, 2), Parallelism(2, 2))
IMAGES = 12
PORTS = {
    Core.uart: "clk rst rx tx busy ready",
    Core.stream: "clk rst pixel_valid pixel_ready pixel result_valid result_ready "
    "label template margin accepted",
    Core.axi_stream: "aclk aresetn s_axis_tvalid s_axis_tready s_axis_tdata s_axis_tlast "
    "m_axis_tvalid m_axis_tready m_axis_tdata m_axis_tlast",
    Core.wishbone: "clk rst wb_cyc_i wb_stb_i wb_we_i wb_sel_i wb_adr_i wb_dat_i wb_dat_o wb_ack_o irq_o",
}

application = typer.Typer()
application.command()(build)


def run(*arguments):
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


@pytest.fixture(scope="module", params=list(Core))
def exported(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    result = write_verilog(BUNDLE, BOARD, folder, name="ti-ny.2", core=request.param, parallelism=SIZES)
    return request.param, folder, result


def header(path):
    """Ports of the top module."""
    text = path.read_text()
    ports = text[text.index("module engram(") :].partition(";")[0].partition("(")[2].strip(")")
    return {port.strip("\\ ") for port in ports.split(",")}


def test_everything_is_written_and_named(exported):
    core, folder, result = exported
    assert sorted(result["files"]) == sorted(map(str, folder.iterdir()))
    assert load(folder / "ti-ny.2-ulx3s-85f.engram").digest == result["digest"] == BUNDLE.digest
    assert "period 12.500" in (folder / "ti-ny.2-ulx3s-85f.sdc").read_text()
    assert header(Path(result["verilog"])) == set(PORTS[core].split())
    assert result["cycles_per_image"] == image_cycles(BUNDLE, SIZES)


def test_names_of_files_in_strings_of_verilog():
    assert in_string("a 'b' $c ü.mem") == "a 'b' $c ü.mem"
    assert in_string('a"b\\c.mem') == r"a\"b\\c.mem"


def test_each_memory_has_a_file_and_each_file_a_reader(exported):
    _, folder, result = exported
    text = Path(result["verilog"]).read_text()
    read = re.findall(r'\$readmemb\("(.*?)",', text)
    assert sorted(read) == sorted(path.name for path in folder.glob("*.mem"))
    assert len(read) == len(set(read)) > 5
    declared = re.findall(r"^  reg (?:\[\d+:0\] )?\S+ +\[\d+:0\];$", text, re.MULTILINE)
    assert len(declared) == len(read)


@pytest.mark.parametrize(("suffix", "message"), [(".v", "the Verilog"), (".mem", r"core-\d+\.mem")])
def test_what_yosys_left_cut_off_is_not_exported(tmp_path, monkeypatch, suffix, message):
    """Yosys ends well on a full disk: cut in the middle of a line, between lines, or not made at all."""

    def cut(script, folder):
        run_yosys(script, folder)
        last = max(folder.glob(f"*{suffix}"))
        lines = last.read_text().splitlines(keepends=True)
        last.write_text("".join(lines[: 2 * len(lines) // 3]))

    monkeypatch.setattr("hw.fpga.toolchain.run_yosys", cut)
    with pytest.raises(WriteError, match=f"{message} is cut off; make room there or set TMPDIR"):
        write_verilog(BUNDLE, BOARD, tmp_path / "v", name="tiny", core=Core.stream, parallelism=SIZES)
    assert not (tmp_path / "v").exists()


def test_the_example_compiles_and_names_every_port(exported):
    check_example(exported[2])


def check_example(result):
    example = Path(result["example"])
    top = re.sub(r"\W", "_", example.stem)
    for reader in (yosys, slang):
        assert reader([example, Path(result["verilog"])], top) == (True, None)
    for port in header(Path(result["verilog"])):
        assert re.search(rf"^//   {port} +(in|out) +\d+  \S", example.read_text(), re.MULTILINE)
        assert f".{port}(" in example.read_text()


def test_the_stream_core_with_read_noise_equals_the_reference_through_its_example(tmp_path):
    serial = (Parallelism(), Parallelism())  # compiled in a third of the time of one with lanes
    result = write_verilog(NOISY, BOARD, tmp_path, name="tiny", core=Core.stream, parallelism=serial)
    assert {"next_image_valid", "next_image"} <= header(Path(result["verilog"]))
    check_example(result)
    model = build_model(
        ModelSource(
            top="tiny_example",
            verilog=Path(result["verilog"]).read_text(),
            files=(Path(result["example"]),),
            main=Path(__file__).with_name("stream_example_main.cpp"),
            brief=True,
        )
    )
    images = random_images(TINY, IMAGES, seed=5)
    expected = reference(NOISY, images)

    command = [model.executable, str(IMAGES), str(TINY.height * TINY.width)]
    done = subprocess.run(command, cwd=tmp_path, input=images.tobytes(), capture_output=True, check=True)

    got = [tuple(map(int, line.split())) for line in done.stdout.decode().splitlines()]
    values = (expected.label, expected.template, expected.margin, expected.accepted)
    assert got == list(zip(*(value.astype(int).tolist() for value in values), strict=True))
    assert len(set(got)) > 2


@pytest.fixture(scope="module")
def bundle_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundles") / "tiny.engram"
    save(BUNDLE, path)
    return path


def test_the_command_exports_the_core_that_is_asked_for(bundle_file, tmp_path):
    result = run(
        bundle_file, "-b", "icebreaker", "--verilog-only", "--core", "stream", "--json", "-o", tmp_path
    )

    values = json.loads(result.stdout)
    assert (values["core"], values["bitstream"], values["board"]) == ("stream", None, "icebreaker")
    assert "pixel_valid" in header(Path(values["verilog"]))
    assert "memory files" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--core", "stream"], "--core stream is for other designs; add --verilog-only"),
        (
            ["--core", "stream", "--verilog-only", "--from", "features"],
            "--core stream takes pixels; leave out --from features, or use --core uart",
        ),
        (
            ["--core", "axi-stream", "--verilog-only", "--from", "features"],
            "--core axi-stream takes pixels; leave out --from features, or use --core uart",
        ),
    ],
)
def test_what_cannot_be_exported_is_one_line(bundle_file, tmp_path, arguments, message):
    result = run(bundle_file, "-b", "icebreaker", *arguments, "-o", tmp_path / "out")

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
