"""What single nodes do to a signal."""

from fractions import Fraction

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.chain import Stair
from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import open_graph
from sw.importing.graph.layout import Layout
from sw.importing.nodes import NODES
from sw.importing.signal import first_signal
from tests.helpers.networks.build import QONNX, Network

ONE = (Fraction(1),)
ZERO = (Fraction(0),)


def behind(net, path, gain=ONE):
    """The signal behind all nodes of a network, whose image are pixels times a gain."""
    net.outputs = [2]
    graph = open_graph(net.write(path / "net.onnx"))
    constants = Constants(graph)
    signal = first_signal("image", Layout(graph.shape), gain, ZERO)
    while takers := graph.takers(signal.tensor):
        signal = NODES[takers[0].op](signal, takers[0], constants)
    return signal


def values(signal, numbers):
    """What a chain of lines and stairs makes of pixels."""
    found = []
    for value in map(Fraction, numbers):
        for each in signal.chain:
            if isinstance(each, Stair):
                level = sum(value > bound if strict else value >= bound for bound, strict in each.steps)
                value = level * each.gain[0] + each.offset[0]
            else:
                value = value * each.gain[0] + each.offset[0]
        found.append(float(value))
    return found


def test_truncation_divides_integers(tmp_path):
    net = Network("qonnx", (1, 4, 4))
    net.then("Trunc", *map(net.constant, (0.5, 0, 8, 4.0, 4)), domain=QONNX, signed=0, rounding_mode="FLOOR")
    numbers = np.arange(256)
    expected = np.clip(np.floor(np.rint(numbers / 0.5) / 8), 0, 15) * 4.0
    assert values(behind(net, tmp_path), numbers) == expected.tolist()


def test_truncation_of_the_first_version_keeps_the_scale(tmp_path):
    net = Network("qonnx", (1, 4, 4))
    net.then("Trunc", *map(net.constant, (1.0, 0, 8, 4)), domain=QONNX, rounding_mode="FLOOR")
    assert values(behind(net, tmp_path), range(256)) == [number // 16 for number in range(256)]


@pytest.mark.parametrize(("signed", "zero"), [(0, 0), (1, 0), (1, 3)])
def test_quant_is_the_formula_of_qonnx(signed, zero, tmp_path):
    net = Network("qonnx", (1, 4, 4))
    net.then("Quant", *map(net.constant, (16.0, zero, 4)), domain=QONNX, signed=signed, narrow=0)
    low, high = (-8, 7) if signed else (0, 15)
    numbers = np.arange(256)
    expected = (np.rint(np.clip(numbers / 16 + zero, low, high)) - zero) * 16
    assert values(behind(net, tmp_path), numbers) == expected.tolist()


def test_one_signed_bit_is_the_sign(tmp_path):
    net = Network("qonnx", (1, 4, 4))
    net.then("Sub", net.constant(100.0))
    net.then("Quant", *map(net.constant, (0.5, 0, 1)), domain=QONNX, signed=1, narrow=0)
    assert values(behind(net, tmp_path), [0, 99, 100, 255]) == [-0.5, -0.5, 0.5, 0.5]


def test_a_constant_minus_a_map_turns_it_round(tmp_path):
    net = Network("qdq", (1, 4, 4))
    net.tensor = net.node("Sub", net.constant(3.0), net.tensor)
    signal = behind(net.then("Cast", to=1), tmp_path)
    assert values(signal, [0, 1, 5]) == [3, 2, -2]


def test_a_batch_norm_with_a_rational_root_is_exact(tmp_path):
    net = Network("qdq", (1, 4, 4))
    net.then("BatchNormalization", *map(net.constant, ([3.0], [1.0], [2.0], [2.25])), epsilon=0.0)
    (line,) = behind(net, tmp_path).chain
    assert (line.gain, line.offset) == ((Fraction(2),), (Fraction(-3),))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda net: net.then("Cast", to=6), "supported are casts to float"),
        (lambda net: net.then("Div", net.constant(0.0)), "a constant that is not 0"),
        (lambda net: net.then("Clip", net.constant(2.0), net.constant(1.0)), "min must not be above max"),
        (lambda net: net.then("Mul", net.constant([1.0, 2.0])), "one for each of 1 channels, got shape (2,)"),
        (
            lambda net: net.then("BatchNormalization", *map(net.constant, ([1.0], [1.0], [1.0], [-1.0]))),
            "positive",
        ),
        (lambda net: net.quantise(-1.0, 8), "the scale must be positive"),
        (
            lambda net: net.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
            "ceil_mode adds an incomplete last window",
        ),
        (lambda net: net.quantise(1.0, 8).then("Clip", net.constant(0.5)), "must end at levels of it"),
    ],
)
def test_what_makes_no_sense_is_refused(write, said, tmp_path):
    net = Network("qdq", (1, 5, 5))
    write(net)
    with pytest.raises(EngramError) as caught:
        behind(net, tmp_path)
    assert said in str(caught.value) and str(caught.value).startswith("node ")
