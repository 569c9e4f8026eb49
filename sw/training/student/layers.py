"""Layers in torch: the facts of a layer as what torch's own modules take."""

from math import prod
from typing import Any

from brevitas.function.ops_ste import floor_ste
from torch import Tensor, nn
from torch.nn import functional

from sw.design import Layer

__all__ = ["AveragePool", "MaxPool", "convolution", "convolution_sizes", "padded"]


def convolution_sizes(layer: Layer, in_channels: int) -> dict[str, Any]:
    """Arguments of ``nn.Conv2d`` and of its quantised kin for a layer with weights, see :func:`padded`."""
    out, per_group, *kernel = layer.weight_shape(in_channels)
    return {
        "in_channels": in_channels,
        "out_channels": out,
        "kernel_size": tuple(kernel),
        "stride": layer.stride,
        "padding": _of_module(layer),
        "groups": in_channels // per_group,
        "bias": False,
    }


def convolution(layer: Layer, in_channels: int) -> list[nn.Module]:
    """``nn.Conv2d`` for a layer with weights, behind the padding that it cannot make itself."""
    made = nn.Conv2d(**convolution_sizes(layer, in_channels))
    return [made] if _is_even(layer) else [nn.ZeroPad2d(_flat(layer)), made]


def padded(values: Tensor, layer: Layer) -> Tensor:
    """Values with the padding that torch's convolutions cannot make: more at one side than at the other."""
    return values if _is_even(layer) else functional.pad(values, _flat(layer))


class AveragePool(nn.Module):
    """The mean under the kernel of a layer that averages, as :mod:`sw.reference.average` rounds it.

    Parameters
    ----------
    layer
        Without activation_bits it gives sums.
    exact
        Whether values are integers and the mean is rounded; else it is a real number.
    """

    def __init__(self, layer: Layer, *, exact: bool):
        super().__init__()
        self.layer, self.exact = layer, exact

    def forward(self, values: Tensor) -> Tensor:
        """Maps (N, C, H, W) to (N, C, h, w); a quotient of integers below 2**24 is on the right side of an
        integer in float32 too, since it is below 256, and 1 / (2 * n) or more away from those it is not."""
        layer, count = self.layer, prod(self.layer.kernel)
        outside = functional.pad(values.float(), _flat(layer))
        sums = functional.avg_pool2d(outside, layer.kernel, layer.stride, divisor_override=1)
        if not self.exact:
            return sums / count
        return sums if layer.activation_bits is None else floor_ste((2 * sums + count) / (2 * count))


class MaxPool(nn.Module):
    """The largest value under the kernel of a layer without weights; none of the values is negative where
    there is padding, which is 0."""

    def __init__(self, layer: Layer):
        super().__init__()
        self.layer = layer

    def forward(self, values: Tensor) -> Tensor:
        """Maps (N, C, H, W) to (N, C, h, w)."""
        if any(_flat(self.layer)):
            values = functional.pad(values, _flat(self.layer))
        return functional.max_pool2d(values, self.layer.kernel, self.layer.stride)


def _is_even(layer: Layer) -> bool:
    return all(before == behind for before, behind in layer.pads)


def _of_module(layer: Layer) -> tuple[int, int]:
    """Padding of torch's modules, the same at both sides."""
    (above, _), (left, _) = layer.pads
    return (above, left) if _is_even(layer) else (0, 0)


def _flat(layer: Layer) -> tuple[int, int, int, int]:
    """Padding in torch's order: the last axis first."""
    rows, columns = layer.pads
    return (*columns, *rows)
