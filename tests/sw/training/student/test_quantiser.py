"""Learned thresholds: thermometer order, precision, gradients."""

import pytest
import torch

from sw.training.student.quantiser import FeatureQuantiser

pytestmark = pytest.mark.usefixtures("one_thread")


def test_thermometer_bits_never_skip_a_level():
    torch.manual_seed(3)
    quantiser = FeatureQuantiser((2, 3, 3), 3)
    torch.nn.init.normal_(quantiser.offset)  # unsorted on purpose
    features = torch.randint(-50, 50, (40, 2, 3, 3)).float()
    for training in (True, False):
        bits = quantiser.train(training)(features).unflatten(1, (3, 3, 2, 3))
        assert set(bits.unique().tolist()) == {0.0, 1.0}
        assert torch.all(bits.diff(dim=-1) <= 0)


def test_every_offset_gets_a_gradient():
    quantiser = FeatureQuantiser((2, 3, 3), 2)
    features = torch.randn(8, 2, 3, 3, requires_grad=True)
    quantiser(features).sum().backward()
    assert torch.all(quantiser.offset.grad != 0)
    assert torch.all(features.grad.isfinite())
