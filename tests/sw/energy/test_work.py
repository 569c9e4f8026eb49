"""What a classification takes: counts against loops, the reference and the RTL's widths."""

import numpy as np
import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.streaming.frontend import schedules_of
from sw.bundle.ideal import with_ideal_array
from sw.design import Layer
from sw.energy.work import (
    Work,
    array_work,
    classifier_work,
    conversion_bits,
    dense_work,
    frontend_work,
    macs_nonzero,
    matches,
    quantiser_work,
    storage_bits,
)
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, tiny_design

DEEP = tiny_design(
    name="deep",
    height=9,
    width=8,
    layers=(
        Layer(kind="conv3x3", out_channels=4, weight_bits=2, activation_bits=3),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="depthwise3x3", weight_bits=2, activation_bits=6),
        Layer(kind="pointwise1x1", out_channels=5, stride=2, weight_bits=4, activation_bits=2),
        Layer(kind="conv3x3", out_channels=2, weight_bits=1),
    ),
)
WINDOW = tiny_design(cell="window", thresholds_per_feature=3, cell_bits=4)
THERMOMETER = tiny_design(thresholds_per_feature=3)


def widths(bundle):
    """Bits of the sums of every layer with weights, as the RTL has them."""
    lanes = (Parallelism(1, 1),) * len(bundle.design.layers)
    return [each.accumulator_bits for each in schedules_of(bundle, lanes) if each.layer.has_weights]


def weighted(bundle):
    design = bundle.design
    layers = zip(design.layers, design.layer_shapes, bundle.frontend, strict=True)
    return [each for each in layers if each[0].has_weights]


def looped(bundle):
    """The engine, one step at a time: multiply-accumulates, and reads and writes of activations."""
    macs = read = written = 0
    for layer, shape, trained in weighted(bundle):
        written += np.prod(shape.inputs)
        _, height, width = shape.outputs
        for weights in trained.weight:
            for kernel in weights:
                if not kernel.any():
                    continue
                strided = layer.kernel == (1, 1)
                read += height * width if strided else shape.inputs[1] * shape.inputs[2]
                macs += sum(height * width for weight in kernel.flat if weight)
    return macs, read, written


@pytest.mark.parametrize("design", [DEEP, tiny_design()], ids=lambda design: design.name)
def test_the_front_end_is_counted_as_its_engine_runs(design):
    bundle = random_bundle(design, 3)
    macs, read, written = looped(bundle)
    work = frontend_work(bundle)
    assert macs_nonzero(bundle) == macs < design.macs
    assert work["activation_memory"].accesses == read + written
    kept = [int(np.count_nonzero(trained.weight)) for _, _, trained in weighted(bundle)]
    stored = [trained.weight.size for _, _, trained in weighted(bundle)]
    bits = [layer.weight_bits for layer, _, _ in weighted(bundle)]
    assert work["weight_memory"] == Work(
        moved=sum(count * width for count, width in zip(kept, bits, strict=True)) + sum(stored),
        accesses=sum(kept),
    )


def test_work_of_a_front_end_by_hand():
    bundle = random_bundle(tiny_design(), 3)
    first, last = (trained.weight for trained in bundle.frontend)
    assert (first.shape, last.shape) == ((3, 1, 3, 3), (2, 3, 1, 1))
    sums, final = widths(bundle)
    work = frontend_work(bundle)
    many, few = int(np.count_nonzero(first)) * 9, int(np.count_nonzero(last)) * 9
    assert work["macs"] == Work(multiplied=many * 2 * 8 + few * 3 * 2, added=many * sums + few * final)
    maps = np.count_nonzero(first.any(axis=(2, 3))), np.count_nonzero(last)
    pixels, values = 30 + 30 * maps[0], 27 + 9 * maps[1]
    assert work["activation_memory"] == Work(moved=8 * pixels + 2 * values, accesses=pixels + values)
    # 27 activations of 2 bits: two comparisons each, three thresholds per channel, none behind the last layer
    assert work["activations"] == Work(added=27 * 2 * (sums + 1), moved=9 * (sums + 1), accesses=9)


def test_wide_activations_and_pools_by_hand():
    bundle = random_bundle(DEEP, 3)
    first, depthwise, pointwise, _ = widths(bundle)
    tables = bundle.frontend[2].requantisation
    offset = max(abs(int(each)).bit_length() for each in tables.offset) + 1
    row = 15 + offset + int(tables.shift.max()).bit_length()
    activations = frontend_work(bundle)["activations"]
    assert activations == (
        Work(added=288 * 3 * (first + 1), moved=4 * 7 * (first + 1), accesses=28)
        + Work(added=64 * 3 * 3)
        + Work(multiplied=64 * depthwise * 15, added=64 * (depthwise + 15), moved=4 * row, accesses=12)
        + Work(added=20 * 2 * (pointwise + 1), moved=5 * 3 * (pointwise + 1), accesses=15)
    )


