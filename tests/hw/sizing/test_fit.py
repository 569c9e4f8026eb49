import re
from dataclasses import replace

import pytest

from hw.boards import known as boards
from hw.sizing.fit import (
    Usage,
    check_netlist,
    check_plan,
    code_sprams,
    codes_in_spram,
    narrowed_for_spram,
    netlist_usage,
    planned_block_rams,
    planned_memories,
)
from hw.sizing.ram import block_rams
from sw.errors import EngramError
from sw.training.presets import DESIGNS
from tests.helpers.bundles import TINY, random_bundle

MNIST = DESIGNS["mnist"].with_(
    thresholds_per_feature=1, cell_bits=4, adc_bits=8, rows=112, row_lanes=16, col_lanes=1
)
SMALL = Usage(luts=500, ffs=300, block_rams=4, dsps=0)

YOSYS_COUNTS = {
    # depth, width: RAM on iCE40, ROM on iCE40, RAM on ECP5, ROM on ECP5
    (10, 11): (1, 1, 1, 1),
    (257, 33): (5, 5, 1, 1),
    (490, 128): (16, 16, 4, 4),
    (600, 17): (4, 4, 1, 1),
    (1025, 9): (3, 3, 1, 1),
    (1200, 20): (7, 7, 3, 2),
    (2600, 100): (69, 69, 18, 17),
    (4096, 1): (1, 1, 1, 1),
    (5000, 10): (13, 13, 5, 3),
    (5000, 40): (50, 50, 13, 12),
}
"""Block RAM that Yosys 0.70 makes of a memory with one write and one read port, and of one without a write
port, by running memory_libmap of synth_ice40 and synth_ecp5 on each."""


@pytest.mark.parametrize(("depth", "width"), YOSYS_COUNTS)
def test_plan_is_what_yosys_makes(depth, width):
    planned = tuple(
        block_rams(depth, width, family, read_only=read_only)
        for family in ("ice40", "ecp5")
        for read_only in (False, True)
    )

    assert planned == YOSYS_COUNTS[depth, width]


def test_code_memory_is_planned_by_its_contents():
    ideal, random = (random_bundle(MNIST, 0, codes=codes) for codes in ("ideal", "random"))

    assert [memory.block_rams for memory in planned_memories(random, "ice40")] == [1, 1, 16, 1]
    assert [memory.block_rams for memory in planned_memories(ideal, "ice40")] == [1, 1, 4, 1]
    assert planned_block_rams(random, "ecp5") == 7


MEDIUM = MNIST.with_(thresholds_per_feature=2)
"""1,568 features: 32 block RAM for its codes, or 8 single-port RAM, and 4 of them with half the lanes."""


def test_codes_go_into_single_port_ram_only_where_block_ram_runs_out():
    icebreaker, hx8k = boards.load("icebreaker"), boards.load("hx8k-evn")
    small, medium = (random_bundle(design, 0, codes="random") for design in (MNIST, MEDIUM))
    narrow = narrowed_for_spram(medium, icebreaker)

    assert [codes_in_spram(bundle, icebreaker) for bundle in (small, medium, narrow)] == [False, False, True]
    assert not codes_in_spram(narrow, hx8k)
    check_plan(narrow, icebreaker)
    *others, codes, scores = planned_memories(narrow, "ice40", spram=True)
    assert (codes.block_rams, codes.sprams) == (0, code_sprams(narrow.design, "ice40")) == (0, 4)
    assert [memory.sprams for memory in (*others, scores)] == [0] * (len(others) + 1)
    assert planned_block_rams(narrow, "ice40", spram=True) == sum(
        memory.block_rams for memory in (*others, scores)
    )


