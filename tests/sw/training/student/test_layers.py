"""Kernels, paddings and groups in training: torch's layers and the reference say one thing."""

import numpy as np
import pytest
import torch

from sw.design import DesignPoint, Layer
from sw.reference import frontend
from sw.training.student.export import export
from sw.training.student.float_twin import FloatTwin
from sw.training.student.network import Student
from tests.helpers.bundles import WINDOWS, random_images, window_layer

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("name", WINDOWS)
def test_networks_of_any_kind(name, stride):
    layer = window_layer(name, out_channels=8, stride=stride, activation_bits=3)
    first = Layer(kind="pointwise1x1", out_channels=4, activation_bits=2)
    last = Layer(kind="pointwise1x1", out_channels=5)
    design = DesignPoint(name="kinds", height=7, width=6, classes=3, layers=(first, layer, last))
    images = random_images(design, 8, seed=1)
    pixels = torch.from_numpy(images)
    torch.manual_seed(0)
    student, twin = Student(design), FloatTwin(design)
    student(pixels).sum().backward()
    assert all(module.conv.weight.grad.any() for module in student.layers if hasattr(module, "conv"))
    parameters, _ = export(student, design)
    with torch.no_grad():
        features = student.feature_map(pixels).numpy()
    np.testing.assert_array_equal(features, frontend.forward(images, design, parameters)[-1])
    assert len(np.unique(features)) > 3
    assert twin(pixels).shape == (8, 3)
