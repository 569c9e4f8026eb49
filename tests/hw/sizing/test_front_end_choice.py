"""The choice between streaming and folded: the faster one that fits, and what each says when it does not."""

import pytest

from hw.boards import known as boards
from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded, plan_front_end
from hw.sizing.estimate import estimate
from hw.sizing.fit import code_sprams, codes_in_spram
from hw.sizing.front_end_choice import (
    Source,
    Variant,
    chosen_parallelism,
    default_front_end,
    fastest_front_end,
    serial_front_end,
)
from hw.sizing.image_timing import image_cycles
from hw.sizing.options import useful_schedules
from hw.sizing.streaming_plan import CELL_MARGIN
from sw.design import DesignPoint, Layer
from sw.errors import EngramError
from tests.helpers.bundles import TINY, random_bundle

BOARD = boards.load("icebreaker")
POOLS = TINY.with_(layers=(Layer(kind="maxpool2x2", stride=2),))
DEEP = DesignPoint(
    name="deep",
    height=16,
    width=16,
    classes=3,
    layers=(
        Layer(kind="conv3x3", out_channels=8, stride=2, activation_bits=2),
        *[Layer(kind="conv3x3", out_channels=8, activation_bits=2)] * 14,
        Layer(kind="pointwise1x1", out_channels=4),
    ),
)
"""One unit per layer takes more block RAM than the smallest board has."""


def test_the_folded_front_end_is_the_fastest_size_that_fits():
    bundle = random_bundle(TINY, seed=1)
    sizes, expected = fastest_front_end(bundle, BOARD, Variant.folded)
    assert isinstance(sizes, Folded)
    assert expected.fits(BOARD, CELL_MARGIN)
    assert expected.cycles_per_image == image_cycles(bundle, sizes)
    assert expected.cycles_per_image <= image_cycles(bundle, serial_front_end(bundle, Variant.folded))
    assert default_front_end(bundle, Variant.folded) == (bundle, sizes)


def test_auto_takes_the_faster_variant():
    bundle = random_bundle(TINY, seed=1)
    chosen = {variant: fastest_front_end(bundle, BOARD, variant) for variant in Variant}
    assert chosen[Variant.auto][1].cycles_per_image == min(
        chosen[variant][1].cycles_per_image for variant in (Variant.streaming, Variant.folded)
    )


@pytest.mark.parametrize("variant", Variant)
def test_codes_go_to_single_port_ram_when_no_front_end_leaves_block_ram_for_them(variant):
    bundle = random_bundle(TINY.with_(cell_bits=4, adc_bits=6), seed=1, codes="random")
    assert fastest_front_end(bundle, BOARD, variant)[1].sprams == 0

    least = next(number for number in range(30) if fits(bundle, board_with(number), variant))
    board = board_with(least)
    sizes, expected = fastest_front_end(bundle, board, variant)
    assert codes_in_spram(bundle, board, sizes)
    assert expected.sprams == code_sprams(bundle.design, "ice40") > 0
    assert expected == estimate(bundle, sizes, "ice40", spram=True)
    assert expected.fits(board, CELL_MARGIN)
    assert not fits(bundle, board.model_copy(update={"flash": None}), variant)


def fits(bundle, board, variant):
    try:
        fastest_front_end(bundle, board, variant)
    except EngramError:
        return False
    return True


def board_with(block_rams):
    limits = BOARD.limits.model_copy(update={"block_rams": block_rams})
    return BOARD.model_copy(update={"limits": limits})


def test_simulation_has_the_lanes_of_the_board():
    wide = TINY.with_(height=40, width=40, templates_per_class=8, rows=100, row_lanes=32, cell_bits=4)
    bundle = random_bundle(wide, seed=1, codes="random")
    narrow, sizes = default_front_end(bundle, Variant.auto)
    assert narrow.design.row_lanes == 8
    assert sizes == fastest_front_end(narrow, boards.load_all()[0], Variant.auto)[0]


