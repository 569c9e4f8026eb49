"""One layer of the quantised front end, and the shape of what goes through it."""

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["MAX_THRESHOLD_BITS", "PIXEL_BITS", "Count", "Layer", "LayerShape"]

PIXEL_BITS = 8
MAX_THRESHOLD_BITS = 4
"""Widest activation that is a count of thresholds: 2**n - 1 per channel are stored and searched."""

Count = Annotated[int, Field(ge=1, le=4_096)]


class LayerShape(NamedTuple):
    """Input and output of one layer, channels first, and the width of its input values."""

    inputs: tuple[int, int, int]
    outputs: tuple[int, int, int]
    input_bits: int


class Layer(BaseModel):
    """One layer of the quantised front end. Kernels are 3x3 with padding 1, or 1x1 without.

    Parameters
    ----------
    kind
        ``conv3x3``, ``depthwise3x3``, ``pointwise1x1`` or ``maxpool2x2``.
    out_channels
        Output channels; absent for the kinds that keep the number (depthwise, max-pool).
    stride
        1 or 2, both directions; a max-pool always has 2.
    weight_bits
        1 for {-1, +1}, 2 for {-1, 0, +1}, b >= 3 for signed integers in +-(2**(b-1) - 1).
    activation_bits
        Output levels 0 .. 2**n - 1. Up to 4 bits count sorted thresholds, one per channel and level; from 5
        bits on an accumulator is multiplied, shifted, rounded and saturated, see :attr:`requantises`. None
        on the last layer with weights: its accumulators go to the quantiser as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["conv3x3", "depthwise3x3", "pointwise1x1", "maxpool2x2"]
    out_channels: Count | None = None
    stride: Literal[1, 2] = 1
    weight_bits: Annotated[int, Field(ge=1, le=8)] = 2
    activation_bits: Annotated[int, Field(ge=1, le=8)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Layer":
        keeps_channels = self.kind in ("depthwise3x3", "maxpool2x2")
        if keeps_channels and self.out_channels is not None:
            raise ValueError(
                f"a {self.kind} layer keeps its channels: leave out out_channels={self.out_channels}"
            )
        if not keeps_channels and self.out_channels is None:
            raise ValueError(f"a {self.kind} layer needs out_channels")
        if self.kind == "maxpool2x2" and (self.stride != 2 or self.activation_bits is not None):
            raise ValueError("a maxpool2x2 layer has stride 2 and no activation_bits of its own")
        return self

    @property
    def has_weights(self) -> bool:
        """Whether the layer multiplies (everything but the max-pool)."""
        return self.kind != "maxpool2x2"

    @property
    def kernel(self) -> int:
        """Side of the kernel in pixels."""
        return {"conv3x3": 3, "depthwise3x3": 3, "pointwise1x1": 1, "maxpool2x2": 2}[self.kind]

    @property
    def weight_limit(self) -> int:
        """Largest weight magnitude: 1 for binary and ternary, 2**(b-1) - 1 otherwise."""
        return max(1, 2 ** (self.weight_bits - 1) - 1)

    @property
    def requantises(self) -> bool:
        """Whether activations come from multiplication and shift; otherwise from thresholds, if at all."""
        return self.activation_bits is not None and self.activation_bits > MAX_THRESHOLD_BITS

    @property
    def thresholds_per_channel(self) -> int:
        """Sorted thresholds of one output channel; 0 if the layer has none."""
        return 0 if self.activation_bits is None or self.requantises else 2**self.activation_bits - 1

    def weight_shape(self, in_channels: int) -> tuple[int, int, int, int]:
        """Shape (out, in per group, kernel, kernel) of the weights for `in_channels` inputs."""
        if self.kind == "depthwise3x3":
            return (in_channels, 1, 3, 3)
        return (self.out_channels or in_channels, in_channels, self.kernel, self.kernel)
