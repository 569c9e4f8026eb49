"""Kernels, paddings and groups in hardware: they hang over by more than one, by nothing, or at one side."""

import numpy as np
import pytest

from hw.frontend.flow import Offers, folded_offers, streaming_offers
from hw.frontend.folded.fold import Fold
from hw.frontend.folded.frontend import FoldedFrontEnd
from hw.frontend.paths import edges_of
from hw.frontend.schedule import Parallelism
from hw.frontend.streaming.frontend import FrontEnd, schedules_of
from sw.bundle import Bundle
from sw.design import DesignPoint, Layer
from sw.reference import frontend
from tests.helpers.bundles import WINDOWS, random_bundle, random_images, residual_design, window_layer
from tests.helpers.rtl import Bench

IMAGES = 2
FIRST = Layer(kind="pointwise1x1", out_channels=4, activation_bits=2)
LAST = Layer(kind="pointwise1x1", out_channels=2)
P = Parallelism


SIZES = ((5, 4, 1), (4, 3, 2), (7, 5, 3), (9, 6, 4))
"""Rows, columns, stride: maps smaller than the kernel, with sides that a stride divides and does not."""


def bundle_of(number: int, name: str) -> Bundle:
    """A layer between two pointwise ones, at one of the sizes."""
    height, width, stride = SIZES[number % len(SIZES)]
    layer = window_layer(name, out_channels=8, stride=stride, activation_bits=3)
    design = DesignPoint(name="kinds", height=height, width=width, classes=2, layers=(FIRST, layer, LAST))
    return random_bundle(design, seed=1)


@pytest.mark.parametrize(("number", "name"), list(enumerate(WINDOWS)))
def test_a_unit_of_its_own(number, name):
    bundle = bundle_of(number, name)
    sizes = (P(1, 2), P(2, 2, 3, 2) if bundle.design.layers[1].has_weights else P(2), P(2, 2))
    dut = FrontEnd(bundle, sizes)
    check(dut, bundle, streaming_offers(schedules_of(bundle, sizes), edges_of(bundle.design)))


@pytest.mark.parametrize(("number", "name"), list(enumerate(WINDOWS, 1)))
def test_an_engine_for_all_layers(number, name):
    bundle = bundle_of(number, name)
    fold = Fold(bundle, P(2, 2, 3, 2))
    check(FoldedFrontEnd(fold), bundle, folded_offers(fold))


def test_ways_that_meet_again():
    """Values and cycles of both front ends; the lanes are such that words are filled by several items."""
    bundle = random_bundle(residual_design(height=5, width=4), seed=1)
    sizes = (P(1, 2), P(1, 1, 2), P(2, 2, 1, 2), P(2, 2), P(1, 2), P(1, 2, 2), P(2), P(4, 4, 1, 2), P(2))
    edges = edges_of(bundle.design)
    check(FrontEnd(bundle, sizes), bundle, streaming_offers(schedules_of(bundle, sizes), edges))
    fold = Fold(bundle, P(2, 2, 3, 2))
    check(FoldedFrontEnd(fold), bundle, folded_offers(fold))


def check(dut: FrontEnd | FoldedFrontEnd, bundle: Bundle, offers: Offers) -> None:
    """Feature values as the reference gives them, and as far apart as the cycles of the flow."""
    images = random_images(bundle.design, IMAGES, seed=2)
    expected = frontend.forward(images, bundle.design, bundle.frontend)[-1].transpose(0, 2, 3, 1).reshape(-1)
    bench = Bench(dut, stall=0.0)
    bench.produce(dut.i, images.reshape(-1).tolist())
    values = bench.consume(dut.o, len(expected))
    cycles: list[int] = []

    async def watch(ctx):
        cycle = 0
        while len(cycles) < len(expected):
            await ctx.tick()
            cycle += 1
            if len(values) > len(cycles):
                cycles.append(cycle)

    bench.testbench(watch)
    bench.run()
    assert [value[0] for value in values] == expected.tolist()
    taken = [next(offers)]
    while len(taken) < len(expected):
        taken.append(offers.send(taken[-1]))
    assert np.diff(cycles).tolist() == np.diff(taken).tolist()
