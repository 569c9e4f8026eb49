"""Planning: within the budget, within the board, cheaper when slower, and a clear no."""

import re
from itertools import product

import numpy as np
import pytest

from hw.boards import known as boards
from hw.frontend.schedule import Parallelism
from hw.frontend.streaming.frontend import schedules_of
from hw.sizing import streaming_plan as plan
from hw.sizing.estimate import estimate
from hw.sizing.fit import planned_memories
from hw.sizing.front_end_choice import (
    Source,
    Variant,
    chosen_parallelism,
    default_front_end,
    fastest_front_end,
)
from hw.sizing.image_timing import image_cycles
from hw.sizing.streaming_plan import CELL_MARGIN, Planner
from sw.bundle import open_bundle
from sw.design import DesignPoint, Layer
from sw.errors import EngramError
from tests.helpers.bundles import TINY, random_bundle, residual_design

BOARD = boards.load("icebreaker")
STREAMING = Variant.streaming
SMALL = DesignPoint(
    name="small",
    height=10,
    width=10,
    classes=3,
    layers=(
        Layer(kind="conv3x3", out_channels=4, stride=2, activation_bits=2),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="pointwise1x1", out_channels=4),
    ),
    rows=8,
    row_lanes=4,
)
LARGE = DesignPoint(
    name="large",
    height=32,
    width=32,
    classes=10,
    layers=(
        Layer(kind="conv3x3", out_channels=64, activation_bits=2),
        Layer(kind="conv3x3", out_channels=128, stride=2, activation_bits=2),
        Layer(kind="conv3x3", out_channels=16, stride=2),
    ),
)


def test_every_chain_keeps_its_budget_and_costs_fall_with_it():
    bundle = random_bundle(SMALL, seed=1)
    planner = Planner(bundle)
    rest = estimate(bundle, None, "ice40")
    cells = []
    for budget in planner.budgets[::5]:
        chains = planner.chains(budget, "ice40", 20)
        assert (np.diff(chains.cells[np.isfinite(chains.cells)]) <= 0).all()
        sizes = chains.sizes(20)
        assert max(schedule.cycles for schedule in schedules_of(bundle, sizes)) <= budget
        assert estimate(bundle, sizes, "ice40").block_rams <= rest.block_rams + 20
        cells.append(chains.cells[20])
    assert cells == sorted(cells, reverse=True)
    assert np.isinf(planner.chains(1, "ice40", 20).cells).all()


def test_chains_are_the_cheapest_of_all_that_fit_together():
    bundle = random_bundle(TINY, seed=1)
    planner = Planner(bundle)
    first, second = planner.options("ice40")
    for budget in planner.budgets[::3]:
        chains = planner.chains(budget, "ice40", 6)
        for most in range(7):
            possible = [
                a.cells + b.cells
                for a, b in product(first, second)
                if b.size.input_lanes % a.at_once == 0
                and b.at_once == 1
                and max(a.cycles, b.cycles) <= budget
                and a.block_rams + b.block_rams <= most
            ]
            assert chains.cells[most] == pytest.approx(min(possible, default=np.inf))


def test_maps_that_go_several_ways_do_so_as_cheaply_as_any_that_fit_together():
    """A layer, what is beside it, and their sum, in few sizes; queues are part of what a layer takes."""
    layers = (
        Layer(kind="pointwise1x1", out_channels=2, activation_bits=1),
        Layer(kind="conv1x3", out_channels=2, activation_bits=1),
        Layer(kind="add1x1", inputs=(1, 0)),
    )
    bundle = random_bundle(TINY.with_(layers=layers), seed=1)
    planner = Planner(bundle)
    few = [[option for option in options if option.size.taps == 1] for options in planner.options("ice40")]
    planner._options["ice40"] = few
    for budget in (120, 240, 500):
        possible = [
            sum(option.cells for option in chosen)
            for chosen in product(*few)
            if all(option.cycles <= budget and option.block_rams == 0 for option in chosen)
            and all(chosen[taker].size.input_lanes % chosen[source].at_once == 0
                    for source, taker in ((0, 1), (0, 2), (1, 2)))
            and chosen[2].at_once == 1
        ]  # fmt: skip
        chains = planner.chains(budget, "ice40", 6)
        assert chains.cells[0] == pytest.approx(min(possible, default=np.inf))
        schedules_of(bundle, chains.sizes(0))


def test_a_plan_of_residual_blocks_fits_and_has_its_queues():
    bundle = random_bundle(residual_design(3, 3, height=16, width=16), seed=1)
    sizes = Planner(bundle).fastest(BOARD)
    expected = estimate(bundle, sizes, "ice40")
    assert expected.fits(BOARD, CELL_MARGIN)
    assert expected.cycles_per_image == max(
        [256, *(schedule.cycles for schedule in schedules_of(bundle, sizes))]
    )
    assert [memory.name for memory in planned_memories(bundle, "ice40", sizes) if "queue" in memory.name] == [
        "frontend.3.queue.1",
        "frontend.6.queue.0",
    ]


