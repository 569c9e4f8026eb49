"""Additions of two maps: equal to their source in every value, or refused by node name."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.bundle import bundle_of
from sw.importing.head import read_head
from tests.helpers.networks.build import Network, random_network
from tests.helpers.networks.students import WEIGHTS, compared, finished, signed, simple, student_of


def beside(net, scale, *, kernel=WEIGHTS, bits=2, ahead=lambda net: net):
    """The last map, quantised, and added to what a convolution makes of it."""
    skipped = net.tensor
    ahead(net.convolve(np.array(kernel), 0.3)).then("Relu").quantise(scale, bits)
    return net.then("Add", skipped, name="sum")


REFUSED = {
    "the image beside itself": (
        lambda net: net.then("Add", net.tensor, name="a1"),
        "node 'a1' (Add): maps that are added must be those of two layers, not the image nor one map twice",
    ),
    "sums that are not quantised": (
        lambda net: net.then("Add", net.node("Relu", net.tensor, name="r1"), name="a1"),
        "must be quantised (Quant, BipolarQuant or QuantizeLinear) since the last convolution",
    ),
    "two scales": (
        lambda net: beside(net.convolve(WEIGHTS).quantise(0.1013, 2), 0.1014),
        "node 'sum' (Add): maps that are added must have one scale; share one quantiser between both",
    ),
    "sizes": (
        lambda net: beside(net.convolve(WEIGHTS).quantise(0.1013, 2), 0.1013, kernel=[[[[1]]], [[[2]]]]),
        "node 'sum' (Add): maps that are added must have one shape, got (2, 8, 8) and (1, 8, 8)",
    ),
    "a negative gain behind a sum": (
        lambda net: (
            beside(net.convolve(WEIGHTS).quantise(0.1013, 2), 0.1013)
            .then("Mul", net.constant(-1.0))
            .then("Add", net.constant(1.0))
            .quantise(0.1, 3)
        ),
        "node 'sum': a negative gain behind the sum of two maps; supported are positive ones",
    ),
    "a product of two maps": (
        lambda net: net.convolve(WEIGHTS).quantise(1, 2).then("Mul", net.tensor, name="m1"),
        "node 'm1' (Mul): supported is a constant beside the map; two maps are joined by Add alone",
    ),
    "two ends": (
        lambda net: net.convolve(WEIGHTS).quantise(1, 2).node("Relu", net.tensor, name="r1") and None,
        "all ways of the network must meet in additions ahead of its head",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_is_refused_by_name(case, tmp_path):
    change, said = REFUSED[case]
    net = Network("qdq", (1, 8, 8)).quantise(1 / 255, 8)
    change(net)
    net.convolve(np.ones((1, 1, 1, 1), int)).quantise(1, 2)
    net.outputs = [2]
    with pytest.raises(EngramError) as caught:
        student_of(net, tmp_path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def block(net):
    """Two channels of 2 bits, a map beside a layer, and their sum in 3 levels."""
    net.convolve(np.concatenate([WEIGHTS, -WEIGHTS])).then("Relu").quantise(0.1013, 2)
    beside(net, 0.1013, kernel=np.arange(-17, 19).reshape(2, 2, 3, 3))
    return net.then("Relu").quantise(0.2013, 2)


@pytest.mark.parametrize("form", ["qdq", "qonnx"])
def test_a_map_is_added_to_what_a_layer_makes_of_it(form, tmp_path):
    if form == "qonnx":
        pytest.importorskip("qonnx")
    net = block(simple(form)).convolve(np.arange(-9, 9).reshape(1, 2, 3, 3)).quantise(0.3117, 2)
    _, bundle, found = compared(net.dense(np.ones((3, 30), int)), tmp_path)
    assert [layer.kind for layer in bundle.design.layers] == ["conv3x3"] * 3 + ["add1x1", "conv3x3"]
    assert bundle.design.layers[3].inputs == (2, 1)
    assert "sum" in [row.name for row in found.layers] and found.differences == 0


@pytest.mark.parametrize("pooled", [False, True])
def test_sums_may_be_the_last_layer_and_ways_may_have_strides(pooled, tmp_path):
    """The quantiser of the last sums belongs to the features, a max-pool behind them too."""
    net = block(simple())
    first = net.tensor
    net.convolve(np.arange(-27, 27).reshape(3, 2, 3, 3), 0.03, strides=[2, 2]).then("Relu").quantise(0.25, 3)
    way, net.tensor = net.tensor, first
    net.convolve(np.array([[[[1]], [[2]]]] * 3), strides=[2, 2]).then("Relu").quantise(0.25, 3)
    net.then("Add", way).then("Relu").quantise(0.5, 3)
    if pooled:
        net.then("MaxPool", kernel_shape=[2, 2])
    size = 2 * 2 if pooled else 3 * 3
    _, bundle, found = compared(net.dense(np.ones((3, 3 * size), int)), tmp_path)
    layers = bundle.design.layers
    assert [layer.kind for layer in layers[4:]][:3] == ["pointwise1x1", "conv3x3", "add1x1"]
    assert layers[5].inputs == (3,) and set(layers[6].inputs) == {4, 5}
    assert layers[6].activation_bits is None and found.differences == 0


def test_a_map_that_uses_fewer_bits_gets_those_of_the_other(tmp_path):
    """What the second convolution makes reaches the two lowest levels alone."""
    net = simple()
    beside(net, 0.1013, kernel=np.full((1, 1, 1, 1), 2), ahead=lambda net: net.then("Mul", net.constant(0.5)))
    _, bundle, found = compared(finished(net.then("Relu").quantise(0.1013, 3)), tmp_path)
    assert [layer.activation_bits for layer in bundle.design.layers[:3]] == [2, 2, 3]
    assert bundle.frontend[1].thresholds.tolist() == [[4, 7, 7]]  # sums are 0 to 6
    assert found.differences == 0


def test_signed_maps_are_added_where_no_padding_takes_their_sum(tmp_path):
    net = signed()
    skipped = net.tensor
    net.convolve(np.array([[[[1]], [[-1]]], [[[-2]], [[1]]]])).quantise(0.1013, 3, signed=True)
    net.then("Add", skipped, name="sum").quantise(0.2013, 3, signed=True)
    net.convolve(np.array([[[[1]], [[-2]]]])).quantise(0.1013, 2)
    _, bundle, found = compared(net.dense(np.ones((3, 30), int)), tmp_path)
    assert bundle.design.layers[2].kind == "add1x1" and found.differences == 0


def test_signed_sums_ahead_of_padding_become_two_maps(tmp_path):
    net = signed()
    skipped = net.tensor
    net.convolve(np.array([[[[1]], [[-1]]], [[[-2]], [[1]]]])).quantise(0.1013, 3, signed=True)
    net.then("Add", skipped, name="sum").quantise(0.2013, 3, signed=True)
    net.convolve(np.ones((2, 2, 3, 3), int), name="c1").quantise(0.1, 2).convolve(np.ones((1, 2, 1, 1), int))
    _, bundle, found = compared(net.quantise(0.1, 2).dense(np.ones((3, 30), int)), tmp_path)
    assert [layer.kind for layer in bundle.design.layers[2:5]] == ["add1x1", "pointwise1x1", "conv3x3"]
    assert found.differences == 0


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_random_residual_networks_are_equal_layer_by_layer(seed, wide, tmp_path):
    student, bundle, found = compared(random_network(seed, "qdq", wide=wide, residual=True), tmp_path, 40)
    assert any(layer.adds for layer in bundle.design.layers)
    if not any(made.unequal for made in student.layers):
        assert found.first is None and found.differences == 0
    assert max(made.unequal / max(made.accumulators, 1) for made in student.layers) < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_both_dialects_give_one_residual_student(seed, tmp_path):
    students = []
    for form in ("qdq", "qonnx"):
        student = student_of(random_network(seed, form, residual=True), tmp_path)
        students.append(bundle_of(student, read_head(student.graph, student.features), "net"))
    assert students[0].digest == students[1].digest
