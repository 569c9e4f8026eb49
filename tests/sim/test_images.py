"""Whole images through the RTL under Verilator: C++ program and cocotb bench against the reference."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hw.frontend.variant import Folded
from hw.sizing.front_end_choice import Variant
from hw.sizing.image_timing import image_cycles
from sim import images as sim_images
from sim.check import ABSENT, check_batches
from sim.images import ImageProgram, front_end_of, image_bench, image_program, verify_images, verify_sample
from sim.models.runner import Model
from sim.recording import Recording
from sim.run import simulate
from sim.streams import MISSING, STALL_UNIT
from sw.bundle import Bundle, save
from sw.bundle.provenance import DataOrigin, Provenance
from sw.data.dataset import load
from sw.design import DesignPoint, Layer
from sw.errors import EngramError
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images

DESIGN = DesignPoint(
    name="small-cnn",
    height=7,
    width=6,
    classes=3,
    templates_per_class=2,
    layers=(
        Layer(kind="conv3x3", out_channels=3, activation_bits=6),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="pointwise1x1", out_channels=5, weight_bits=3),
    ),
    thresholds_per_feature=2,
    rows=40,
    cols=4,
    cols_per_adc=3,
    cell_bits=4,
    adc_bits=6,
    row_lanes=37,
    margin=2,
)
"""Row tiles of 40, 40 and 10 rows in words of 37, which do not fit one 32-bit chunk."""

BUNDLE = random_bundle(DESIGN, 1, codes="random")
IMAGES = random_images(DESIGN, 300, 2)
"""More than are compared at once."""
EXPECTED = pipeline.run(BUNDLE, IMAGES)
LEVELS = EXPECTED.levels
_, SIZES = front_end_of(BUNDLE)
STALLED = (STALL_UNIT // 2, STALL_UNIT * 7 // 8)


pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture(scope="module")
def program(models: Path) -> ImageProgram:
    return image_program(BUNDLE, SIZES, brief=True)


@pytest.fixture(scope="module")
def bench(models: Path) -> Model:
    return image_bench(BUNDLE, SIZES)


def test_all_images_agree_and_follow_each_other_at_the_planned_distance(program: ImageProgram) -> None:
    report = verify_images(program, BUNDLE, IMAGES, LEVELS)
    assert report.first is None
    assert not report.wrong.any()
    assert report.labels.tolist() == EXPECTED.label.tolist()
    assert EXPECTED.accepted.any() and not EXPECTED.accepted.all()
    assert report.interval == image_cycles(BUNDLE, SIZES)
    assert report.latency is not None and report.latency > DESIGN.height * DESIGN.width


def test_a_folded_front_end_gives_the_same(models: Path) -> None:
    bundle, sizes = front_end_of(BUNDLE, Variant.folded)
    assert isinstance(sizes, Folded)
    report = verify_images(image_program(bundle, sizes, brief=True), bundle, IMAGES, LEVELS)
    assert (report.first, report.wrong.any()) == (None, False)
    assert report.interval == image_cycles(bundle, sizes)


def test_window_levels_read_noise_and_nonlinearity_agree(models: Path) -> None:
    design = DESIGN.with_(cell="window", thresholds_per_feature=7, rows=20, row_lanes=13)
    bundle = random_bundle(design, 1, codes="random", noise=True, inl=True)
    levels = pipeline.levels_of(bundle, IMAGES)
    assert set(range(8)) == set(levels.reshape(-1).tolist())
    placed, sizes = front_end_of(bundle)
    program = image_program(placed, sizes, brief=True)
    for jobs in (1, 3):
        report = verify_images(program, placed, IMAGES, levels, jobs=jobs)
        assert (report.first, report.wrong.any()) == (None, False)
        assert report.labels.tolist() == pipeline.run_levels(placed, levels).label.tolist()
        assert report.interval == image_cycles(placed, sizes)
    few = slice(40)
    report = verify_images(program, placed, IMAGES[few], levels[few], jobs=2, stalls=STALLED)
    assert (report.first, report.wrong.any()) == (None, False)
    report = verify_sample(image_bench(placed, sizes), placed, IMAGES[few], levels[few], seed=3)
    assert (report.first, report.wrong.any()) == (None, False)


def test_shards_give_the_same_as_one_process(program: ImageProgram) -> None:
    done: list[int] = []
    one = verify_images(program, BUNDLE, IMAGES, LEVELS)
    three = verify_images(program, BUNDLE, IMAGES, LEVELS, jobs=3, done=done.append)
    assert three.labels.tolist() == one.labels.tolist()
    assert (three.first, three.wrong.any()) == (None, False)
    assert (three.latency, three.interval) == (one.latency, one.interval)
    assert sum(done) == len(IMAGES) and min(done) > 0


def test_stalls_change_the_cycles_and_nothing_else(program: ImageProgram) -> None:
    reports = [
        verify_images(program, BUNDLE, IMAGES[:20], LEVELS[:20], stalls=STALLED, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert [report.wrong.any() for report in reports] == [False, False, False]
    assert reports[0].cycles == reports[1].cycles != reports[2].cycles
    assert (reports[0].latency, reports[0].interval) == (None, None)


def test_a_sample_through_cocotb_agrees_at_random_stalls(bench: Model, program: ImageProgram) -> None:
    report = verify_sample(bench, BUNDLE, IMAGES[:40], LEVELS[:40], seed=3)
    assert report.first is None
    assert not report.wrong.any()
    assert report.labels.tolist() == EXPECTED.label[:40].tolist()
    fast = verify_images(program, BUNDLE, IMAGES[:40], LEVELS[:40])
    assert (report.latency, report.interval) == (fast.latency, fast.interval)


# -- faults --------------------------------------------------------------------------------------------------


def fault_of(stage: str) -> Bundle:
    """The bundle with one value changed in a stage, so that the RTL of the right one is wrong."""
    if stage == "levels":
        thresholds = BUNDLE.feature_thresholds.copy()
        thresholds[1, 2, 3, 0] -= 2
        return BUNDLE.with_(feature_thresholds=thresholds)
    codes = BUNDLE.array.codes.copy()
    codes[1, 45, 4] ^= 15
    return BUNDLE.with_array(codes=codes)


FAULTS = {
    "one threshold of the quantiser": ("levels", ((1 * 3 + 2) * 5 + 3) * 2),
    "one device of the second row tile": ("codes", (1, 4)),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("way", ["program", "bench"])
def test_a_fault_is_named_with_stage_and_index(name: str, way: str, request: pytest.FixtureRequest) -> None:
    stage, place = FAULTS[name]
    index = place if isinstance(place, tuple) else (place,)
    other = fault_of(stage)
    images = IMAGES if way == "program" else IMAGES[:60]
    wanted = pipeline.run(other, images)
    differs = getattr(EXPECTED, stage)[: len(images)] != getattr(wanted, stage)
    hit = differs.reshape(len(images), -1).any(axis=1)
    assert hit.any() and not hit.all()

    model = request.getfixturevalue(way)
    if way == "program":
        report = verify_images(model, other, images, wanted.levels, jobs=2)
    else:
        report = verify_sample(model, other, images, wanted.levels, seed=4)
    assert np.flatnonzero(report.wrong).tolist() == np.flatnonzero(hit).tolist()
    assert report.first is not None
    first = int(np.flatnonzero(hit)[0])
    assert (report.first.image, report.first.stage, report.first.index) == (first, stage, index)
    assert report.first.expected == getattr(wanted, stage)[first][index]
    assert report.first.got == getattr(EXPECTED, stage)[first][index]


def test_a_run_that_comes_to_a_stop_is_given_up(program: ImageProgram) -> None:
    report = verify_images(program._replace(patience=10), BUNDLE, IMAGES[:3], LEVELS[:3])
    assert report.wrong.tolist() == [False, True, True]
    assert report.labels.tolist() == [EXPECTED.label[0], ABSENT, ABSENT]
    assert report.first is not None
    assert (report.first.image, report.first.stage, report.first.got) == (1, "levels", ABSENT)
    assert (report.latency, report.interval) == (None, None)


# -- recordings ----------------------------------------------------------------------------------------------

WORDS, CONVERSIONS = 5, 18


def record(folder: Path, *, words: int, conversions: int, results: int) -> None:
    """Files as the program writes them, all zeros."""
    for name, payload_bytes, count in (
        ("levels", 8, words),
        ("conversions", 2, conversions),
        ("results", 2, results),
        ("started", 8, 2),
        ("finished", 8, results),
    ):
        np.zeros(payload_bytes * count, np.uint8).tofile(folder / name)
    np.array([77, 1], "<u8").tofile(folder / "cycles")


def test_what_never_came_is_told_from_zeros(tmp_path: Path) -> None:
    record(tmp_path, words=2 * WORDS - 1, conversions=2 * CONVERSIONS - 1, results=1)
    (batch,) = Recording(DESIGN, tmp_path, 2).batches()
    assert (batch.words_taken, batch.conversions_taken, batch.results_taken) == (9, 35, 1)
    assert (batch.conversions == MISSING).reshape(-1).tolist() == [False] * 35 + [True]
    assert (batch.scores == MISSING).reshape(-1).tolist() == [False] * 11 + [True]
    assert (batch.results == MISSING).tolist() == [False, True]
    report = check_batches(BUNDLE, LEVELS[:2], [batch])
    assert report.wrong.tolist() == [True, True]
    assert report.labels.tolist() == [0, ABSENT]
    assert (report.latency, report.interval) == (None, None)


def test_what_came_too_much_is_in_the_last_batch(tmp_path: Path) -> None:
    record(tmp_path, words=2 * WORDS + 3, conversions=2 * CONVERSIONS, results=4)
    (batch,) = Recording(DESIGN, tmp_path, 2).batches()
    assert (batch.words_taken, batch.conversions_taken, batch.results_taken) == (13, 36, 4)
    assert (batch.cycles, batch.violated) == (77, 1)


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "model"
    script.write_text("#!/bin/sh\necho 'levels: No space left on device' >&2\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(EngramError, match=r"results to .*, got 'levels: No space left .*'; make room there"):
        verify_images(ImageProgram(Model(script, "top", "none"), 1), BUNDLE, IMAGES[:1], LEVELS[:1])


def test_a_program_that_crashes_shows_its_log(tmp_path: Path) -> None:
    script = tmp_path / "model"
    script.write_text("#!/bin/sh\necho it broke\nkill -SEGV $$\n")
    script.chmod(0o755)
    with pytest.raises(RuntimeError, match="the testbench failed:\nit broke"):
        verify_images(ImageProgram(Model(script, "top", "none"), 1), BUNDLE, IMAGES[:1], LEVELS[:1])


# -- the command ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The bundle and the data set it claims to be trained on."""
    folder = tmp_path_factory.mktemp("command")
    data = folder / "noise.npz"
    np.savez(
        data,
        x_train=IMAGES[:30],
        y_train=np.arange(30) % DESIGN.classes,
        x_test=IMAGES,
        y_test=np.random.default_rng(9).integers(0, DESIGN.classes, len(IMAGES)),
    )
    return folder / "cnn.engram", data


