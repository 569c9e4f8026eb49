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

import numpy as np
import torch
from brevitas.function.ops_ste import binary_sign_ste, round_ste, scalar_clamp_ste
from torch import Tensor, nn
from torch.nn import functional

from sw.bundle.checks import MAX_THRESHOLD
from sw.design import DesignPoint, Layer
from sw.design.layer import LayerShape
from sw.errors import EngramError
from sw.reference.frontend import Requantisation, requantise
from sw.training.loop.trainable import channels_first
from sw.training.student.layers import AveragePool, MaxPool, convolution_sizes, padded
from sw.training.student.quantiser import BATCH_NORM_EPS, FeatureQuantiser
from sw.training.student.requantisation import requantisation_of

__all__ = ["QuantisedLayer", "Student"]

TERNARY_THRESHOLD = 0.7


class QuantisedLayer(nn.Module):
    """One layer with weights: integer convolution, then batch norm and activation unless it is the last.

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
        super().__init__()
        self.layer = layer
        in_channels, input_bits = shape.inputs[0], shape.input_bits
        self.pixels = shape.outputs[1] * shape.outputs[2]
        self.max_input = 2**input_bits - 1
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
        self.soft = False
        if layer.activation_bits is not None:
            top = 2**layer.activation_bits - 1
            self.norm = nn.BatchNorm2d(out, eps=BATCH_NORM_EPS)
            nn.init.constant_(self.norm.weight, top / 3)
            nn.init.constant_(self.norm.bias, top / 4)

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
        """Scale ternary weights of every output channel to their levels; the batch norm behind undoes it.

        The threshold comes to 0.7 of the mean magnitude (Li and Liu 2016, arXiv 1605.04711). Wider ones
        have levels close enough to zero to stay as they are.
        """
        if self.layer.weight_bits != 2:
            return
        with torch.no_grad():
            magnitudes = torch.where(self.stays, self.conv.weight, 0.0).abs().flatten(1).sum(dim=1)
            mean = magnitudes / self.stays.flatten(1).sum(dim=1).clamp(min=1)
            bound = (2 * TERNARY_THRESHOLD * mean).clamp(min=1e-6)
            self.conv.weight.div_(bound.view(-1, 1, 1, 1)).clamp_(-1, 1)

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

    def activate(self, accumulators: Tensor) -> Tensor:
        """Activation levels of accumulators (N, C, ...) in evaluation; float64 inside, integers if wide."""
        shape = (1, -1) + (1,) * (accumulators.ndim - 2)
        if self.layer.requantises:
            sums = (accumulators * self.signs().view(shape)).cpu().numpy().astype(np.int64)
            levels = requantise(sums, self.requantisation(), self.layer)
            return torch.from_numpy(levels).to(accumulators)
        gain, offset = self.affine()
        scaled = accumulators.double() * gain.view(shape)
        return self._levels(scaled + offset.view(shape)).to(accumulators.dtype)

    def affine(self) -> tuple[Tensor, Tensor]:
        """Batch norm of evaluation as gain and offset per channel, float64."""
        norm = self.norm
        assert norm.running_mean is not None and norm.running_var is not None
        gain = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
        return gain, norm.bias.detach().double() - norm.running_mean.double() * gain

    def signs(self) -> Tensor:
        """-1 for a channel with a negative gain, whose weights are negated on export, 1 for the others."""
        gain, _ = self.affine()
        return torch.where(gain < 0, -1, 1)

    def requantisation(self) -> Requantisation:
        """Integers of a wide activation, for accumulators times :meth:`signs`."""
        assert self.layer.activation_bits is not None
        gain, offset = (part.cpu().numpy() for part in self.affine())
        return requantisation_of(np.abs(gain), offset, self.layer.activation_bits, self.reach)

    def forward(self, values: Tensor) -> Tensor:
        """Levels, or accumulators on the last layer."""
        sums = self.accumulators(values)
        if self.layer.activation_bits is None:
            return sums
        if self.soft:
            return self.norm(sums).clamp(0, self._top)
        return self._levels(self.norm(sums)) if self.training else self.activate(sums)

    @property
    def _top(self) -> int:
        """The highest level."""
        assert self.layer.activation_bits is not None
        return 2**self.layer.activation_bits - 1

    def _levels(self, values: Tensor) -> Tensor:
        """Values rounded to levels 0 .. 2**n - 1, with no gradient beyond them."""
        return round_ste(values).clamp(0, self._top)


def _module_of(layer: Layer, shape: LayerShape) -> nn.Module:
    if layer.averages:
        return AveragePool(layer, exact=True)
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
        self.layers = nn.ModuleList(
            _module_of(layer, shape) for layer, shape in zip(design.layers, design.layer_shapes, strict=True)
        )
        self.quantiser = FeatureQuantiser(design.feature_map_shape, design.thresholds_per_feature)

    def feature_map(self, images: Tensor, layers: int | None = None) -> Tensor:
        """Integers (N, C, h, w) of images (N, H, W) or (N, H, W, C) with pixels 0..255.

        Behind so many of the layers; all of them if None.
        """
        values = channels_first(images).float()
        for layer in self.layers[:layers]:
            values = layer(values)
        return values

    def forward(self, images: Tensor) -> Tensor:
        """Word-line bits (N, F), 0.0 and 1.0, in the order of :mod:`sw.reference.quantiser`."""
        features = self.feature_map(images)
        with torch.autocast(features.device.type, enabled=False):
            return self.quantiser(features.float())
