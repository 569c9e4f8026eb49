"""Files that Brevitas 0.13.4 wrote, by either exporter of PyTorch 2.13, with metadata taken out.

``dynamo``: depthwise, strides, max-pool ahead of the activation, signed last activation. ``script``: colour,
an input of 6 bits, weights of 2 bits, wide activations, 1 x 1. ``residual``: three blocks of a ResNet, whose
quantisers are shared where maps are added, the second one with a stride and a layer beside.
"""

from pathlib import Path

import numpy as np
import pytest

from sw.importing.bundle import bundle_of
from sw.importing.compare import compare
from sw.importing.graph.graph import open_graph
from sw.importing.head import read_head
from sw.importing.student import InputRule, read_student

FILES = Path(__file__).parent / "brevitas"
NAMES = ["dynamo", "script", "residual"]


def imported(name):
    student = read_student(open_graph(FILES / name), InputRule())
    return student, bundle_of(student, read_head(student.graph, student.features), "net")


def differences(name, count):
    student, bundle = imported(name)
    images = np.random.default_rng(0).integers(0, 256, (count, *bundle.design.image_size.shape), np.uint8)
    found = compare(student, bundle, images, with_classes=False)
    assert found.values >= 80 * count
    return found.differences


@pytest.mark.parametrize("name", NAMES)
def test_both_dialects_are_one_student(name):
    assert imported(f"{name}-qonnx.onnx")[1].digest == imported(f"{name}-qdq.onnx")[1].digest


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_equal_in_onnx_runtime(name):
    assert differences(f"{name}-qdq.onnx", 200) == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_equal_in_the_executor_of_qonnx(name):
    pytest.importorskip("qonnx")  # the dialects are one student, so the other test has the values
    assert differences(f"{name}-qonnx.onnx", 40) == 0


def test_blocks_of_a_resnet_become_additions():
    _, bundle = imported("residual-qdq.onnx")
    layers = bundle.design.layers
    assert [layer.inputs for layer in layers if layer.adds] == [(2, 0), (5, 6), (9, 7)]
    assert layers[6].kind == "pointwise1x1" and layers[6].inputs == (3,)
    assert [layer.activation_bits for layer in layers] == [3] * 10 + [None]
