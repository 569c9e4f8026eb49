"""Work of the generated front end by part, and the cheapest of its sizes."""

import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded, plan_front_end
from sw.commands.costs.front_end import cheapest_front_end, front_end_work, sizes_to_choose_from
from sw.energy.accounting import FRONTEND_PARTS
from sw.energy.digital import parts_nj
from sw.energy.technologies.technology import technology_named
from tests.helpers.bundles import random_bundle, tiny_design

DESIGN = tiny_design()
BUNDLE = random_bundle(DESIGN, 1)
SIZES = (Parallelism(1, 2, 1, 1), Parallelism(2, 2, 1, 1))


@pytest.mark.parametrize("sizes", [SIZES, Folded(Parallelism(2, 2))])
def test_every_bit_that_moves_is_in_a_part(sizes):
    work = front_end_work(BUNDLE, sizes)
    assert tuple(work) == FRONTEND_PARTS
    uses = plan_front_end(BUNDLE, sizes).uses()
    moved = sum((each.reads + each.writes) * each.memory.width for use in uses for each in use.memories)
    assert sum(access.bits for part in work.values() for access in part.accesses) == moved
    assert work["macs"].added == sum(use.products * use.sum_bits for use in uses)
    compared = sum(use.searched * use.threshold_bits for use in uses)
    assert work["activations"].added == compared


def test_weights_of_0_are_added_and_not_multiplied():
    layers = BUNDLE.frontend
    nonzero = [int((layer.weight != 0).sum()) for layer in layers]
    pixels = [shape.outputs[1] * shape.outputs[2] for shape in DESIGN.layer_shapes]
    bits = [
        layer.weight_bits * shape.input_bits
        for layer, shape in zip(DESIGN.layers, DESIGN.layer_shapes, strict=True)
    ]
    expected = sum(count * side * width for count, side, width in zip(nonzero, pixels, bits, strict=True))
    assert front_end_work(BUNDLE, SIZES)["macs"].multiplied == expected


def test_idle_cycles_clock_registers():
    """The slower of two units sets the pace, and the other's registers are clocked all that time."""
    work = front_end_work(BUNDLE, SIZES)["frontend_controller"]
    slower = front_end_work(BUNDLE, (SIZES[0], Parallelism(1, 1)))["frontend_controller"]
    assert work.clocked > 0 and work.changed > 0 and slower.clocked != work.clocked


def test_the_cheapest_is_no_dearer_than_any_other():
    technology = technology_named("28nm")
    sizes, work = cheapest_front_end(BUNDLE, technology)
    least = sum(parts_nj(work, technology).values())
    others = [
        sum(parts_nj(front_end_work(BUNDLE, other), technology).values())
        for other in sizes_to_choose_from(BUNDLE)
    ]
    assert sizes in list(sizes_to_choose_from(BUNDLE)) and least == min(others) < max(others)
