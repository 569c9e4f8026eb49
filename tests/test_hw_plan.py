"""Planning: within the budget, within the board, cheaper when slower, and a clear no."""

import pytest

from constraints import boards
from hw.build import Source, chosen_parallelism
from hw.estimate import estimate, image_cycles
from hw.frontend.frontend import schedules_of
from hw.frontend.schedule import Parallelism
from hw.plan import CELL_MARGIN, Planner, default_parallelism, fastest_that_fits
from sw.bundle import open_bundle
from sw.design import DesignPoint, Layer
from sw.errors import EngramError
from tests.bundles import TINY, random_bundle

BOARD = boards.load("icebreaker")
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


def test_every_unit_keeps_the_budget_and_costs_fall_with_it():
    bundle = random_bundle(SMALL, seed=1)
    planner = Planner(bundle, "ice40")
    cells = []
    for budget in planner.budgets():
        plan = planner.cheapest(budget, 100.0)
        assert plan is not None
        schedules = schedules_of(bundle, plan)
        assert max(schedule.cycles for schedule in schedules) <= budget
        cells.append(estimate(bundle, plan, "ice40").cells + 100 * estimate(bundle, plan, "ice40").block_rams)
    assert cells == sorted(cells, reverse=True)
    assert planner.cheapest(1, 100.0) is None


def test_the_fastest_plan_fits_with_margin():
    bundle = random_bundle(SMALL, seed=1)
    plan, expected = fastest_that_fits(bundle, BOARD)
    assert expected == estimate(bundle, plan, "ice40")
    assert expected.fits(BOARD, CELL_MARGIN)
    assert expected.cycles_per_image == image_cycles(bundle, plan) >= SMALL.height * SMALL.width
    assert default_parallelism(bundle) == plan


def test_a_student_too_large_names_need_have_and_a_board():
    with pytest.raises(EngramError) as refusal:
        fastest_that_fits(random_bundle(LARGE, seed=1), BOARD)
    text = str(refusal.value)
    assert "with its front end needs about" in text
    assert "the iCE40UP5K of icebreaker has 5280 and 30" in text
    assert "the smallest known board that fits is ulx3s-" in text
    assert "\n" not in text


def test_the_zoo_bundle_fits_the_smallest_board_from_pixels():
    plan, expected = fastest_that_fits(open_bundle("zoo:digits"), BOARD)
    assert len(plan) == 3
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
        chosen_parallelism(random_bundle(TINY, 1), BOARD, None, text)


def test_sizes_by_hand_and_features_only():
    bundle = random_bundle(TINY, 1)
    by_hand = chosen_parallelism(bundle, BOARD, Source.pixels, "1x2x1x2,2x2x1x1")
    assert by_hand == (Parallelism(1, 2, 1, 2), Parallelism(2, 2, 1, 1))
    assert chosen_parallelism(bundle, BOARD, Source.features, "auto") is None
