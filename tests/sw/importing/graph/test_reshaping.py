"""Nodes that move values: where the axes are behind them."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import open_graph
from sw.importing.graph.layout import Layout
from sw.importing.graph.reshaping import RESHAPING
from tests.helpers.networks.build import Network


def behind(path, layout, op, constant=None, **attributes):
    """The layout behind a node on a tensor of a layout."""
    net = Network("qdq", layout.dims)
    constants = () if constant is None else (net.constant(constant, np.int64),)
    net.then(op, *constants, **attributes).outputs = [2]
    graph = open_graph(net.write(path / "net.onnx"))
    return RESHAPING[op](layout, graph.nodes[-1], Constants(graph))


MAP = Layout((3, 4, 5))
ROW = Layout((3, 4, 5), flat=True)


@pytest.mark.parametrize(
    ("layout", "op", "constant", "attributes", "expected"),
    [
        (MAP, "Flatten", None, {}, ROW),
        (MAP, "Flatten", None, {"axis": -3}, ROW),
        (ROW, "Flatten", None, {}, ROW),
        (MAP, "Reshape", [1, -1], {}, ROW),
        (MAP, "Reshape", [-1, 60], {}, ROW),
        (MAP, "Reshape", [0, 60], {}, ROW),
        (MAP, "Reshape", [1, 3, 4, -1], {}, MAP),
        (Layout((3, 1, 1)), "Reshape", [-1, 3], {}, Layout((3, 1, 1), flat=True)),
        (MAP, "Transpose", None, {"perm": [0, 2, 3, 1]}, Layout((3, 4, 5), "HWC")),
        (Layout((3, 4, 5), "HWC"), "Transpose", None, {"perm": [0, 3, 1, 2]}, MAP),
        (ROW, "Transpose", None, {"perm": [0, 1]}, ROW),
        (Layout((3, 1, 1)), "Squeeze", None, {}, Layout((3, 1, 1), "C")),
        (Layout((3, 1, 1)), "Squeeze", [-1, 2], {}, Layout((3, 1, 1), "C")),
        (Layout((3, 1, 5)), "Squeeze", [2], {}, Layout((3, 1, 5), "CW")),
        (Layout((3, 1, 5), "CW"), "Unsqueeze", [2], {}, Layout((3, 1, 5), "CHW")),
        (Layout((3, 1, 5), "CW"), "Unsqueeze", None, {"axes": [-2]}, Layout((3, 1, 5), "CHW")),
    ],
)
def test_axes_behind_a_node(layout, op, constant, attributes, expected, tmp_path):
    assert behind(tmp_path, layout, op, constant, **attributes) == expected


@pytest.mark.parametrize(
    ("layout", "op", "constant", "attributes", "why"),
    [
        (MAP, "Flatten", None, {"axis": 2}, "supported is axis 1"),
        (MAP, "Reshape", [1, 4, 15], {}, "supported is a shape with all 60 values of an image in one row"),
        (MAP, "Reshape", [-1, -1], {}, "in one row"),
        (MAP, "Transpose", None, {"perm": [1, 0, 2, 3]}, "with the images first"),
        (MAP, "Transpose", None, {}, "with the images first"),
        (MAP, "Squeeze", [2], {}, "axis 2 must have size 1"),
        (MAP, "Unsqueeze", [1], {}, "supported is a new axis for the row of a signal"),
    ],
)
def test_what_hardware_would_have_to_move_is_refused(layout, op, constant, attributes, why, tmp_path):
    with pytest.raises(EngramError, match=rf"node '.*' \({op}\): .*{why}"):
        behind(tmp_path, layout, op, constant, **attributes)
