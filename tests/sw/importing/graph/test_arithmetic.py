"""Sizes and scales that a network works out itself."""

import numpy as np

from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import open_graph
from tests.helpers.networks.build import Network


def test_sizes_that_a_network_asks_for_are_worked_out(tmp_path):
    """As exporters write ``x.view(x.shape[0], -1)``: shape, its first entry, and -1 behind it."""
    net = Network("qdq", (3, 2, 2))
    whole = net.node("Shape", "image")
    first = net.node(
        "Unsqueeze", net.node("Gather", whole, net.constant(0, np.int64)), net.constant([0], int)
    )
    wanted = net.node("Concat", first, net.constant([-1], int), axis=0)
    behind = net.node("Shape", "image", start=1)
    half = net.node("Div", behind, net.constant([2, 2, 2], int))
    net.then("Relu").outputs = [2]
    constants = Constants(open_graph(net.write(tmp_path / "net.onnx")))
    constants.note("image", (1, 3, 2, 2))
    assert constants.get(wanted).values.tolist() == [1, -1]
    assert constants.get(behind).values.tolist() == [3, 2, 2]
    assert constants.get(half).values.tolist() == [1, 1, 1]


def test_scales_that_a_network_works_out_are_those_of_float32(tmp_path):
    net = Network("qdq", (1, 2, 2))
    variance = net.node("Add", net.constant([0.3, 7]), net.constant(1e-4))
    root = net.node("Pow", variance, net.constant(0.5))
    other = net.node("Sqrt", variance)
    gain = net.node("Mul", net.node("Div", net.constant([1, 2]), root), net.node("Sub", "t0", "t0"))
    net.then("Relu").outputs = [2]
    constants = Constants(open_graph(net.write(tmp_path / "net.onnx")))
    expected = np.sqrt(np.float32([0.3, 7]) + np.float32(1e-4))
    assert constants.get(other).values.tobytes() == expected.tobytes()
    assert np.allclose(constants.get(root).values, expected, rtol=2e-7)
    assert constants.get(gain).values.tolist() == [0, 0]


def test_constants_that_would_be_spread_over_much_are_left_alone(tmp_path):
    net = Network("qdq", (1, 2, 2))
    spread = net.node("Add", net.constant(np.zeros((8192, 1))), net.constant(np.zeros((1, 8192))))
    net.then("Relu").outputs = [2]
    assert Constants(open_graph(net.write(tmp_path / "net.onnx"))).get(spread) is None
