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
    assert graph.leads_to("image", "Conv") and not graph.leads_to(net.tensor, "Conv")
    conv = next(node for node in graph.nodes if node.op == "Conv")
    assert conv.name == conv.outputs[0] and conv.attributes["pads"] == [0, 0, 0, 0]


@pytest.mark.parametrize("shape", [(1, None, 4), (None, 4, 4), (4, 4), (1, 1, 4, 4)])
def test_an_input_of_unknown_size_is_refused(shape, tmp_path):
    net = Network("qdq", shape).then("Relu")
    with pytest.raises(EngramError, match=r"must be \(N, channels, height, width\) in numbers, got"):
        open_graph(net.write(tmp_path / "net.onnx"))


def test_two_inputs_are_refused(tmp_path):
    net = Network("qdq", (1, 4, 4)).then("Relu")
    model = net.model
    model.graph.input.add().CopyFrom(model.graph.input[0])
    model.graph.input[1].name = "other"
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EngramError, match="must have one input, the image, it has 2"):
        open_graph(tmp_path / "net.onnx")


@pytest.mark.parametrize("outputs", [[], [None], [3, 4, 4]])
def test_an_output_that_is_no_classes_is_refused(outputs, tmp_path):
    net = Network("qdq", (1, 4, 4)).then("Relu")
    net.outputs = outputs
    with pytest.raises(EngramError, match=r"must be \(N, classes\), got"):
        open_graph(net.write(tmp_path / "net.onnx")).classes  # noqa: B018
