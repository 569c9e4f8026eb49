"""Layers in torch: the facts of a layer as what torch's own modules take."""

from typing import Any

from torch import nn

from sw.design import Layer

__all__ = ["convolution_sizes", "max_pool"]


def convolution_sizes(layer: Layer, in_channels: int) -> dict[str, Any]:
    """Arguments of ``nn.Conv2d`` and of its quantised kin for a layer with weights."""
    out, per_group, *kernel = layer.weight_shape(in_channels)
    return {
        "in_channels": in_channels,
        "out_channels": out,
        "kernel_size": tuple(kernel),
        "stride": layer.stride,
        "padding": layer.padding,
        "groups": in_channels // per_group,
        "bias": False,
    }


def max_pool(layer: Layer) -> nn.Module:
    """The largest value under the kernel of a layer without weights."""
    return nn.MaxPool2d(layer.kernel, layer.stride)
