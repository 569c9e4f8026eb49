"""The FPGA's share of the explorer: every estimate is that of what ``engram build`` makes of the chip."""

import pytest

from hw.boards import known as boards
from hw.frontend.schedule import Parallelism
from hw.sizing.estimate import estimate
from hw.sizing.fit import codes_in_spram
from hw.sizing.front_end_choice import Variant, configured
from sw.commands.explore.fpga import fitted_chip, fpga_of
from sw.errors import EngramError
from sw.explore.compute.accuracy import sized
from sw.explore.space.settings import sizes_of
from sw.rram.chip.programming import program
from tests.helpers.explorations import BUNDLE, SEED, CountingFarm, explorer_in, settings_of

BOARD = boards.load("icebreaker")
SIZES = {"rows": "6,8", "cols": "3,4", "cols_per_adc": "1,2", "adc_bits": "2,6", "cell_bits": "1,4"}


def chip_of(setting):
    return program(sized(BUNDLE, sizes_of(setting.design)), setting.device, setting.conditions, seed=SEED)


def estimated(folder, settings, farm=None):
    explorer = explorer_in(folder, farm)
    explorer.fpga = fpga_of("icebreaker")
    explorer.compute(settings)
    heard = []
    explorer.estimate(settings, heard.append)
    assert sum(heard) == len(settings)
    return [explorer.row(setting) for setting in settings]


@pytest.mark.parametrize("effects", [{}, {"adc_gain_sigma": "0.05", "noise": True}])
def test_estimates_are_those_of_the_chips_as_they_are_built(tmp_path, effects):
    settings = settings_of(**SIZES, **effects)
    for setting, row in zip(settings, estimated(tmp_path, settings), strict=True):
        placed, sizes = configured(chip_of(setting), BOARD, None, Variant.auto, "auto")
        spram = codes_in_spram(placed, BOARD, sizes)
        want = estimate(placed, sizes, BOARD.family, spram=spram)
        assert [row[f"fpga_{kind}"] for kind in ("luts", "ffs", "brams", "sprams", "dsps", "cycles")] == [
            want.cells,
            want.ffs,
            want.block_rams,
            want.sprams,
            want.dsps,
            want.cycles_per_image,
        ]
        assert row["fpga_front_end"] == f"streaming {','.join(map(str, sizes))}"
        assert row["fpga_fits"]


def test_estimates_are_kept(tmp_path):
    settings = settings_of(**SIZES)
    first = estimated(tmp_path, settings)
    farm = CountingFarm()
    assert estimated(tmp_path, settings, farm) == first
    assert "fpga_columns" not in farm.computed
    explorer = explorer_in(tmp_path)
    explorer.fpga = fpga_of("icebreaker")
    explorer.recall(settings)
    assert [explorer.row(setting) for setting in settings] == first


def test_a_point_that_does_not_fit_has_its_slowest_front_end(tmp_path, monkeypatch):
    limits = BOARD.limits.model_copy(update={"luts": 100})
    small = BOARD.model_copy(update={"limits": limits})
    monkeypatch.setattr(boards, "load", lambda name: small)
    (setting,) = settings_of()
    (row,) = estimated(tmp_path, [setting])
    sizes = tuple(Parallelism() for _ in BUNDLE.design.layers)
    assert not row["fpga_fits"]
    assert row["fpga_luts"] == estimate(chip_of(setting), sizes, BOARD.family).cells
    with pytest.raises(EngramError, match="logic cells"):
        fitted_chip(chip_of(setting), small)
