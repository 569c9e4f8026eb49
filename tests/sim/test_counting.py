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
KINDS = ("conv3x3", "depthwise3x3", "pointwise1x1", "maxpool2x2")


def random_design(seed: int) -> DesignPoint:
    """Two or three layers of any kind, the last one with weights."""
    rng = np.random.default_rng(seed)
    layers = []
    for number in range(int(rng.integers(2, 4))):
        kind = KINDS[int(rng.integers(len(KINDS)))] if number else "conv3x3"
        values = {"weight_bits": int(rng.integers(1, 5)), "activation_bits": int(rng.choice([1, 2, 3, 5]))}
        channels = {} if kind.startswith(("depthwise", "max")) else {"out_channels": int(rng.integers(1, 5))}
        layers.append(
            Layer(kind=kind, stride=2) if kind == "maxpool2x2" else Layer(kind=kind, **channels, **values)
        )
    layers.append(Layer(kind="pointwise1x1", out_channels=2, weight_bits=2))
    height, width = (int(size) for size in rng.integers(5, 9, 2))
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
