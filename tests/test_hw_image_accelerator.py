"""Pixels to class against the reference, stage by stage, under stalls."""

import numpy as np
import pytest

from hw.frontend.schedule import Parallelism
from hw.frontend.variant import Folded
from hw.image_accelerator import ImageAccelerator
from sw.design import DesignPoint
from sw.layer import Layer
from sw.reference import pipeline
from tests.bundles import random_bundle, random_images
from tests.rtl import Bench

IMAGES = 3
P = Parallelism

NO_LAYERS = DesignPoint(
    name="pixels", height=3, width=5, classes=3, thresholds_per_feature=2, rows=8, row_lanes=4, cell_bits=2
)
CNN = DesignPoint(
    name="cnn",
    height=8,
    width=6,
    classes=3,
    templates_per_class=2,
    layers=(
        Layer(kind="conv3x3", out_channels=4, stride=2, activation_bits=3),
        Layer(kind="pointwise1x1", out_channels=6),
    ),
    rows=20,
    cols=4,
    cols_per_adc=3,
    cell_bits=4,
    adc_bits=6,
    row_lanes=8,
    col_lanes=2,
)

THERMOMETER = CNN.with_(thresholds_per_feature=2)

WINDOWS = CNN.with_(cell="window", thresholds_per_feature=3, match_code=3, mismatch_code=1)
FOUR_BIT_WINDOWS = CNN.with_(cell="window", thresholds_per_feature=15, rows=13, row_lanes=5, adc_bits=None)

CASES = {
    "pixels_are_the_features": (NO_LAYERS, ()),
    "serial": (CNN, (P(), P())),
    "folded": (CNN, Folded(P(2, 4, 2, 2))),
    "parallel": (CNN, (P(1, 4, 3, 2), P(2, 8, 2))),
    "two_thresholds_at_once": (THERMOMETER, (P(1, 4, 3, 2), P(2, 8, 2))),
    "windows": (WINDOWS, (P(1, 4, 3, 2), P(2, 8, 2))),
    "five_thresholds_at_once": (FOUR_BIT_WINDOWS, (P(1, 4, 3, 2), P(2, 8, 2))),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_reference(name):
    shape, parallelism = CASES[name]
    bundle = random_bundle(shape, seed=1, codes="random")
    images = random_images(shape, IMAGES, seed=2)
    expected = pipeline.run(bundle, images)
    dut = ImageAccelerator(bundle, parallelism)
    bench = Bench(dut, seed=3)
    bench.produce(dut.pixels, images.reshape(-1).tolist())
    conversions = bench.watch(dut.conversion_tap, expected.codes.size)
    results = bench.consume(dut.result, IMAGES)
    bench.run()
    assert (
        np.reshape([item.code for item in conversions], expected.codes.shape).tolist()
        == expected.codes.tolist()
    )
    got = [(item.template, item.label, item.margin, item.accepted) for item in results]
    assert got == list(
        zip(expected.template, expected.label, expected.margin, expected.accepted, strict=True)
    )