def test_the_fastest_plan_fits_with_margin():
    bundle = random_bundle(SMALL, seed=1)
    sizes, expected = fastest_front_end(bundle, BOARD, STREAMING)
    assert expected == estimate(bundle, sizes, "ice40")
    assert expected.fits(BOARD, CELL_MARGIN)
    assert expected.cycles_per_image == image_cycles(bundle, sizes) >= SMALL.height * SMALL.width
    assert default_front_end(bundle, STREAMING) == (bundle, sizes)


def test_a_front_end_that_takes_long_to_route_is_taken_where_no_other_is_there(monkeypatch):
    bundle = random_bundle(SMALL, seed=1)
    planner = Planner(bundle)
    free = planner.fastest(BOARD)
    cells = estimate(bundle, free, "ice40").cells
    monkeypatch.setattr(plan, "SOON_ROUTED", cells * 0.9)
    soon = planner.fastest(BOARD)
    assert estimate(bundle, soon, "ice40").cells < cells * 0.9 + 1
    assert image_cycles(bundle, soon) > image_cycles(bundle, free)
    monkeypatch.setattr(plan, "SOON_ROUTED", 1)
    assert planner.fastest(BOARD) == free


def test_wide_weights_keep_within_the_multipliers_of_the_part():
    wide = SMALL.layers[0].model_copy(update={"weight_bits": 6})
    design = SMALL.with_(layers=(wide, *SMALL.layers[1:]), height=28, width=28, cell_bits=4, adc_bits=8)
    limits = BOARD.limits.model_copy(update={"dsps": 3})
    bundle = random_bundle(design, seed=1)
    free = estimate(bundle, Planner(bundle).fastest(BOARD), "ice40")
    sizes = Planner(bundle).fastest(BOARD.model_copy(update={"limits": limits}))
    bound = estimate(bundle, sizes, "ice40")
    assert bound.dsps <= 3 < free.dsps <= BOARD.limits.dsps
    assert bound.cycles_per_image >= free.cycles_per_image


def test_a_student_too_large_names_one_resource_need_have_and_a_board():
    bundle = random_bundle(LARGE, seed=1)
    with pytest.raises(EngramError) as refusal:
        fastest_front_end(bundle, BOARD, STREAMING)
    text = str(refusal.value)
    assert re.match(r"'large' needs \d+ block RAM, the iCE40UP5K of icebreaker has 30; ", text)
    assert int(text.split()[2]) > 30
    assert "logic cells" not in text
    proposed = re.search(r"the smallest known board that fits is (\S+); or use --from features", text)[1]
    assert Planner(bundle).fits(boards.load(proposed))
    assert "\n" not in text


def test_cells_are_named_when_they_are_what_is_short():
    limits = BOARD.limits.model_copy(update={"luts": 1200})
    with pytest.raises(
        EngramError, match=r"needs about \d+ logic cells, the iCE40UP5K of icebreaker has 1200, "
    ) as refusal:
        fastest_front_end(
            random_bundle(SMALL, seed=1), BOARD.model_copy(update={"limits": limits}), STREAMING
        )
    assert "of which 1056 can be filled; the smallest known board that fits is " in str(refusal.value)
    assert "block RAM" not in str(refusal.value)


def test_a_student_for_no_board_says_so(monkeypatch):
    monkeypatch.setattr(plan, "load_all", lambda: (BOARD,))
    with pytest.raises(EngramError, match="has 30; no known board has it; or use --from features"):
        fastest_front_end(random_bundle(LARGE, seed=1), BOARD, STREAMING)


def test_the_zoo_bundle_fits_the_smallest_board_from_pixels():
    sizes, expected = fastest_front_end(open_bundle("zoo:digits"), BOARD, STREAMING)
    assert len(sizes) == 3
    assert expected.block_rams <= BOARD.limits.block_rams


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4x4", "a size must be four numbers such as 4x4x1x1, got '4x4'"),
        ("1x2x1x1", "one parallelism per layer is needed: 2, got 1"),
        ("1x3x1x1,1x1x1x1", "output_lanes must be a power of two, got 3"),
        ("1x2x1x2,1x1x1x1", "layer 0 delivers 2 values at once"),
    ],
)
def test_sizes_by_hand_are_checked(text, message):
    with pytest.raises(EngramError, match=message):
        chosen_parallelism(random_bundle(TINY, 1), BOARD, None, Variant.auto, text)


def test_sizes_by_hand_and_features_only():
    bundle = random_bundle(TINY, 1)
    by_hand = chosen_parallelism(bundle, BOARD, Source.pixels, Variant.auto, "1x2x1x2,2x2x1x1")
    assert by_hand == (Parallelism(1, 2, 1, 2), Parallelism(2, 2, 1, 1))
    assert chosen_parallelism(bundle, BOARD, Source.features, Variant.auto, "auto") is None
