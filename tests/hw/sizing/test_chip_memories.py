"""The list of memories against the memories that the RTL really has."""

import re

import pytest
from amaranth.back import rtlil

from hw.chip import Chip
from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded
from hw.sizing.chip_memories import chip_memories
from hw.sizing.fit import planned_memories
from sw.reference.pulse import PulseRule
from sw.training.presets import DESIGNS
from tests.helpers.bundles import random_bundle

P = Parallelism
MNIST = DESIGNS["mnist"].with_(
    thresholds_per_feature=1, cell_bits=4, adc_bits=8, rows=112, row_lanes=16, col_lanes=1
)


WINDOWS = MNIST.with_(cell="window", thresholds_per_feature=7)


def memories_of(component):
    """Depth and width of what asks for block RAM."""
    text = rtlil.convert(component, emit_src=False)
    return sorted(
        (int(depth), int(width))
        for style, width, depth in re.findall(
            r'attribute \\ram_style "(\w+)"(?:\n\s*attribute [^\n]*)*\n\s*memory width (\d+) size (\d+)', text
        )
        if style == "block"
    )


@pytest.mark.parametrize(
    "parallelism",
    [
        None,
        (P(1, 4, 1, 2), P(4, 4), P(4, 1)),
        (P(1, 8, 3, 4), P(8, 4, 2), P(4, 2)),
        Folded(P(4, 4, 1, 2)),
        Folded(P(2, 8, 3, 1)),
    ],
)
def test_every_block_memory_is_listed_with_its_size(parallelism):
    bundle = random_bundle(MNIST, seed=1, codes="random")
    listed = [(plan.depth, plan.width) for plan in chip_memories(bundle, parallelism)]
    assert memories_of(Chip(bundle, 24, parallelism)) == sorted(listed)
    assert listed


@pytest.mark.parametrize("parallelism", [None, (P(1, 4, 1, 2), P(4, 4), P(4, 1))])
def test_memories_of_window_cells_hold_levels(parallelism):
    bundle = random_bundle(WINDOWS, seed=1, codes="random")
    listed = [(plan.depth, plan.width) for plan in chip_memories(bundle, parallelism)]
    assert memories_of(Chip(bundle, 24, parallelism)) == sorted(listed)
    assert (14, 48) in listed


@pytest.mark.parametrize("parallelism", [None, (P(1, 4, 1, 2), P(4, 4), P(4, 1))])
def test_memories_of_a_chip_that_programs_itself_have_its_faults(parallelism):
    bundle = random_bundle(MNIST, seed=1, codes="ideal", pulse=PulseRule(key=(1, 2, 3, 4)))
    listed = [(plan.depth, plan.width) for plan in chip_memories(bundle, parallelism)]
    assert memories_of(Chip(bundle, 24, parallelism)) == sorted(listed)
    faults, codes = planned_memories(bundle, "ice40")[-2:-4:-1]
    assert (faults.name, faults.block_rams, codes.name) == ("array.faults", 1, "array.codes")
    assert (
        codes.block_rams == planned_memories(random_bundle(MNIST, 1, codes="random"), "ice40")[-2].block_rams
    )
