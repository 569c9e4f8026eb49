"""What a front end does for one image, against loops that play its schedule."""

import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded, plan_front_end
from sw.design import Layer
from tests.helpers.bundles import random_bundle, residual_design, tiny_design

LAYERS = (
    Layer(kind="conv3x3", out_channels=3, stride=1, weight_bits=2, activation_bits=2),
    Layer(kind="maxpool2x2", stride=2),
    Layer(kind="pointwise1x1", out_channels=2, weight_bits=3),
)
DESIGN = tiny_design(layers=LAYERS, rows=4, row_lanes=2)
BUNDLE = random_bundle(DESIGN, 1)
STREAMING = (Parallelism(1, 2, 1, 2), Parallelism(2), Parallelism(2, 2, 2))
PIXELS = (6 * 5, 3 * 2, 3 * 2)
"""Output pixels of every layer."""


def reads(use, kind):
    return [each.reads for each in use.memories if f".{kind}" in each.memory.name]


def writes(use, kind):
    return [each.writes for each in use.memories if f".{kind}" in each.memory.name]


@pytest.fixture
def streaming():
    return plan_front_end(BUNDLE, STREAMING).uses()


def steps_of(layer, inputs, outputs, taps):
    """Steps per output pixel, by a loop over groups, taps of the kernel and words."""
    weight, steps = BUNDLE.frontend[layer].weight, 0
    for group in range(0, len(weight), outputs):
        entries = 0
        for ky in range(weight.shape[2]):
            for kx in range(weight.shape[3]):
                for word in range(0, weight.shape[1], inputs):
                    block = weight[group : group + outputs, word : word + inputs, ky, kx]
                    entries += bool(block.any())
        steps += -(-max(entries, 1) // taps)
    return steps


def test_streaming_units_do_what_their_loops_do(streaming):
    first, pool, last = streaming
    assert first.steps == PIXELS[0] * steps_of(0, 1, 2, 1)
    assert pool.steps == PIXELS[1] * 4 * 2  # four taps, two words of the three channels
    assert last.steps == PIXELS[2] * steps_of(2, 2, 2, 2)
    assert (first.products, last.products) == (first.steps * 2, last.steps * 2 * 2 * 2)
    assert (pool.products, pool.maxima) == (0, pool.steps * 2)
    assert first.searched == PIXELS[0] * 4 * 2  # four lanes for three channels, two bits


def test_memories_of_streaming_units_are_read_for_work_alone(streaming):
    first, pool, last = streaming
    assert (reads(first, "window"), writes(first, "window")) == ([first.steps], [30])
    assert reads(first, "thresholds") == [PIXELS[0] * 2 * 2] * 2  # two searchers, two groups, two bits
    assert (reads(pool, "window"), writes(pool, "window")) == ([pool.steps], [30 * 2])
    assert (reads(last, "window"), writes(last, "window")) == ([last.steps] * 2, [6 * 2] * 2)
    assert reads(last, "schedule") == [last.steps] and reads(last, "thresholds") == []


def test_a_queue_holds_every_word_of_its_map_once():
    design = residual_design(height=16, width=12)
    sizes = (Parallelism(1, 2), *(Parallelism(2, 2),) * 8)
    uses = plan_front_end(random_bundle(design, 1), sizes).uses()
    waiting = [number for number, use in enumerate(uses) if reads(use, "3.queue") or reads(use, "6.queue")]
    assert waiting == [3, 6]  # the first addition, and the layer of stride 2 beside the second one's
    pixels = 16 * 12 * 2  # three channels in words of two
    assert reads(uses[3], "3.queue.1") == writes(uses[3], "3.queue.1") == [pixels]
    assert reads(uses[6], "6.queue.0") == writes(uses[6], "6.queue.0") == [pixels]
    assert writes(uses[3], "3.window") == [2 * pixels]
    assert uses[3].steps == 16 * 12 * 2 * 2  # two groups, a word of each map
    assert uses[3].products == uses[3].steps * 2 * 2


def test_an_engine_has_its_memories_once():
    first, pool, last = plan_front_end(BUNDLE, Folded(Parallelism(2, 2, 1, 1))).uses()
    assert pool.memories == last.memories == ()
    assert first.steps == PIXELS[0] * steps_of(0, 2, 2, 1)
    assert (reads(first, "pixels"), writes(first, "pixels")) == ([first.steps], [30])
    assert reads(first, "maps") == [pool.steps + last.steps]
    assert writes(first, "maps") == [PIXELS[0] * 2 + PIXELS[1] * 2]
    assert reads(first, "schedule") == [first.steps + pool.steps + last.steps]
    assert reads(first, "thresholds") == [PIXELS[0] * 2 * 2 * 2 + 3]  # and one ahead for each layer
