"""The graph: its one input of known size, its classes, and who takes what."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.graph.graph import open_graph
from tests.helpers.networks.build import Network

ONE = np.ones((1, 1, 1, 1), int)


def test_nodes_are_found_by_their_tensors(tmp_path):
    net = Network("qdq", (1, 4, 6), batch=None).quantise(1, 8).convolve(ONE, name="").then("Relu")
    net.outputs = [3]
    graph = open_graph(net.write(tmp_path / "net.onnx"))
    assert graph.shape == (1, 4, 6) and graph.image == "image" and graph.classes == 3
    (node,) = graph.takers("image")
    assert node.op == "QuantizeLinear" and graph.maker(node.outputs[0]) is node
    conv = next(node for node in graph.nodes if node.op == "Conv")
    assert conv in graph.ahead("image") and not graph.ahead(net.tensor)
    assert graph.ahead("image", conv) == [*graph.nodes[:2]]
    assert conv.name == conv.outputs[0] and conv.attributes["pads"] == [0, 0, 0, 0]


def test_who_asks_for_a_shape_takes_no_values(tmp_path):
    net = Network("qdq", (1, 4, 6))
    net.node("Shape", "image")
    net.then("Relu").outputs = [3]
    assert [node.op for node in open_graph(net.write(tmp_path / "net.onnx")).takers("image")] == ["Relu"]


@pytest.mark.parametrize(
    ("shape", "places", "expected"),
    [
        ((4, 6, 3), [0, 3, 1, 2], (3, 4, 6, "HWC")),
        ((3, 4, 6), [0, 2, 3, 1], (3, 4, 6, "CHW")),
        ((9, 2), [0, 2, 1], (2, 1, 9, "WC")),
    ],
)
def test_an_image_whose_channels_are_put_first_has_them_last(shape, places, expected, tmp_path):
    net = Network("qdq", shape).then("Transpose", perm=places)
    net.outputs = [3]
    graph = open_graph(net.write(tmp_path / "net.onnx"))
    assert (*graph.shape, graph.axes) == expected


@pytest.mark.parametrize(("shape", "expected"), [((2, 9), (2, 1, 9, "CW")), ((9,), (9, 1, 1, "C"))])
def test_signals_and_vectors_are_images_too(shape, expected, tmp_path):
    net = Network("qdq", shape).then("Relu")
    net.outputs = [3]
    graph = open_graph(net.write(tmp_path / "net.onnx"))
    assert (*graph.shape, graph.axes) == expected


def test_one_output_tells_two_classes_apart(tmp_path):
    net = Network("qdq", (1, 4, 4)).then("Relu")
    net.outputs = [1]
    assert open_graph(net.write(tmp_path / "net.onnx")).classes == 2
    net.outputs = [None]
    assert open_graph(net.write(tmp_path / "net.onnx")).classes is None


@pytest.mark.parametrize("shape", [(1, None, 4), (None, 4, 4), (), (1, 1, 4, 4)])
def test_an_input_of_unknown_size_is_refused(shape, tmp_path):
    net = Network("qdq", shape).then("Relu")
    with pytest.raises(EngramError, match=r"must be \(N, channels, height, width\), .* in numbers, got"):
        open_graph(net.write(tmp_path / "net.onnx"))


def test_two_inputs_are_refused(tmp_path):
    net = Network("qdq", (1, 4, 4)).then("Relu")
    model = net.model
    model.graph.input.add().CopyFrom(model.graph.input[0])
    model.graph.input[1].name = "other"
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EngramError, match="must have one input, the image, it has 2"):
        open_graph(tmp_path / "net.onnx")


@pytest.mark.parametrize("outputs", [[], [3, 4, 4], [None, 4]])
def test_an_output_that_is_no_classes_is_refused(outputs, tmp_path):
    net = Network("qdq", (1, 4, 4)).then("Relu")
    net.outputs = outputs
    with pytest.raises(EngramError, match=r"must be \(N, classes\), got"):
        open_graph(net.write(tmp_path / "net.onnx")).classes  # noqa: B018
