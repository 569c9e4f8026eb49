"""Max-pools between a signed activation and a padded layer: two maps behind the pool."""

from fractions import Fraction

import numpy as np
import pytest

from sw.importing.bundle import bundle_of
from sw.importing.compare import compare
from sw.importing.graph.graph import open_graph
from sw.importing.head import read_head
from sw.importing.student import InputRule, read_student
from tests.helpers.networks.build import QONNX, Network

PADDED = [{"pads": [1, 1, 1, 1]}, {"pads": [0, 1, 1, 0]}]
POOL = {"kernel_shape": [2, 2], "strides": [2, 2]}
OVERLAPPING = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}


def weights(*shape, limit=3):
    return np.random.default_rng(4).integers(-limit, limit + 1, shape)


def kinds_if_equal(net, path, rule=InputRule()):
    """Kinds of the layers of a network all of whose values are those of the source."""
    if net.form == "qonnx":
        pytest.importorskip("qonnx")  # the same layers in QDQ, which has no signs, are below
    student = read_student(open_graph(net.write(path / "net.onnx")), rule)
    head = read_head(student.graph, student.features)
    bundle = bundle_of(student, head, "net")
    images = np.random.default_rng(7).integers(0, 256, (60, *bundle.design.image_size.shape), np.uint8)
    found = compare(student, bundle, images, with_classes=head.exact)
    assert found.values > 1_000 and found.first is None
    return [layer.kind for layer in bundle.design.layers]


def finished(net):
    net.convolve(weights(2, 3, 1, 1)).quantise(0.21, 2, signed=True)
    return net.then("GlobalAveragePool").dense(weights(3, 2))


@pytest.mark.parametrize("pool", [POOL, OVERLAPPING])
@pytest.mark.parametrize("padding", PADDED)
@pytest.mark.parametrize("early", [False, True])
def test_signs_that_are_pooled_ahead_of_padding(early, padding, pool, tmp_path):
    """Sign, pool, convolution, and pool, sign, convolution: one and the same, with padding of the value 0."""
    net = Network("qonnx", (2, 8, 8)).quantise(1 / 255, 8).convolve(weights(4, 2, 3, 3))
    net.normalise(np.array([0.5, -1, 2, 1]), [0.1, 0.2, -0.3, 0], [3, -1, 0, 2], np.ones(4))
    signs = lambda: net.then("BipolarQuant", net.constant(1), domain=QONNX)  # noqa: E731
    if early:
        net.then("MaxPool", **pool)
        signs()
    else:
        signs()
        net.then("MaxPool", **pool)
    net.convolve(weights(3, 4, 3, 3), **padding).then("Relu").quantise(0.3013, 2)
    kinds = kinds_if_equal(finished(net), tmp_path)
    assert kinds[:4] == ["conv3x3", f"maxpool{'2x2' if pool is POOL else '3x3'}", "pointwise1x1", "conv3x3"]


@pytest.mark.parametrize("bits", [3, 6])
def test_levels_on_both_sides_of_0_that_are_pooled(bits, tmp_path):
    net = Network("qdq", (2, 8, 8)).quantise(1 / 255, 8).convolve(weights(4, 2, 3, 3))
    net.quantise(0.2617 / 2 ** (bits - 3), bits, signed=True).then("MaxPool", **POOL)
    net.convolve(weights(3, 4, 3, 3)).then("Relu").quantise(0.3013, 2)
    assert kinds_if_equal(finished(net), tmp_path)[1:4] == ["maxpool2x2", "pointwise1x1", "conv3x3"]


def test_pixels_less_their_mean_that_are_pooled(tmp_path):
    rule = InputRule((Fraction(1, 64),), (Fraction(100),))
    net = Network("qdq", (1, 8, 8)).then("MaxPool", **POOL).convolve(weights(3, 1, 3, 3))
    net.then("Relu").quantise(0.3013, 2)
    assert kinds_if_equal(finished(net), tmp_path, rule)[:3] == ["maxpool2x2", "pointwise1x1", "conv3x3"]
