"""Average-pools against fractions."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from sw.design import Layer
from sw.design.kinds import KINDS
from sw.design.layer import LayerShape
from sw.errors import EngramError
from sw.reference.average import average_parameters
from sw.reference.frontend import activate, forward, requantise
from tests.helpers.bundles import random_bundle, random_images, tiny_design

AVERAGES = [name for name, kind in KINDS.items() if kind.averages]
POOLED = tiny_design(
    layers=(
        Layer(kind="avgpool2x2", stride=2, padding="same", activation_bits=8),
        Layer(kind="conv3x3", out_channels=3, activation_bits=3),
        Layer(kind="avgpool3x3"),
    )
)


@pytest.mark.parametrize("bits", range(1, 9))
def test_every_sum_of_every_kernel_is_rounded_half_up(bits):
    for name in AVERAGES:
        layer = Layer(kind=name, activation_bits=bits)
        parameters = average_parameters(layer, LayerShape((2, 7, 7), layer.output_shape((2, 7, 7)), bits))
        count = math.prod(layer.kernel)
        sums = np.arange(count * (2**bits - 1) + 1)
        maps = np.tile(sums, (1, 2, 1, 1))
        if layer.requantises:
            levels = requantise(maps, parameters.requantisation, layer)
        else:
            levels = activate(maps, parameters.thresholds)
        expected = [math.floor(Fraction(int(total), count) + Fraction(1, 2)) for total in sums]
        assert levels[0, 0, 0].tolist() == levels[0, 1, 0].tolist() == expected


def test_the_last_pool_gives_sums_and_padding_counts_as_zeros():
    bundle = random_bundle(POOLED, 1)
    images = random_images(POOLED, 3, 2)
    first, inner, last = forward(images, POOLED, bundle.frontend)
    padded = np.pad(images.astype(int), ((0, 0), (0, 1), (0, 1)))
    corner = padded[:, 2:4, 4:6].sum(axis=(1, 2))
    np.testing.assert_array_equal(first[:, 0, 1, 2], (2 * corner + 4) // 8)
    np.testing.assert_array_equal(last[:, :, 0, 0], inner[:, :, :3, :3].sum(axis=(2, 3)))
    assert POOLED.weights == 27 and POOLED.macs == 27 * 9


@pytest.mark.parametrize("place", [0, 2])
def test_other_integers_than_those_of_the_rule_are_refused(place):
    bundle = random_bundle(POOLED, 1)
    layers = list(bundle.frontend)
    layers[place] = replace(layers[place], weight=-layers[place].weight)
    with pytest.raises(EngramError, match=f"frontend.{place} must hold the integers of an average"):
        bundle.with_(frontend=tuple(layers))