def test_a_deep_student_is_folded_where_a_unit_per_layer_does_not_fit():
    bundle = random_bundle(DEEP, seed=1)
    with pytest.raises(EngramError, match=r"needs \d+ block RAM, the iCE40UP5K of icebreaker has 30"):
        fastest_front_end(bundle, BOARD, Variant.streaming)
    sizes, expected = fastest_front_end(bundle, BOARD, Variant.auto)
    assert isinstance(sizes, Folded)
    assert expected.fits(BOARD, CELL_MARGIN)


def test_the_block_ram_of_an_estimate_is_at_least_that_of_the_contents():
    bundle = random_bundle(TINY, seed=1)
    for size in (Parallelism(), Parallelism(2, 2, 2, 2)):
        plans = list(plan_front_end(bundle, Folded(size)).memories())
        assert all(len(plan.contents) == plan.depth for plan in plans if plan.contents is not None)
        assert all(max(plan.contents) < 2**plan.width for plan in plans if plan.contents is not None)


def test_a_student_too_large_names_what_is_short():
    wide = random_bundle(
        DEEP.with_(layers=(*[DEEP.layers[0]] * 3, Layer(kind="conv3x3", out_channels=4096))), 1
    )
    with pytest.raises(EngramError, match=r"needs \d+ block RAM, the iCE40UP5K of icebreaker has 30; "):
        fastest_front_end(wide, BOARD, Variant.folded)


def test_wide_activations_can_be_folded_too():
    layers = (Layer(kind="conv3x3", out_channels=3, activation_bits=6), TINY.layers[-1])
    bundle = random_bundle(TINY.with_(layers=layers), seed=1)
    sizes, expected = fastest_front_end(bundle, BOARD, Variant.folded)
    assert isinstance(sizes, Folded)
    assert expected.cycles_per_image == image_cycles(bundle, sizes)


def test_without_weights_there_is_nothing_to_fold():
    bundle = random_bundle(POOLS, seed=1)
    message = "'tiny': a folded front end needs a layer with weights, the design has none"
    with pytest.raises(EngramError, match=message):
        fastest_front_end(bundle, BOARD, Variant.folded)
    with pytest.raises(EngramError, match=message):
        serial_front_end(bundle, Variant.folded)
    assert isinstance(fastest_front_end(bundle, BOARD, Variant.auto)[0], tuple)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1x4x1x2", "searchers of a folded front end must divide input_lanes = 1, got 2"),
        ("1x2x1x1,1x1x1x1", "a size must be four numbers such as 4x4x1x1"),
    ],
)
def test_a_folded_size_by_hand_is_checked(text, message):
    with pytest.raises(EngramError, match=message):
        chosen_parallelism(random_bundle(TINY, 1), BOARD, None, Variant.folded, text)


def test_a_folded_size_by_hand():
    chosen = chosen_parallelism(random_bundle(TINY, 1), BOARD, None, Variant.folded, "2x2x1x2")
    assert chosen == Folded(Parallelism(2, 2, 1, 2))


@pytest.mark.parametrize("variant", [Variant.streaming, Variant.folded])
def test_pixels_of_several_values_are_planned_as_they_are_built(variant):
    bundle = random_bundle(TINY.with_(channels=3), seed=1)
    sizes, expected = fastest_front_end(bundle, BOARD, variant)
    assert expected == estimate(bundle, sizes, BOARD.family)
    assert expected.cycles_per_image >= bundle.design.image_size.values
    assert chosen_parallelism(bundle, BOARD, Source.features, variant, "auto") is None


def test_a_whole_pixel_may_be_a_word_of_the_first_layer_alone():
    bundle = random_bundle(TINY.with_(channels=3), seed=1)
    first, second = useful_schedules(bundle)
    assert {schedule.parallelism.input_lanes for schedule in first} == {1, 2, 3}
    assert {schedule.parallelism.input_lanes for schedule in second} == {1, 2, 4}
    plan = plan_front_end(bundle, (Parallelism(3, 4), Parallelism(4)))
    assert [memory.width for memory in plan.memories() if ".window." in memory.name] == [3 * 8, 4 * 2]
