"""The quantiser in training: a feature map to word-line bits, by thresholds that are learned."""

import torch
from torch import Tensor, nn

__all__ = ["BATCH_NORM_EPS", "FeatureQuantiser"]

BATCH_NORM_EPS = 1e-3


class _Reached(torch.autograd.Function):
    """1 where a distance is not negative, else 0; the gradient is that of (tanh + 1) / 2."""

    @staticmethod
    def forward(ctx, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (distance,) = ctx.saved_tensors
        return torch.ops.aten.tanh_backward(gradient, torch.tanh(distance)).mul_(0.5)


class FeatureQuantiser(nn.Module):
    """Feature map to word-line bits by learned thresholds, L per feature.

    A channel is normalised with a positive gain, an offset is added per pixel, channel and thermometer level,
    and the bit is 1 when the sum is not negative. The gradient is that of tanh.

    Parameters
    ----------
    shape
        (C, h, w) of the feature map.
    levels
        L; the offsets of a feature are sorted so that bit l is never 1 where bit l - 1 is 0.
    """

    def __init__(self, shape: tuple[int, int, int], levels: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(shape[0], eps=BATCH_NORM_EPS, affine=False)
        start = torch.linspace(1.0, -1.0, levels + 2)[1:-1]  # symmetric; 0 for one level
        self.offset = nn.Parameter(start.expand(*shape, levels).clone())

    def sorted_offset(self) -> Tensor:
        """Offsets (C, h, w, L), largest first."""
        return self.offset.sort(dim=-1, descending=True).values

    def affine(self) -> tuple[Tensor, Tensor]:
        """Gain (C,) and offset (C, h, w, L) of evaluation, float64."""
        norm = self.norm
        assert norm.running_mean is not None and norm.running_var is not None
        gain = 1.0 / torch.sqrt(norm.running_var.double() + norm.eps)
        centre = (norm.running_mean.double() * gain).view(-1, 1, 1, 1)
        return gain, self.sorted_offset().detach().double() - centre

    def reached(self, features: Tensor) -> Tensor:
        """Bits, bool (N, C, h, w, L), of a feature map (N, C, h, w) or (N, C, h, w, L) in evaluation."""
        gain, offset = self.affine()
        values = features if features.ndim == 5 else features[..., None]
        scaled = values.double() * gain.view(1, -1, 1, 1, 1)
        return scaled + offset >= 0

    def forward(self, features: Tensor) -> Tensor:
        """Bits 0.0 and 1.0, (N, F), pixel by pixel, channels within a pixel, levels within a channel."""
        if self.training:
            bits = _Reached.apply(self.norm(features)[..., None] + self.sorted_offset())
        else:
            bits = self.reached(features).to(features.dtype)
        return bits.permute(0, 2, 3, 1, 4).flatten(1)
