"""The student: the quantised CNN of a DesignPoint as a trainable network.

Everything between the layers is a small integer held in a float: pixels 0..255, weights, activations
0 .. 2**n - 1. Their gradients are those of Brevitas' straight-through functions; its quantised layers do the
same, but take as long for their bookkeeping as all else in a step of networks this small. So accumulators are
exact integers, and the only real-valued step is the batch norm that turns an accumulator into an activation
or a feature bit. In evaluation that step is ``z * a + b`` in float64, two operations per element,
so its value depends neither on a library kernel nor on the vector width; :mod:`sw.training.student.export`
asks the same function where its steps are. For wide activations the step is the integer rule of the reference
itself.
"""

from math import prod
from typing import Any

import torch
from brevitas.function.ops_ste import binary_sign_ste, round_ste, scalar_clamp_ste
from torch import Tensor, nn
from torch.nn import functional

from sw.bundle.checks import MAX_THRESHOLD
from sw.design import DesignPoint, Layer
from sw.design.layer import LayerShape
from sw.design.paths import IMAGE
from sw.errors import EngramError
from sw.training.loop.trainable import channels_first
from sw.training.student.activation import Activated, Addition
from sw.training.student.layers import AveragePool, MaxPool, convolution_sizes, padded
from sw.training.student.quantiser import FeatureQuantiser

__all__ = ["QuantisedLayer", "Student"]

TERNARY_THRESHOLD = 0.7


class QuantisedLayer(Activated):
    """A layer with trained weights: integer convolution, then batch norm and activation but in the last one.

    Parameters
    ----------
    layer
        Kind, sizes and widths.
    shape
        Input and output of the layer, and the width of the unsigned input values.

    Raises
    ------
    EngramError
        If an accumulator could exceed 2**24, the largest integer range that float32 holds exactly.
    """

    def __init__(self, layer: Layer, shape: LayerShape):
        super().__init__(layer, shape)
        in_channels, input_bits = shape.inputs[0], shape.input_bits
        self.pixels = shape.outputs[1] * shape.outputs[2]
        out, *summed = layer.weight_shape(in_channels)
        self.reach = prod(summed) * layer.weight_limit * self.max_input
        if self.reach >= MAX_THRESHOLD:
            raise EngramError(
                f"accumulators of a {layer.kind} layer must stay below 2**24, {in_channels} inputs of "
                f"{input_bits} bits and {layer.weight_bits}-bit weights reach {self.reach}; "
                "use fewer channels or bits"
            )
        self.conv = nn.Conv2d(**convolution_sizes(layer, in_channels))
        nn.init.uniform_(self.conv.weight, -1.0, 1.0)
        self.stays: Tensor
        self.register_buffer("stays", torch.ones_like(self.conv.weight, dtype=torch.bool))
        self.add_norm(out)

    def integer_weight(self) -> Tensor:
        """Weights as integers in float32, (out, in per group, rows, columns); gradients pass through.

        A latent weight in [-1, 1] is rounded to one of 2**b - 1 steps: for 2 bits ternary with threshold 0.5,
        for 1 bit its sign. Real-valued while the layer is `soft`. Pruned weights are 0 and get no gradient.
        """
        limit = self.layer.weight_limit
        if self.soft:
            value = self.conv.weight.clamp(-1, 1) * limit
        elif self.layer.weight_bits == 1:
            value = binary_sign_ste(self.conv.weight)
        else:
            value = scalar_clamp_ste(round_ste(self.conv.weight * limit), -limit, limit)
        return torch.where(self.stays, value, 0.0)

    def spread_(self) -> None:
        """Scale the weights of every output channel to their levels; the batch norm behind undoes it.

        The threshold of ternary ones comes to 0.7 of the mean magnitude (Li and Liu 2016, arXiv 1605.04711).
        Of wider ones the largest gets the highest level: weight decay draws them towards zero meanwhile, the
        longer the training the further, and 6 bits would be rounded like 3 or 4.
        """
        bits = self.layer.weight_bits
        if bits == 1:
            return
        with torch.no_grad():
            magnitudes = torch.where(self.stays, self.conv.weight, 0.0).abs().flatten(1)
            if bits == 2:
                bound = 2 * TERNARY_THRESHOLD * magnitudes.sum(dim=1) / _number_of(self.stays)
            else:
                bound = magnitudes.amax(dim=1)
            self.conv.weight.div_(bound.clamp(min=1e-6).view(-1, 1, 1, 1)).clamp_(-1, 1)

    def macs_nonzero(self) -> int:
        """Multiply-accumulates with a weight that is not zero."""
        with torch.no_grad():
            return int(self.integer_weight().count_nonzero()) * self.pixels

    def accumulators(self, values: Tensor) -> Tensor:
        """Integer sums of the convolution.

        In evaluation the sums are matrix products of unfolded patches: a convolution library may choose an
        algorithm (Winograd, FFT) that rounds, a matrix product of integers below 2**24 cannot.
        """
        weight = self.integer_weight()
        layer, conv = self.layer, self.conv
        _, channels, height, width = values.shape
        size = layer.output_shape((channels, height, width))[1:]
        values = padded(values, layer)
        sides: dict[str, Any] = {"stride": layer.stride, "padding": conv.padding}
        if self.training or self.soft:
            return functional.conv2d(values, weight, groups=conv.groups, **sides)
        patches = functional.unfold(values, layer.kernel, **sides)
        grouped = patches.unflatten(1, (conv.groups, -1))  # (N, groups, in kk, hw)
        sums = weight.flatten(1).unflatten(0, (conv.groups, -1)) @ grouped  # (N, groups, out, hw)
        return sums.flatten(1, 2).unflatten(2, size)

    def forward(self, values: Tensor) -> Tensor:
        """Levels, or accumulators on the last layer."""
        return self.levels_of(self.accumulators(values))


def _number_of(stays: Tensor) -> Tensor:
    """Weights of every output channel that are not pruned, 1 at least."""
    return stays.flatten(1).sum(dim=1).clamp(min=1)


def _module_of(layer: Layer, shape: LayerShape) -> nn.Module:
    if layer.averages:
        return AveragePool(layer, exact=True)
    if layer.adds:
        return Addition(layer, shape)
    return QuantisedLayer(layer, shape) if layer.has_weights else MaxPool(layer)


class Student(nn.Module):
    """Quantised front end and feature quantiser of a DesignPoint: uint8 pixels to word-line bits.

    Raises
    ------
    EngramError
        If an accumulator could exceed 2**24.
    """

    def __init__(self, design: DesignPoint):
        super().__init__()
        self.sources = design.sources
        self.layers = nn.ModuleList(
            _module_of(layer, shape) for layer, shape in zip(design.layers, design.layer_shapes, strict=True)
        )
        self.quantiser = FeatureQuantiser(design.feature_map_shape, design.thresholds_per_feature)

    def feature_map(self, images: Tensor, layers: int | None = None) -> Tensor:
        """Integers (N, C, h, w) of images (N, H, W) or (N, H, W, C) with pixels 0..255.

        Behind so many of the layers; all of them if None.
        """
        maps, last = {IMAGE: channels_first(images).float()}, IMAGE
        for last, layer in enumerate(self.layers[:layers]):
            maps[last] = layer(*(maps[source] for source in self.sources[last]))
        return maps[last]

    def forward(self, images: Tensor) -> Tensor:
        """Word-line bits (N, F), 0.0 and 1.0, in the order of :mod:`sw.reference.quantiser`."""
        features = self.feature_map(images)
        with torch.autocast(features.device.type, enabled=False):
            return self.quantiser(features.float())
