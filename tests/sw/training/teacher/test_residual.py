"""The family of residual networks: sizes as the table says, any image, refusals."""

import re

import pytest
import torch
from torch import Tensor, nn

from sw.design.images import ImageSize
from sw.errors import EngramError
from sw.training.teacher import residual as module
from sw.training.teacher.residual import FAMILY, Residual, Shape, default_name, residual

SMALL = Shape(4, 1, (4, 6), (2, 1), 1)


def macs(network: nn.Module, height: int, width: int) -> int:
    """Multiply-accumulates of convolutions and dense layers for one image, counted while it passes."""
    counts = []

    def count(layer: nn.Module, _: object, result: Tensor) -> None:
        counts.append(result[0].numel() * layer.weight[0].numel())

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    device = next(network.parameters()).device
    with torch.no_grad():
        network.eval()(torch.zeros(1, height, width, device=device))
    return sum(counts)


@pytest.mark.parametrize("name", FAMILY)
def test_table_is_what_is_measured(name):
    (row,) = (line for line in module.__doc__.splitlines() if line.split()[:1] == [name])
    counts = [int(word) for word in row.split() if word.isdigit()][-3:]
    with torch.device("meta"):
        network = residual(name, ImageSize(32, 32, 1), 10)
        assert counts[0] == macs(residual(name, ImageSize(28, 28, 1), 10), 28, 28)
    assert counts[1] == macs(network, 32, 32)
    assert counts[2] == sum(value.numel() for value in network.parameters())
    stages = [tuple(map(int, pair)) for pair in re.findall(r"(\d+) x (\d+)", row)]
    found: dict[int, int] = {}
    for block in network.stages:
        found[block.outputs] = found.get(block.outputs, 0) + 1
    assert list(found.items()) == stages


def test_the_count_is_that_by_hand():
    stem, first = 9 * 4 * 30, 4 * 9 * 4 * 4 * 30
    second = (9 * 4 * 6 + 9 * 6 * 6 + 4 * 6) * 9
    assert macs(Residual(SMALL, ImageSize(6, 5, 1), 3), 6, 5) == stem + first + second + 6 * 3


@pytest.mark.parametrize("name", ["tiny", "r8", "r10", "resnet50"])
@pytest.mark.parametrize("size", [(8, 8), (28, 28), (32, 32), (5, 9), (17, 40)])
def test_any_image_size(name, size):
    with torch.device("meta"):
        network = residual(name, ImageSize(*size, 1), 4).eval()
        assert network(torch.zeros(2, *size, dtype=torch.uint8)).shape == (2, 4)


@pytest.mark.parametrize("size", [ImageSize(9, 8, 3), ImageSize(1, 50, 2)])
def test_channels_and_signals(size):
    with torch.device("meta"):
        network = residual("tiny", size, 4).eval()
        assert network(torch.zeros(2, *size.shape, dtype=torch.uint8)).shape == (2, 4)


def test_blocks_are_the_identity_beside_what_they_add():
    network = Residual(SMALL, ImageSize(6, 5, 1), 3).eval()
    block = network.stages[0]
    block.body[-1].weight.data.zero_()
    values = torch.rand(2, 4, 6, 5)
    assert torch.equal(block(values), values)


@pytest.mark.parametrize(
    ("size", "name"),
    [((8, 8), "tiny"), ((16, 40), "tiny"), ((28, 28), "r8"), ((32, 32), "r10"), ((64, 48), "r10")],
)
def test_default_follows_the_image_size(size, name):
    assert default_name(*size) == name


def test_unknown_name_is_refused():
    with pytest.raises(EngramError) as refusal:
        residual("resnet", ImageSize(8, 8, 1), 3)
    assert str(refusal.value) == "a teacher must be one of tiny, r8, r10, r18, resnet50, got 'resnet'"
