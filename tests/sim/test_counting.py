"""Accesses and products in the RTL against those that the schedules promise."""

import os

import numpy as np
import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded
from sim.counting import count, counted_program
from sw.design import DesignPoint, Layer
from tests.helpers.bundles import random_bundle, random_images, tiny_design

DESIGNS = int(os.environ.get("ENGRAM_RANDOM_DESIGNS", "4"))
"""A compiler runs for each of them, so the suite has few."""
KINDS = (
    "conv3x3",
    "depthwise3x3",
    "pointwise1x1",
    "maxpool2x2",
    "conv5x5",
    "depthwise4x4",
    "conv1x7",
    "maxpool3x3",
)


def random_design(seed: int) -> DesignPoint:
    """Two or three layers of any kind, half of the time a residual block, and a last one with weights."""
    rng = np.random.default_rng(seed)
    layers, valid = [], int(rng.integers(2))
    for number in range(int(rng.integers(2, 4))):
        kind = KINDS[int(rng.integers(len(KINDS)))] if number else "conv3x3"
        values = {"weight_bits": int(rng.integers(1, 5)), "activation_bits": int(rng.choice([1, 2, 3, 5]))}
        # One layer without padding at most, and that early: the maps are small.
        strides = [1, 1, 2, 3 if number else 2]
        window = {"stride": int(rng.choice(strides)), "padding": "valid" if number == valid else "same"}
        if kind.startswith("max"):
            layers.append(Layer(kind=kind, **window | {"stride": 2}))
            continue
        if kind.startswith("depthwise"):
            layers.append(Layer(kind=kind, **window, **values))
            continue
        # The first layer has as many channels as the image may have, all others an even number.
        groups = int(rng.integers(1, 3)) if number else 1
        channels = 2 * int(rng.integers(1, 4))
        layers.append(Layer(kind=kind, out_channels=channels, groups=groups, **window, **values))
    if seed % 4 in (1, 2):  # one of either front end
        bits = next(layer.activation_bits for layer in reversed(layers) if layer.has_weights)
        beside = len(layers) - 1
        layers.append(Layer(kind="depthwise3x3", weight_bits=3, activation_bits=bits))
        layers.append(Layer(kind="add1x1", inputs=(beside + 1, beside), activation_bits=2))
    layers.append(Layer(kind="pointwise1x1", out_channels=2, weight_bits=2))
    height, width = (int(size) for size in rng.integers(14, 18, 2))
    sizes = {"height": height, "width": width, "channels": int(rng.integers(1, 5))}
    return tiny_design(**sizes, layers=tuple(layers), rows=4, row_lanes=2)


def random_size(rng: np.random.Generator, *, lanes: int, folded: bool) -> Parallelism:
    outputs = int(rng.choice([1, 2, 4]))
    searchers = int(rng.choice([count for count in (1, 2) if count <= min(outputs, lanes if folded else 2)]))
    return Parallelism(lanes, outputs, int(rng.integers(1, 4)), searchers)


def sizes_of(design: DesignPoint, seed: int, *, folded: bool):
    rng = np.random.default_rng(seed)
    if folded:
        return Folded(random_size(rng, lanes=int(rng.choice([1, 2, 4])), folded=True))
    first = int(rng.choice([1, design.channels]))
    return tuple(
        Parallelism(first if number == 0 else 1, int(rng.choice([1, 2])), int(rng.integers(1, 3)))
        if layer.has_weights
        else Parallelism()
        for number, layer in enumerate(design.layers)
    )


@pytest.mark.parametrize("seed", range(DESIGNS))
def test_random_designs_do_what_their_schedules_say(seed):
    """At random stalls too: no count depends on when a pixel comes."""
    design = random_design(seed)
    bundle, folded = random_bundle(design, seed), seed % 2 == 1
    sizes = sizes_of(design, seed, folded=folded)
    program = counted_program(bundle, sizes)
    stalls = (20_000, 20_000) if seed % 4 > 1 else (0, 0)
    found = count(program, bundle, sizes, random_images(design, 3, seed), stalls)
    assert [each for each in found if each.got != each.expected] == []
    assert {"steps"} <= {each.what.split(" ")[0] for each in found}


def test_rows_that_a_max_pool_leaves_out_are_counted_for_the_last_image_too():
    """The last of 15 rows is never pooled; at these stalls the answer comes while it is still computed."""
    conv = Layer(kind="conv3x3", out_channels=8, weight_bits=4, activation_bits=2)
    one = Layer(kind="pointwise1x1", out_channels=1, weight_bits=2)
    layers = (conv, Layer(kind="maxpool2x2", stride=2), one)
    design = tiny_design(height=15, width=15, layers=layers, rows=50, row_lanes=50)
    bundle, sizes = random_bundle(design, 1), (Parallelism(1, 1), Parallelism(), Parallelism())
    program = counted_program(bundle, sizes)
    found = count(program, bundle, sizes, random_images(design, 3, 1), (20_000, 20_000))
    assert [each for each in found if each.got != each.expected] == []
