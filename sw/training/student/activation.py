"""From sums to levels in training: what layers with weights and additions have in common."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from brevitas.function.ops_ste import round_ste
from torch import Tensor, nn

from sw.design import Layer
from sw.design.layer import LayerShape
from sw.reference.frontend import Requantisation, requantise
from sw.training.student.quantiser import BATCH_NORM_EPS
from sw.training.student.requantisation import requantisation_of

__all__ = ["Activated", "Addition"]


class Activated(nn.Module, ABC):
    """A layer whose sums become levels by batch norm and rounding, unless it is the last.

    Parameters
    ----------
    layer
        Kind, sizes and widths.
    shape
        Input and output of the layer, and the width of the unsigned input values.
    """

    reach: int
    """Magnitude that no sum exceeds."""

    def __init__(self, layer: Layer, shape: LayerShape):
        super().__init__()
        self.layer = layer
        self.max_input = 2**shape.input_bits - 1
        self.soft = False

    def add_norm(self, channels: int) -> None:
        """The batch norm of a layer that is not the last; a subclass makes its other parameters before, so
        that a state keeps their order."""
        if self.layer.activation_bits is not None:
            self.norm = nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS)
            nn.init.constant_(self.norm.weight, self._top / 3)
            nn.init.constant_(self.norm.bias, self._top / 4)

    @abstractmethod
    def integer_weight(self) -> Tensor:
        """Weights as integers in float32, (out, in per group, rows, columns)."""

    def levels_of(self, sums: Tensor) -> Tensor:
        """Levels of sums (N, C, h, w), or the sums themselves on the last layer."""
        if self.layer.activation_bits is None:
            return sums
        if self.soft:
            return self.normalised(sums).clamp(0, self._top)
        return self._levels(self.normalised(sums)) if self.training else self.activate(sums)

    def normalised(self, sums: Tensor) -> Tensor:
        """Sums behind the batch norm."""
        return self.norm(sums)

    def gain(self) -> Tensor:
        """Gain of the batch norm, (C,)."""
        return self.norm.weight

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
        gain = self.gain().detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
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

    @property
    def _top(self) -> int:
        """The highest level."""
        assert self.layer.activation_bits is not None
        return 2**self.layer.activation_bits - 1

    def _levels(self, values: Tensor) -> Tensor:
        """Values rounded to levels 0 .. 2**n - 1, with no gradient beyond them."""
        return round_ste(values).clamp(0, self._top)


class Addition(Activated):
    """Two maps of one scale, added value by value.

    No gain is negative, since there are no weights that could be negated for it: the magnitude of what is
    learned counts.
    """

    def __init__(self, layer: Layer, shape: LayerShape):
        super().__init__(layer, shape)
        self.reach = 2 * self.max_input
        self._weights = layer.weight_shape(shape.inputs[0])
        self.add_norm(shape.inputs[0])

    def integer_weight(self) -> Tensor:
        """Weights of both maps, all 1."""
        return torch.ones(self._weights)

    def gain(self) -> Tensor:
        """Gain of the batch norm, (C,), never negative."""
        return self.norm.weight.abs()

    def normalised(self, sums: Tensor) -> Tensor:
        """Sums behind the batch norm, whose own gain is turned round where it is negative."""
        bias = self.norm.bias.view(1, -1, 1, 1)
        turn = torch.where(self.norm.weight < 0, -1.0, 1.0).view(1, -1, 1, 1)
        return (self.norm(sums) - bias) * turn + bias

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Levels, or sums on the last layer, of maps (N, C, H, W)."""
        return self.levels_of(first + second)
