"""Exported cores of a tiny chip between bus models of others, and that a wrong answer of theirs is found."""

import numpy as np
import pytest

from hw.boards import known
from hw.cores.axi_stream import word_fields
from hw.fpga.export import Core
from hw.frontend.schedule import Parallelism
from sim.cores import verify
from sim.cores.verify import SIMULATED, verify_core
from sw.errors import EngramError
from tests.helpers.bundles import TINY, random_bundle, random_images

DESIGN = TINY.with_(channels=2, cell_bits=4, adc_bits=6, margin=3)
BUNDLE = random_bundle(DESIGN, seed=3, codes="random", noise=True)
BOARD = known.load("ulx3s-85f")
SIZES = (Parallelism(), Parallelism())
IMAGES = random_images(DESIGN, 24, seed=5)
SEED = 1


def verified(core, done=lambda images: None):
    return verify_core(BUNDLE, BOARD, SIZES, IMAGES, core, seed=SEED, done=done)


@pytest.fixture(scope="module", params=SIMULATED)
def ran(request, models):
    """The core, its report, what the testbench gave, and how many images it told of."""
    outcomes, told = [], []
    testbench = verify.run_testbench

    def keep(*arguments, **options):
        outcomes.extend(testbench(*arguments, **options))
        return outcomes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "run_testbench", keep)
        report = verified(request.param, told.append)
    return request.param, report, outcomes[0], sum(told)


def test_every_answer_equals_the_reference(ran):
    core, report, _, told = ran
    assert (report.mismatches, report.first) == (0, None)
    assert report.images == told == len(IMAGES)
    assert report.cycles > IMAGES.size
    if core is Core.axi_stream:
        assert report.malformed > 0
    else:
        assert 0 < report.scored < len(IMAGES)
        assert report.refused > 0


@pytest.mark.parametrize("gone", ["cocotbext.axi", "cocotbext"])
def test_a_missing_bus_model_is_one_line(monkeypatch, gone):
    def find(package):
        if gone == "cocotbext":
            raise ModuleNotFoundError(gone)
        return None

    monkeypatch.setattr(verify, "find_spec", find)
    advice = "cocotbext-axi is not installed; install it with: pip install 'engram-rram"
    with pytest.raises(EngramError, match=advice):
        verified(Core.axi_stream)


@pytest.fixture
def again(ran, monkeypatch):
    """Judges the outcome of the run once more, with changes."""
    core, _, outcome, _ = ran

    def judged(**changes):
        monkeypatch.setattr(verify, "write_verilog", lambda *rest, **options: {"verilog": "core.v"})
        monkeypatch.setattr(verify, "start_at_random", lambda *rest: "")
        monkeypatch.setattr(verify, "compiled", lambda *rest: None)
        monkeypatch.setattr(verify, "run_testbench", lambda *rest, **options: [outcome | changes])
        return verified(core)

    return core, outcome, judged


def test_a_wrong_answer_is_counted_and_named(again):
    core, outcome, judged = again
    assert judged().mismatches == 0
    name = "words" if core is Core.axi_stream else "answers"
    margin = word_fields(BUNDLE.design)["margin"][0] if core is Core.axi_stream else 2
    changed = outcome[name].copy()
    changed[7, margin] ^= 1
    changed[9] ^= 1
    report = judged(**{name: changed})
    assert report.mismatches == 2
    assert report.first.image == 7
    assert report.first.index == (margin,)
    assert report.first.got == report.first.expected ^ 1


@pytest.mark.parametrize("ran", [Core.wishbone], indirect=True)
def test_wrong_scores_and_a_wrong_identity_are_found(again):
    _, outcome, judged = again
    read = int(np.flatnonzero(outcome["scores"][:, 0] >= 0)[0])
    scores = outcome["scores"].copy()
    scores[read, 1] += 1
    report = judged(scores=scores)
    assert (report.mismatches, report.first.image, report.first.stage) == (1, read, "score")
    identity = outcome["identity"].copy()
    identity[2] ^= 1
    report = judged(identity=identity)
    assert (report.mismatches, report.first.stage) == (len(IMAGES), "identity")
