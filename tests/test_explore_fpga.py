"""The FPGA's share of the explorer: finalists are built with the front end that was estimated."""

from types import SimpleNamespace

import hw.build
from constraints.boards import load
from hw.estimate import estimate
from hw.frontend.schedule import Parallelism
from sw.commands.explore_fpga import build_finalists
from sw.errors import EngramError
from sw.rram.conditions import Conditions
from sw.rram.presets import DEVICES
from sw.rram.programming import program
from tests.tiny_exploration import BUNDLE


def test_builds_say_what_was_estimated_and_a_failure_ends_nothing(tmp_path, monkeypatch):
    chips = [program(BUNDLE, DEVICES["cmo-hfox"], Conditions(adc={"bits": bits}), seed=1) for bits in (3, 5)]
    asked = []

    def built(bundle, board, folder, *, name, parallelism):
        asked.append((bundle.digest, board.name, folder, name, parallelism))
        if len(asked) == 2:
            raise EngramError("too large")
        return SimpleNamespace(
            luts=10,
            usage=SimpleNamespace(block_rams=2),
            speed=SimpleNamespace(cycles_per_image=30),
            fmax_mhz=40.0,
            bitstream="x.bin",
        )

    monkeypatch.setattr(hw.build, "build_bitstream", built)
    front_end = ("streaming", "1x1x1x1,1x2x1x1")
    found = build_finalists([4, 9], chips, "icebreaker", [front_end] * 2, tmp_path)
    sizes = (Parallelism(), Parallelism(1, 2))
    assert asked[0] == (chips[0].digest, "icebreaker", tmp_path / "point-4", "point-4", sizes)
    want = estimate(chips[0], sizes, load("icebreaker").family)
    assert found[4] == {
        "luts": 10,
        "luts_estimated": want.cells,
        "brams": 2,
        "brams_estimated": want.block_rams,
        "cycles": 30,
        "cycles_estimated": want.cycles_per_image,
        "fmax_mhz": 40.0,
        "bitstream": "x.bin",
    }
    assert found[9] == {"error": "too large"}
