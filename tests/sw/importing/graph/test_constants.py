"""Constants as the source's own program works them out."""

import numpy as np
import onnxruntime
import pytest

from sw.errors import EngramError
from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import open_graph
from tests.helpers.networks.build import QONNX, Network

VALUES = np.random.default_rng(3).normal(size=(4, 3, 2, 2)).astype(np.float32)


def graph_of(net, path):
    """The graph, whose one output is the constant behind an addition to the image."""
    constant = net.tensor
    net.tensor = "image"
    net.then("Add", constant)
    net.outputs = [2]
    return open_graph(net.write(path / "net.onnx")), constant


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize(("dtype", "zero"), [(np.int8, 0), (np.uint8, 128), (np.int8, -3)])
def test_quantised_weights_are_those_of_onnx_runtime(axis, dtype, zero, tmp_path):
    net = Network("qdq", (3, 2, 2), batch=4)
    shape = () if axis is None else (VALUES.shape[axis],)
    scale = net.constant(np.linspace(0.02, 0.03, int(np.prod(shape))).reshape(shape))
    grid, along = (scale, net.constant(np.full(shape, zero), dtype)), {} if axis is None else {"axis": axis}
    net.tensor = net.constant(VALUES)
    net.then("QuantizeLinear", *grid, **along).then(
        "Clip", net.constant(-20 + zero if zero != 128 else 108, dtype)
    )
    net.then("DequantizeLinear", *grid, **along)
    graph, name = graph_of(net, tmp_path)
    found = Constants(graph).get(name)
    session = onnxruntime.InferenceSession(graph.path.read_bytes(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"image": np.zeros((4, 3, 2, 2), np.float32)})
    assert np.array_equal(found.numbers, expected)
    assert found.values.dtype.kind == "i" and np.allclose(found.values * found.scale, expected)


def test_qonnx_weights_have_integers_and_a_scale(tmp_path):
    net = Network("qonnx", (3, 2, 2), batch=4)
    net.tensor = net.constant(VALUES)
    net.then("Quant", *map(net.constant, (0.25, 0, 3)), domain=QONNX, signed=1, narrow=1)
    graph, name = graph_of(net, tmp_path)
    found = Constants(graph).get(name)
    assert np.array_equal(found.values, np.clip(np.rint(VALUES / np.float32(0.25)), -3, 3))
    assert np.all(found.scale == 0.25)


def test_signs_are_minus_one_and_one(tmp_path):
    net = Network("qonnx", (3, 2, 2), batch=4)
    net.tensor = net.constant(VALUES)
    net.then("BipolarQuant", net.constant(0.5), domain=QONNX)
    graph, name = graph_of(net, tmp_path)
    assert np.array_equal(Constants(graph).get(name).values, np.where(VALUES >= 0, 1, -1))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0.25, 0, 17), "the bit width must be 1 to 16, got 17"),
        ((0.25, 0.5, 4), "the zero point must be one integer"),
        ((np.nan, 0, 4), "the scale must be finite numbers"),
    ],
)
def test_what_no_quantiser_has_is_refused(given, said, tmp_path):
    net = Network("qonnx", (3, 2, 2), batch=4)
    net.tensor = net.constant(VALUES)
    net.then("Quant", *map(net.constant, given), domain=QONNX, name="q1")
    graph, name = graph_of(net, tmp_path)
    with pytest.raises(EngramError) as caught:
        Constants(graph).get(name)
    assert str(caught.value) == f"node 'q1' (Quant): {said}" or said in str(caught.value)


def test_shapes_that_do_not_fit_are_one_line(tmp_path):
    net = Network("qdq", (3, 2, 2), batch=4)
    net.tensor = net.constant(VALUES)
    net.then("Reshape", net.constant([7, 2**40], np.int64), name="r1")
    graph, name = graph_of(net, tmp_path)
    with pytest.raises(EngramError, match=r"node .r1. .* do not fit together"):
        Constants(graph).get(name)


def test_a_circle_of_constants_ends(tmp_path):
    net = Network("qdq", (3, 2, 2), batch=4).then("Relu")
    net.node("Identity", "t2")
    net.node("Identity", "t1")
    net.outputs = [2]
    graph = open_graph(net.write(tmp_path / "net.onnx"))
    assert Constants(graph).get("t1") is None