def test_an_addition_adds_two_maps_and_has_no_weights():
    """Its maps are read once each, and every map is written once, whatever takes it."""
    block = (
        Layer(kind="conv3x3", out_channels=4, weight_bits=1, activation_bits=3),
        Layer(kind="conv3x3", out_channels=4, weight_bits=1, activation_bits=3),
    )
    last = Layer(kind="conv3x3", out_channels=2, weight_bits=1)
    plain, summed = (
        random_bundle(tiny_design(layers=layers), 3)
        for layers in ((*block, last), (*block, Layer(kind="add1x1", inputs=(1, 0), activation_bits=3), last))
    )
    before, after = frontend_work(plain), frontend_work(summed)
    assert macs_nonzero(summed) == macs_nonzero(plain)
    assert storage_bits(summed)["weights"] == storage_bits(plain)["weights"]
    assert (after["macs"], after["weight_memory"]) == (before["macs"], before["weight_memory"])
    values = 4 * 6 * 5  # of a map of 3 bits; sums are 0 .. 14, and a threshold has two bits more than 4
    assert after["activation_memory"] == before["activation_memory"] + Work(
        moved=3 * 3 * values, accesses=3 * values
    )
    added = 2 * values * 5 + values * 3 * 6
    assert after["activations"] == before["activations"] + Work(added=added, moved=28 * 6, accesses=28)


def test_weights_that_become_zero_take_nothing():
    bundle = random_bundle(tiny_design(), 3)
    first, last = bundle.frontend
    weight = last.weight.copy()
    weight[0] = 0
    pruned = bundle.with_(frontend=(first, type(last)(weight, last.thresholds)))
    before, after = frontend_work(bundle), frontend_work(pruned)
    lost = int(np.count_nonzero(last.weight[0]))
    assert lost
    assert macs_nonzero(bundle) - macs_nonzero(pruned) == 9 * lost
    assert before["weight_memory"].accesses - after["weight_memory"].accesses == lost
    assert before["activation_memory"].accesses - after["activation_memory"].accesses == 9 * lost
    assert storage_bits(pruned)["weights"] == storage_bits(bundle)["weights"]


def test_binary_weights_are_never_zero():
    design = tiny_design(layers=(Layer(kind="conv3x3", out_channels=4, weight_bits=1),))
    assert macs_nonzero(random_bundle(design, 1)) == design.macs


@pytest.mark.parametrize("design", [tiny_design(), THERMOMETER, WINDOW], ids=["binary", "three", "window"])
def test_matches_are_the_scores_of_the_ideal_array(design):
    bundle = random_bundle(design, 5, codes="random")
    levels = pipeline.levels_of(bundle, random_images(design, 40, 6))
    scores = pipeline.run_levels(with_ideal_array(bundle), levels).scores
    assert matches(bundle, levels) == scores.sum() > 0


def test_storage_by_hand():
    bundle = random_bundle(THERMOMETER, 3)
    sums, final = widths(bundle)
    assert storage_bits(bundle) == {
        "weights": 27 * 2 + 6 * 3,
        "thresholds": 9 * (sums + 1),
        "feature_thresholds": 54 * (final + 1),
        "templates": 3 * 54,
        "total": 54 + 18 + 9 * (sums + 1) + 54 * (final + 1) + 162,
    }
    window = storage_bits(random_bundle(WINDOW, 3))
    assert window["templates"] == 2 * 2 * 3 * 18  # two bounds of two bits


def test_storage_of_layers_that_requantise():
    bundle = random_bundle(DEEP, 3)
    first, _, pointwise, _ = widths(bundle)
    tables = bundle.frontend[2].requantisation
    offset = max(abs(int(each)).bit_length() for each in tables.offset) + 1
    row = 15 + offset + int(tables.shift.max()).bit_length()
    assert storage_bits(bundle)["thresholds"] == 28 * (first + 1) + 4 * row + 15 * (pointwise + 1)


def test_pixels_alone_need_no_front_end():
    bundle = random_bundle(tiny_design(layers=()), 2)
    assert macs_nonzero(bundle) == 0
    assert set(frontend_work(bundle).values()) == {Work()}
    assert quantiser_work(bundle) == Work(added=30 * 9, moved=30 * 9, accesses=30)


def test_the_quantiser_compares_with_every_threshold():
    bundle = random_bundle(WINDOW, 2)
    bits = 54 * (widths(bundle)[-1] + 1)
    assert quantiser_work(bundle) == Work(added=bits, moved=bits, accesses=54)


def test_the_array_is_counted_tile_by_tile():
    design = tiny_design(templates_per_class=3, adc_bits=6)  # 18 features, 9 templates, tiles of 8 x 4
    work = array_work(design)
    assert (work.cells, work.word_lines, work.driven_cells) == (18 * 9, 18 * 3, 18 * 3 * 4)
    assert (work.conversions, work.conversion_steps) == (3 * 9, 3 * 9 * 64)
    assert conversion_bits(design) == [6, 6, 6]


def test_an_ideal_adc_tells_every_count_apart():
    design = tiny_design()  # rows 8, 8 and 2: 0 to 8 matches take 4 bits, 0 to 2 take 2
    assert conversion_bits(design) == [4, 4, 2]
    assert array_work(design).conversion_steps == 3 * (16 + 16 + 4)


def test_the_classifier_adds_and_compares():
    # largest score 15 + 15 + 3 = 33; per template 2 additions; 2 comparisons twice, and the margin
    assert classifier_work(tiny_design()) == Work(added=(3 * 2 + 2 * 2 + 1) * 6)


def test_the_dense_layer_sees_the_feature_map_not_its_bits():
    bundle = random_bundle(THERMOMETER, 3)
    width = min(8, widths(bundle)[-1])
    total = (18 * 127 * (2**width - 1)).bit_length() + 1
    assert dense_work(bundle) == {
        "macs": Work(multiplied=54 * 8 * width, added=54 * total),
        "weight_memory": Work(moved=54 * 8, accesses=54),
        "classifier": Work(added=2 * total),
    }
