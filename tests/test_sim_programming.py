"""An array that programs itself in RTL, then classifies: against write-verify of the reference."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sim.images import ImageProgram, front_end_of, image_program, verify_images
from sim.programming import SelfProgramming
from sim.streams import STALL_UNIT
from sw.bundle import Bundle
from sw.errors import EngramError
from sw.reference import pipeline
from sw.reference.pulse import PulseRule
from tests.bundles import random_bundle, random_images, tiny_design

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
BUNDLE, SIZES = front_end_of(random_bundle(DESIGN, 1, codes="random", pulse=RULE))
IMAGES = random_images(DESIGN, 40, 2)


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if base.name.startswith("popen-") else base) / "engram-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGRAM_CACHE", str(cache))
        yield cache


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
        on_progress=done.append,
    )
    assert (report.first, report.wrong.any()) == (None, False)
    assert report.labels.tolist() == expected.label.tolist()
    assert report.programming is not None
    assert (report.programming.mismatches, report.programming.first) == (0, None)
    assert report.programming.failures == programming.reference.failed.sum() > 0
    assert report.programming.pulses > DESIGN.features * DESIGN.templates
    assert report.programming.cycles > 62 * report.programming.pulses
    assert done[-1] == len(IMAGES) + 2 * 2 * DESIGN.features * DESIGN.templates


def test_what_the_array_should_not_do_is_found(program: ImageProgram) -> None:
    """Held against a rule with another key, devices take other numbers of pulses."""
    other = SelfProgramming(BUNDLE.with_(pulse=RULE.model_copy(update={"key": (5, 6, 7, 9)})))
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


def test_bundle_without_a_pulse_rule_is_refused() -> None:
    plain: Bundle = random_bundle(DESIGN, 1)
    with pytest.raises(EngramError, match=r"--self-program needs .* has none; make one with 'engram program"):
        SelfProgramming(plain)
