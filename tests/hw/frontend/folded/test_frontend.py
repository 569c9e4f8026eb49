"""The folded front end against the reference: every kind of layer, odd sizes, stalls, and its cycles."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import signed, unsigned

from hw.frontend.folded.fold import Fold
from hw.frontend.folded.frontend import FoldedFrontEnd
from hw.frontend.schedule import Parallelism
from sw.bundle import Bundle
from sw.design import DesignPoint, Layer
from sw.reference import frontend
from tests.helpers.bundles import random_bundle, random_images, residual_design
from tests.helpers.rtl import Bench

IMAGES = 2
P = Parallelism


def design(height: int, width: int, *layers: Layer, channels: int = 1) -> DesignPoint:
    sizes = {"height": height, "width": width, "channels": channels}
    return DesignPoint(name="cnn", **sizes, classes=2, layers=layers, rows=8, row_lanes=4)


DESIGNS = {
    "one_layer": design(6, 5, Layer(kind="conv3x3", out_channels=3)),
    "every_kind": design(
        7,
        9,
        Layer(kind="conv3x3", out_channels=5, stride=2, weight_bits=4, activation_bits=3),
        Layer(kind="depthwise3x3", weight_bits=1, activation_bits=1),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="pointwise1x1", out_channels=9, activation_bits=4),
        Layer(kind="conv3x3", out_channels=6, weight_bits=8),
    ),
    "odd_and_deep": design(
        7,
        5,
        Layer(kind="conv3x3", out_channels=3, weight_bits=1, activation_bits=2),
        Layer(kind="conv3x3", out_channels=7, stride=2, weight_bits=2, activation_bits=4),
        Layer(kind="depthwise3x3", stride=2, weight_bits=8, activation_bits=1),
        Layer(kind="conv3x3", out_channels=5, weight_bits=4, activation_bits=3),
        Layer(kind="pointwise1x1", out_channels=4, weight_bits=1),
    ),
    "pools_behind_the_last_weights": design(
        9,
        8,
        Layer(kind="conv3x3", out_channels=4, activation_bits=2),
        Layer(kind="pointwise1x1", stride=2, out_channels=7, activation_bits=4),
        Layer(kind="conv3x3", out_channels=3),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="maxpool2x2", stride=2),
    ),
    "wide_activations": design(
        5,
        4,
        Layer(kind="conv3x3", out_channels=3, activation_bits=7),
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="depthwise3x3", weight_bits=4, activation_bits=2),
        Layer(kind="pointwise1x1", out_channels=2, weight_bits=1),
    ),
    "residuals": residual_design(height=7, width=6),
    "wide_residuals": residual_design(4, 6, height=5, width=6),
    "sums_of_pooled_pixels": design(
        5,
        4,
        Layer(kind="maxpool3x3", padding="same"),
        Layer(kind="depthwise1x3", weight_bits=3, activation_bits=8),
        Layer(kind="add1x1", inputs=(1, 0)),
        Layer(kind="maxpool2x2"),
        channels=3,
    ),
    "pixels_are_pooled_first": design(
        8,
        7,
        Layer(kind="maxpool2x2", stride=2),
        Layer(kind="depthwise3x3", activation_bits=2),
        Layer(kind="conv3x3", out_channels=2),
    ),
}
DESIGNS |= {
    f"{name}_in_{channels}_channels": DESIGNS[name].with_(channels=channels)
    for name, channels in (("every_kind", 3), ("pixels_are_pooled_first", 5), ("wide_activations", 11))
} | {"signal": DESIGNS["odd_and_deep"].with_(height=1, width=21, channels=6)}
SIZES = (P(), P(1, 4, 3), P(2, 2, 1, 2), P(4, 4, 9, 2), P(8, 1, 2))


def pruned_bundle(shape: DesignPoint) -> Bundle:
    """Random, with half of the ternary and wider weights set to 0."""
    bundle = random_bundle(shape, seed=1)
    rng = np.random.default_rng(9)
    layers = []
    for layer, trained in zip(shape.layers, bundle.frontend, strict=True):
        keep = rng.random(trained.weight.shape) < 0.5
        kept = layer.weight_bits == 1 or layer.adds
        weight = trained.weight if kept else np.where(keep, trained.weight, 0)
        layers.append(replace(trained, weight=weight.astype(np.int8)))
    return bundle.with_(frontend=tuple(layers))


SOME = [(name, SIZES[(place + step) % len(SIZES)]) for place, name in enumerate(DESIGNS) for step in (0, 1)]
"""Every design at two sizes and, at stalls, at a third one; every size with four designs or more."""


@pytest.mark.parametrize(("name", "size"), SOME, ids=str)
def test_features_and_cycles_are_as_expected(name, size):
    shape = DESIGNS[name]
    bundle = pruned_bundle(shape)
    images = random_images(shape, IMAGES, seed=2)
    fold = Fold(bundle, size)
    values, ends = run(fold, images, stall=0.0)
    assert values == expected_values(bundle, images)
    assert np.diff(ends).tolist() == [fold.cycles()] * (IMAGES - 1)


@pytest.mark.parametrize("name", DESIGNS)
def test_features_survive_stalls_at_both_ends(name):
    shape = DESIGNS[name]
    bundle = pruned_bundle(shape)
    images = random_images(shape, IMAGES, seed=4)
    values, _ = run(Fold(bundle, P(2, 4, 2, 2)), images, stall=0.4)
    assert values == expected_values(bundle, images)


def run(fold: Fold, images: np.ndarray, *, stall: float) -> tuple[list[int], list[int]]:
    """All feature values, and the cycle in which the last one of each image came."""
    features = fold.bundle.design.features
    dut = FoldedFrontEnd(fold)
    bench = Bench(dut, seed=3, stall=stall, budget=40_000)
    bench.produce(dut.i, images.reshape(-1).tolist())
    values = bench.consume(dut.o, len(images) * features)
    ends: list[int] = []

    async def watch(ctx):
        cycle = 0
        async for _ in ctx.tick():
            cycle += 1
            if len(values) == (len(ends) + 1) * features:
                ends.append(cycle)
            if len(ends) == len(images):
                return

    bench.testbench(watch)
    bench.run()
    return [value[0] for value in values], ends


def expected_values(bundle: Bundle, images: np.ndarray) -> list[int]:
    feature_map = frontend.forward(images, bundle.design, bundle.frontend)[-1]
    return feature_map.transpose(0, 2, 3, 1).reshape(-1).tolist()


def test_pixels_are_waited_for_where_the_other_layers_are_shorter():
    shape = DESIGNS["one_layer"]
    fold = Fold(random_bundle(shape, seed=1), P(1, 4, 9))
    assert fold.cycles() == fold.layer_cycles()[0] + shape.height * shape.width - 1


def test_every_word_is_what_was_last_written_there():
    for shape in DESIGNS.values():
        fold = Fold(random_bundle(shape, seed=1), P(4, 2))
        owner: dict[int, int] = {}
        for number, sources in enumerate(shape.sources):
            for source in sources if number else ():
                start = fold.map_starts[source]
                assert {owner[at] for at in range(start, start + fold.map_words[source])} == {source}
            if number < len(shape.layers) - 1:
                start, stop = fold.map_starts[number], fold.map_starts[number] + fold.map_words[number]
                assert 0 <= start and stop <= fold.map_depth
                assert not {owner.get(at) for at in range(start, stop)} & set(sources)
                owner |= dict.fromkeys(range(start, stop), number)


def test_only_what_needs_it_is_wide():
    fold = Fold(random_bundle(DESIGNS["every_kind"], seed=1), P(4, 2))
    assert fold.factor_bits == (8, 4, 4, 4)
    assert fold.stored_shape == unsigned(4)
    pooled = Fold(random_bundle(DESIGNS["pools_behind_the_last_weights"], seed=1), P(4, 2))
    assert pooled.factor_bits == (8, 4, 4, 4)
    assert pooled.stored_shape == signed(pooled.schedules[2].accumulator_bits)


def test_sizes_and_designs_that_do_not_serve_are_refused():
    bundle = random_bundle(DESIGNS["one_layer"], seed=1)
    with pytest.raises(ValueError, match="searchers of a folded front end must divide input_lanes = 1"):
        Fold(bundle, P(1, 4, 1, 2))
    pools = random_bundle(design(8, 8, Layer(kind="maxpool2x2", stride=2)), seed=1)
    with pytest.raises(ValueError, match="needs a layer with weights, the design has none"):
        Fold(pools, P())
