"""An array that programs itself in RTL, then classifies: against write-verify of the reference."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sim.images import ImageProgram, front_end_of, image_program, verify_images
from sim.programming import SelfProgramming
from sim.run import simulate
from sim.streams import STALL_UNIT
from sw.bundle import Bundle, save
from sw.bundle.provenance import DataOrigin, Provenance
from sw.data.dataset import load
from sw.reference import pipeline
from sw.reference.pulse import PulseRule
from tests.helpers.bundles import random_bundle, random_images, tiny_design

RULE = PulseRule(
    key=(5, 6, 7, 8),
    device_spread=100,
    cycle_spread=150,
    p_stuck_hrs=2_000,
    p_stuck_lrs=1_500,
    hrs_state=1,
    lrs_state=11,
    start_amplitude=60,
    amplitude_step=30,
    max_pulses=12,
)
DESIGN = tiny_design(cell_bits=4, adc_bits=6, templates_per_class=2, col_lanes=2)
BUNDLE, SIZES = front_end_of(random_bundle(DESIGN, 1, codes="random", noise=True, inl=True, pulse=RULE))
IMAGES = random_images(DESIGN, 40, 2)


pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture(scope="module")
def program(models: Path) -> ImageProgram:
    return image_program(SelfProgramming(BUNDLE).erased, SIZES)


@pytest.mark.parametrize("stalls", [(0, 0), (STALL_UNIT // 2, STALL_UNIT * 7 // 8)], ids=["", "stalls"])
def test_erased_array_programs_itself_and_classifies(program: ImageProgram, stalls: tuple[int, int]) -> None:
    programming = SelfProgramming(BUNDLE)
    programmed = programming.programmed
    expected = pipeline.run(programmed, IMAGES)
    done: list[int] = []
    report = verify_images(
        program,
        programmed,
        IMAGES,
        expected.levels,
        jobs=2,
        stalls=stalls,
        programming=programming,
        done=done.append,
    )
    assert (report.first, report.wrong.any()) == (None, False)
    assert report.labels.tolist() == expected.label.tolist()
    assert report.programming is not None
    assert (report.programming.mismatches, report.programming.first) == (0, None)
    assert report.programming.failures == programming.reference.failed.sum() > 0
    assert report.programming.pulses > DESIGN.features * DESIGN.templates
    assert report.programming.cycles > 62 * report.programming.pulses
    assert sum(done) == len(IMAGES) + 2 * 2 * DESIGN.features * DESIGN.templates


def test_what_the_array_should_not_do_is_found(program: ImageProgram) -> None:
    """Held against a rule with another key, devices take other numbers of pulses."""
    other = SelfProgramming(BUNDLE.with_array(pulse=RULE.model_copy(update={"key": (5, 6, 7, 9)})))
    levels = pipeline.levels_of(BUNDLE, IMAGES[:1])
    report = verify_images(program, other.programmed, IMAGES[:1], levels, programming=other).programming
    assert report is not None and report.first is not None
    assert report.mismatches > 0
    assert report.first.startswith("write of row ") and " SET, " in report.first


def test_an_answer_that_never_came_is_a_mismatch() -> None:
    programming = SelfProgramming(BUNDLE)
    report = programming.check(np.zeros(0, np.uint64), 5)
    assert report.mismatches == len(programming.requests())
    assert report.first is not None and report.first.endswith("got nothing")


# -- the command ---------------------------------------------------------------------------------------------


def command(bundle: Bundle, folder: Path, *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``engram simulate``."""
    data, path = folder / "noise.npz", folder / "chip.engram"
    labels = np.arange(len(IMAGES)) % DESIGN.classes
    np.savez(data, x_train=IMAGES, y_train=labels, x_test=IMAGES, y_test=labels)
    origin = DataOrigin(name=str(data), digest=load(str(data)).digest)
    save(bundle.with_(provenance=Provenance(data=origin)), path)
    application = typer.Typer()
    application.command()(simulate)
    ran = CliRunner().invoke(application, [str(path), *(str(argument) for argument in arguments)])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.stdout, ran.stderr


def test_command_programs_first_and_says_so(program: ImageProgram, tmp_path: Path) -> None:
    reference = SelfProgramming(BUNDLE).reference
    code, output, _ = command(BUNDLE, tmp_path, "--self-program", "--images", "all", "--jobs", 2, "--json")
    values = json.loads(output)
    assert (code, values["mismatches"], values["programming_mismatches"]) == (0, 0, 0)
    assert (values["images"], values["stalled_images"]) == (len(IMAGES), 16)
    assert values["failures"] == reference.failed.sum()
    assert values["pulses"] == reference.sets.sum() + reference.resets.sum()
    code, output, _ = command(BUNDLE, tmp_path, "--self-program", "--images", 1)
    assert code == 0
    assert f"programming       {values['pulses']:,} pulses in {values['programming_cycles']:,}" in output


def test_command_without_programming_runs_the_codes_of_the_bundle(tmp_path: Path) -> None:
    code, output, _ = command(BUNDLE, tmp_path, "--images", 20, "--json")
    values = json.loads(output)
    assert (code, values["mismatches"], values["images"], values["stalled_images"]) == (0, 0, 20, 16)
    assert "pulses" not in values


def test_command_ends_with_1_when_programming_goes_wrong(
    program: ImageProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.images.image_program", lambda *_, **how: program)
    other = BUNDLE.with_array(pulse=RULE.model_copy(update={"key": (5, 6, 7, 9)}))
    code, output, errors = command(other, tmp_path, "--self-program", "--images", 1, "--json")
    values = json.loads(output)
    assert code == 1 and values["programming_mismatches"] > 0
    assert f"mismatch: {values['first_programming_mismatch']}" in errors


@pytest.mark.parametrize(
    ("bundle", "arguments", "message"),
    [
        (
            BUNDLE.with_array(pulse=None),
            (),
            "error: --self-program needs a chip with a pulse rule, this bundle",
        ),
        (BUNDLE, ("--from", "features"), "error: --self-program sends whole images; leave --from features"),
        (BUNDLE, ("--trace", "x.vcd"), "error: --trace shows a few images, and programming takes longer;"),
    ],
)
def test_command_refuses_what_cannot_be(
    bundle: Bundle, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    code, output, errors = command(bundle, tmp_path, "--self-program", *arguments)
    assert (code, output) == (2, "")
    assert message in " ".join(errors.split())