def command(bundle: Bundle, files: tuple[Path, Path], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``engram simulate``."""
    path, data = files
    origin = DataOrigin(name=str(data), digest=load(str(data)).digest)
    save(bundle.with_(provenance=Provenance(data=origin)), path)
    application = typer.Typer()
    application.command()(simulate)
    ran = CliRunner().invoke(application, [str(path), *(str(argument) for argument in arguments)])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.stdout, ran.stderr


def test_command_runs_whole_images_unless_told_otherwise(
    files: tuple[Path, Path], program: ImageProgram, bench: Model
) -> None:
    code, output, errors = command(BUNDLE, files, "--images", "all", "--jobs", 2, "--seed", 3, "--json")
    assert code == 0
    values = json.loads(output)
    truth = load(str(files[1])).test.labels
    assert (values["images"], values["stalled_images"], values["mismatches"]) == (len(IMAGES), 16, 0)
    assert values["accuracy"] == float((EXPECTED.label == truth).mean())
    assert values["cycles_per_image"] == image_cycles(BUNDLE, SIZES)
    assert (values["from"], values["seed"], values["first_mismatch"]) == ("pixels", 3, None)
    assert "stall seed 3" in errors


def test_command_measures_cycles_with_a_single_image(
    files: tuple[Path, Path], program: ImageProgram, bench: Model
) -> None:
    code, output, _ = command(BUNDLE, files, "--images", 1)
    assert code == 0
    assert "images            1, 1 of them at random stalls\nmismatches        0\n" in output
    assert f"cycles per image  {image_cycles(BUNDLE, SIZES)} without stalls, " in output


def test_command_simulates_what_a_board_gets(
    files: tuple[Path, Path], program: ImageProgram, bench: Model
) -> None:
    code, output, _ = command(BUNDLE, files, "--images", 1, "--board", "icebreaker", "--json")
    assert (code, json.loads(output)["board"], json.loads(output)["mismatches"]) == (0, "icebreaker", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--board", "basys3"), "error: unknown board 'basys3'; known boards: hx8k-evn, icebreaker,"),
        (("--parallelism", "1x1x1x1"), "error: --parallelism needs --board, whose lanes it goes with"),
        (("--board", "icebreaker", "--from", "features"), "error: --board sizes a front end, and word-line"),
    ],
)
def test_command_refuses_boards_that_mean_nothing(
    files: tuple[Path, Path], arguments: tuple[str, ...], message: str
) -> None:
    code, output, errors = command(BUNDLE, files, *arguments)
    assert (code, output) == (2, "")
    assert message in " ".join(errors.split())


def test_command_ends_with_1_and_the_first_mismatch(
    files: tuple[Path, Path], program: ImageProgram, bench: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sim_images, "image_program", lambda *_, **how: program)
    monkeypatch.setattr(sim_images, "image_bench", lambda *_: bench)
    code, output, errors = command(fault_of("codes"), files, "--json")
    assert code == 1
    values = json.loads(output)
    assert values["mismatches"] > 0
    assert ", codes[1, 4]: expected " in values["first_mismatch"]
    assert f"mismatch: {values['first_mismatch']}" in errors
