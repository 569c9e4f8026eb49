"""The RTL under Verilator against the reference: corner shapes, a fault, the command, the whole chip."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import typer
from amaranth.lib.wiring import Component
from typer.testing import CliRunner

from hw.sizing.array_timing import accelerator_timing
from sim.accelerator import accelerator_model, verify
from sim.job import run_testbench
from sim.models import runner
from sim.models.runner import Model, ModelSource, build_model, to_verilog
from sim.models.runtime import RUNTIME_OBJECTS
from sim.run import simulate
from sw.bundle import Bundle, save
from sw.bundle.provenance import DataOrigin, Provenance
from sw.data.dataset import load
from sw.design import DesignPoint
from sw.errors import EngramError, WriteError
from sw.reference import pipeline
from sw.reference.pipeline import run_levels
from tests.helpers.bundles import random_bundle, random_images, random_levels, tiny_design

SHAPES = {
    "last tile short, odd lanes, several templates per class, real ADCs": tiny_design(
        rows=7, row_lanes=3, col_lanes=4, templates_per_class=3, cell_bits=3, adc_bits=6, margin=2
    ),
    "one row per tile, ideal ADC": tiny_design(rows=1, row_lanes=1),
}
ODD = SHAPES["last tile short, odd lanes, several templates per class, real ADCs"]
IMAGES = 70
"""More than two batches of 32."""


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this run's own, shared by its workers, so everything is compiled at least once."""
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if base.name.startswith("popen-") else base) / "engram-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGRAM_CACHE", str(cache))
        yield cache


def bundle_of(design: DesignPoint) -> Bundle:
    return random_bundle(design, 5, codes="random")


@pytest.mark.parametrize("design", SHAPES.values(), ids=list(SHAPES))
def test_corner_shapes_agree_with_the_reference(design: DesignPoint) -> None:
    bundle, levels = bundle_of(design), random_levels(design, IMAGES, 6)
    report = verify(accelerator_model(bundle, brief=True), bundle, levels, seed=7)
    assert report.first is None
    assert not report.wrong.any()
    assert report.labels.tolist() == run_levels(bundle, levels).label.tolist()
    assert (report.latency, report.interval) == accelerator_timing(bundle)


def test_read_noise_counts_images_over_shards_and_batches() -> None:
    design = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=3, adc_bits=6)
    bundle = random_bundle(design, 5, codes="random", noise=True, inl=True)
    levels = random_levels(design, IMAGES, 6)
    model = accelerator_model(bundle, brief=True)
    for jobs in (1, 2):
        report = verify(model, bundle, levels, seed=7, jobs=jobs)
        assert (report.first, report.wrong.any()) == (None, False)
        assert report.labels.tolist() == run_levels(bundle, levels).label.tolist()
        assert (report.latency, report.interval) == accelerator_timing(bundle)
    silent = bundle.with_array(read_noise=None)
    report = verify(model, silent, levels, seed=7)
    assert report.first is not None and report.first.stage == "codes"


def test_shards_give_the_same_as_one_process() -> None:
    bundle, levels = bundle_of(ODD), random_levels(ODD, 5, 8)
    model = accelerator_model(bundle, brief=True)
    done: list[int] = []
    report = verify(model, bundle, levels, seed=1, jobs=3, done=done.append)
    assert not report.wrong.any()
    assert report.labels.tolist() == run_levels(bundle, levels).label.tolist()
    assert sum(done) == 5 and min(done) > 0