def test_lanes_are_narrowed_no_more_than_single_port_ram_needs():
    icebreaker = boards.load("icebreaker")
    medium = random_bundle(MEDIUM, 0, codes="random")

    narrow = narrowed_for_spram(medium, icebreaker)

    assert (MEDIUM.row_lanes, narrow.design.row_lanes) == (16, 8)
    assert narrow.with_(design=MEDIUM).digest == medium.digest
    assert narrowed_for_spram(narrow, icebreaker) is None
    assert narrowed_for_spram(medium, boards.load("ulx3s-85f")) is None
    deep = random_bundle(MEDIUM.with_(templates_per_class=40, cell_bits=8), 0)
    assert narrowed_for_spram(deep, icebreaker) is None


def test_bundle_that_fits_passes():
    check_plan(random_bundle(MNIST, 0, codes="random"), boards.load("icebreaker"))


def test_bundle_too_large_for_the_board_names_need_supply_and_a_board_that_does():
    large = random_bundle(MNIST.with_(templates_per_class=4, cell_bits=8), 0, codes="random")

    with pytest.raises(
        EngramError,
        match=r"'mnist' needs \d+ block RAM, the iCE40UP5K of icebreaker has 30, and 4 single-port RAM where "
        r"the codes would take 16; the smallest known board that fits is (\S+);",
    ) as refusal:
        check_plan(large, boards.load("icebreaker"))

    proposed = boards.load(re.search(r"fits is (\S+);", str(refusal.value))[1])
    check_plan(large, proposed)
    smaller = [board for board in boards.load_all() if board.limits.luts < proposed.limits.luts]
    assert all(planned_block_rams(large, board.family) > board.limits.block_rams for board in smaller)


def test_bundle_too_large_for_every_board_says_so():
    huge = random_bundle(
        TINY.with_(height=96, width=96, layers=(), templates_per_class=24, cell_bits=8), 0, codes="random"
    )

    with pytest.raises(EngramError, match=r"LFE5U-85F of ulx3s-85f has 208; no known board has it"):
        check_plan(huge, boards.load("ulx3s-85f"))


def test_netlist_cells_are_counted_by_kind():
    ice40 = {
        "SB_LUT4": 10,
        "SB_CARRY": 3,
        "SB_DFF": 4,
        "SB_DFFESR": 5,
        "SB_RAM40_4K": 2,
        "SB_MAC16": 1,
        "SB_SPRAM256KA": 4,
    }
    ecp5 = {"LUT4": 10, "CCU2C": 3, "TRELLIS_FF": 9, "DP16KD": 2, "MULT18X18D": 1, "PFUMX": 4}

    assert netlist_usage(ice40, "ice40") == Usage(luts=10, ffs=9, block_rams=2, dsps=1, sprams=4)
    assert netlist_usage(ecp5, "ecp5") == Usage(luts=16, ffs=9, block_rams=2, dsps=1)


@pytest.mark.parametrize(
    ("usage", "message"),
    [
        (replace(SMALL, luts=6000), "needs 6000 look-up tables, the iCE40UP5K of icebreaker has 5280; the "
         "smallest known board that fits is hx8k-evn"),
        (replace(SMALL, ffs=9000), "needs 9000 flip-flops, the iCE40UP5K of icebreaker has 5280; the "
         "smallest known board that fits is ulx3s-12f"),
        (replace(SMALL, block_rams=31), "needs 31 block RAM"),
        (replace(SMALL, dsps=9), "needs 9 multipliers"),
        (replace(SMALL, sprams=5), "needs 5 single-port RAM"),
        (replace(SMALL, luts=90_000), "no known board has it"),
    ],
    ids=["luts", "ffs", "block RAM", "multipliers", "single-port RAM", "too large for all"],
)  # fmt: skip
def test_netlist_too_large_for_the_board_is_refused(usage, message):
    with pytest.raises(EngramError, match=re.escape(message)):
        check_netlist(random_bundle(TINY, 0), boards.load("icebreaker"), usage)


def test_netlist_that_fits_passes():
    check_netlist(random_bundle(TINY, 0), boards.load("icebreaker"), SMALL)
