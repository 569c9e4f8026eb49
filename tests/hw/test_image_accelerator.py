"""Pixels to class against the reference, stage by stage, under stalls."""

import numpy as np
import pytest

from hw.image_accelerator import ImageAccelerator
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images
from tests.helpers.image_cases import CASES
from tests.helpers.rtl import Bench

IMAGES = 3


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