def test_a_cell_that_is_one_code_off_is_found_and_named() -> None:
    bundle, levels = bundle_of(ODD), random_levels(ODD, IMAGES, 6)
    row, line = 16, 4
    codes = bundle.array.codes.copy()
    codes[:, row, line] = (codes[:, row, line] + ODD.max_code) // 2 ^ 1
    other = bundle.with_array(codes=codes)
    hit = (run_levels(bundle, levels).codes != run_levels(other, levels).codes).any(axis=(1, 2))
    assert hit.any() and not hit.all()

    report = verify(accelerator_model(bundle, brief=True), other, levels, seed=7, jobs=2)
    assert np.flatnonzero(report.wrong).tolist() == np.flatnonzero(hit).tolist()
    assert report.first is not None
    assert report.first.image == np.flatnonzero(hit)[0]
    assert (report.first.stage, report.first.index) == ("codes", (row // ODD.rows, line))
    place = (report.first.image, *report.first.index)
    assert report.first.expected == run_levels(other, levels).codes[place]
    assert report.first.got == run_levels(bundle, levels).codes[place]


def test_rtl_that_does_not_wait_for_its_consumer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(component: Component, name: str) -> str:
        text, changed = re.subn(r"\(result__ready\)", "(1'h1)", to_verilog(component, name))
        assert changed == 1
        return text

    monkeypatch.setattr("sim.accelerator.to_verilog", impatient)
    bundle, levels = bundle_of(ODD), random_levels(ODD, 5, 6)
    report = verify(accelerator_model(bundle, brief=True), bundle, levels, seed=1)
    assert report.wrong.all()
    assert report.first is not None


def test_stalls_change_the_cycles_and_nothing_else() -> None:
    bundle, levels = bundle_of(ODD), random_levels(ODD, IMAGES, 6)
    model = accelerator_model(bundle, brief=True)
    first, again, other = (verify(model, bundle, levels, seed=seed) for seed in (1, 1, 2))
    assert first.cycles == again.cycles
    assert first.cycles != other.cycles
    assert not first.wrong.any() and not other.wrong.any()


def test_nothing_is_compiled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = bundle_of(ODD)
    model = accelerator_model(bundle, brief=True)

    def compile_again(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(runner, "_compile", compile_again)
    assert accelerator_model(bundle, brief=True) == model
    with pytest.raises(AssertionError, match="compiled again"):
        accelerator_model(random_bundle(ODD, 6, codes="random"), brief=True)


def test_verilog_that_does_not_compile_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_CACHE", str(tmp_path))
    with pytest.raises(EngramError, match=r"compiling the simulation failed: .*rror.*; check that g\+\+"):
        build_model(ModelSource(top="broken", verilog="module broken(; endmodule"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_testbench_that_fails_shows_its_log(tmp_path: Path) -> None:
    script = tmp_path / "model"
    script.write_text("#!/bin/sh\necho it broke\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(RuntimeError, match="the testbench failed:\nit broke"):
        run_testbench(Model(script, "top", "none"), "nothing", [{}])


@pytest.mark.parametrize("outcome", ["", "cut off"])
def test_a_testbench_that_the_disk_ends_is_one_line(tmp_path: Path, outcome: str) -> None:
    script = tmp_path / "model"
    said = "OSError: [Errno 28] No space left on device"
    script.write_text(f"#!/bin/sh\necho 'Traceback'\necho '{said}'\nprintf '{outcome}' > outcome.npz\n")
    script.chmod(0o755)
    with pytest.raises(WriteError, match=r"^the simulation failed: OSError: .Errno 28. No space .*TMPDIR$"):
        run_testbench(Model(script, "top", "none"), "nothing", [{}])


# -- the command --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bundle with the contents of `bundle_of(ODD)` and the data set it claims to be trained on."""
    folder = tmp_path_factory.mktemp("command")
    rng = np.random.default_rng(9)
    data = folder / "noise.npz"
    np.savez(
        data,
        x_train=random_images(ODD, 60, 10),
        y_train=np.arange(60) % ODD.classes,
        x_test=random_images(ODD, 40, 11),
        y_test=rng.integers(0, ODD.classes, 40),
    )
    origin = DataOrigin(name=str(data), digest=load(str(data)).digest)
    path = folder / "odd.engram"
    save(bundle_of(ODD).with_(provenance=Provenance(data=origin)), path)
    return path, data


FEATURES = ("--from", "features")


def command(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``engram simulate``."""
    application = typer.Typer()
    application.command()(simulate)
    ran = CliRunner().invoke(application, [str(argument) for argument in arguments])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.stdout, ran.stderr


def refusal(*arguments: object) -> str:
    code, output, errors = command(*arguments)
    assert (code, output) == (2, "")
    return errors.strip()


def test_command_answers_with_one_json_object(files: tuple[Path, Path]) -> None:
    path, data = files
    code, output, errors = command(path, *FEATURES, "--images", "all", "--jobs", 2, "--seed", 3, "--json")
    assert code == 0
    values = json.loads(output)
    dataset = load(str(data))
    bundle = bundle_of(ODD)
    labels = pipeline.run(bundle, dataset.test.images).label
    assert values["images"] == 40
    assert values["mismatches"] == 0
    assert values["accuracy"] == pytest.approx(float((labels == dataset.test.labels).mean()), abs=0)
    assert values["cycles_per_image"] == accelerator_timing(bundle).interval
    assert (values["from"], values["stalled_images"], values["seed"]) == ("features", 40, 3)
    assert values["first_mismatch"] is None
    assert values["seconds"] > 0
    assert "stall seed 3" in errors


def test_command_prints_a_table(files: tuple[Path, Path]) -> None:
    code, output, _ = command(files[0], *FEATURES, "--images", 3)
    assert code == 0
    assert "images            3, 3 of them at random stalls\nmismatches        0\n" in output


def test_command_ends_with_1_and_the_first_mismatch(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundle_of(ODD)
    model = accelerator_model(bundle, brief=True)
    codes = bundle.array.codes.copy()
    codes[:, 0, 0] ^= 4
    other = Path(files[0]).with_name("other.engram")
    origin = DataOrigin(name=str(files[1]), digest=load(str(files[1])).digest)
    provenance = Provenance(data=origin)
    save(bundle.with_array(codes=codes).with_(provenance=provenance), other)
    monkeypatch.setattr("sim.accelerator.accelerator_model", lambda *_, **how: model)

    code, output, errors = command(other, *FEATURES, "--images", 20, "--json")
    assert code == 1
    values = json.loads(output)
    assert values["mismatches"] > 0
    assert ", codes[0, 0]: expected " in values["first_mismatch"]
    assert f"mismatch: {values['first_mismatch']}" in errors


def test_command_writes_a_waveform_whole(files: tuple[Path, Path], tmp_path: Path) -> None:
    trace = tmp_path / "deep" / "first.vcd"
    code, _, errors = command(files[0], *FEATURES, "--images", 1, "--trace", trace)
    assert code == 0
    assert "first.vcd" in errors
    text = trace.read_text()
    assert "$enddefinitions $end" in text and "levels__valid" in text
    assert [path.name for path in trace.parent.iterdir()] == ["first.vcd"]


@pytest.mark.parametrize("images", ["0", "41", "-3", "many", "1.5"])
def test_command_refuses_a_number_of_images(files: tuple[Path, Path], images: str) -> None:
    text = refusal(files[0], "--images", images)
    assert text.startswith("error: --images must be 'all' or 1 to 40, the test images of ")
    assert text.endswith(f"got '{images}'")


def test_command_refuses_other_waveforms(files: tuple[Path, Path]) -> None:
    assert refusal(files[0], "--trace", "x.ghw") == (
        "error: a waveform file must end in .fst or .vcd, got 'x.ghw'; rename it"
    )


def test_command_refuses_a_bundle_without_data(tmp_path: Path) -> None:
    save(bundle_of(ODD), tmp_path / "x.engram")
    assert refusal(tmp_path / "x.engram") == (
        "error: bundle 'tiny' must say which data set it was trained on, it does not; name one with --data"
    )


def test_command_refuses_changed_data_unless_asked_for(files: tuple[Path, Path], tmp_path: Path) -> None:
    _, data = files
    with np.load(data) as arrays:
        changed = {**arrays, "x_test": 255 - arrays["x_test"]}
    other = tmp_path / "noise.npz"
    np.savez(other, **changed)
    origin = DataOrigin(name=str(other), digest=load(str(data)).digest)
    bundle = tmp_path / "x.engram"
    save(bundle_of(ODD).with_(provenance=Provenance(data=origin)), bundle)
    assert "must be the one the bundle was trained on" in refusal(bundle)
    code, output, _ = command(bundle, *FEATURES, "--data", other, "--images", 2, "--json")
    assert (code, json.loads(output)["mismatches"]) == (0, 0)


def test_command_refuses_images_of_another_size(files: tuple[Path, Path], tmp_path: Path) -> None:
    with np.load(files[1]) as arrays:
        turned = {key: array.swapaxes(1, 2) if key[0] == "x" else array for key, array in arrays.items()}
    np.savez(tmp_path / "turned.npz", **turned)
    assert refusal(files[0], "--data", tmp_path / "turned.npz") == (
        "error: bundle 'tiny' takes uint8 images of 6 x 5 pixels, got uint8 of shape 5 x 6; "
        "use images of that size"
    )


def test_fst_without_its_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FST_HEADERS", {"zlib.h": "zlib1g-dev", "no-such.h": "libnone-dev"})
    with pytest.raises(EngramError, match=r"FST waveform needs .*no-such\.h, .*apt install .*libnone-dev'"):
        build_model(ModelSource(top="t", verilog="module t; endmodule", waves="fst"))


def test_interrupted_compiling_leaves_nothing(files: tuple[Path, Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    program = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n\
import os; os.environ['ENGRAM_CACHE'] = {str(cache)!r}\n\
import typer; from sim.run import simulate; typer.run(simulate)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(files[0])], stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list(cache.glob("models/engram-build-*/build/*.mk")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert "interrupted; nothing half-written is left behind" in errors
    assert process.returncode == 130
    left = [path.relative_to(cache) for path in cache.rglob("*") if path.is_file()]
    # objects of the run-time library that were finished by then are kept: whole, and of no single model
    assert [path for path in left if path.parts[0] != "runtimes" or path.name not in RUNTIME_OBJECTS] == []
    assert list(cache.glob("*/engram-*")) == []
