"""One layer of the quantised front end, and the shape of what goes through it."""

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sw.design.kinds import KINDS, KindName

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
    """One layer of the quantised front end.

    Parameters
    ----------
    kind
        One of :data:`sw.design.kinds.KINDS`, which says what the layer does.
    out_channels
        Output channels; absent for depthwise kinds, which keep the number.
    stride
        1 or 2, both directions; only one that the kind may have.
    weight_bits
        1 for {-1, +1}, 2 for {-1, 0, +1}, b >= 3 for signed integers in +-(2**(b-1) - 1).
    activation_bits
        Output levels 0 .. 2**n - 1. Up to 4 bits count sorted thresholds, one per channel and level; from 5
        bits on an accumulator is multiplied, shifted, rounded and saturated, see :attr:`requantises`. None
        on the last layer with weights: its accumulators go to the quantiser as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: KindName
    out_channels: Count | None = None
    stride: Literal[1, 2] = 1
    weight_bits: Annotated[int, Field(ge=1, le=8)] = 2
    activation_bits: Annotated[int, Field(ge=1, le=8)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Layer":
        if self.depthwise and self.out_channels is not None:
            raise ValueError(
                f"a {self.kind} layer keeps its channels: leave out out_channels={self.out_channels}"
            )
        if not self.depthwise and self.out_channels is None:
            raise ValueError(f"a {self.kind} layer needs out_channels")
        strides = KINDS[self.kind].strides
        activates = self.activation_bits is not None
        if self.stride not in strides or (activates and not self.has_weights):
            bits = "" if self.has_weights else " and no activation_bits of its own"
            raise ValueError(f"a {self.kind} layer has stride {' or '.join(map(str, strides))}{bits}")
        return self

    @property
    def has_weights(self) -> bool:
        """Whether the layer multiplies and adds up; otherwise it takes the largest value."""
        return KINDS[self.kind].has_weights

    @property
    def depthwise(self) -> bool:
        """Whether every output channel is made of the input channel of its own number alone."""
        return KINDS[self.kind].depthwise

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of the kernel."""
        return KINDS[self.kind].kernel

    @property
    def padding(self) -> tuple[int, int]:
        """Rows above and below the image, and columns beside it, that the kernel reaches."""
        return KINDS[self.kind].padding

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

    def output_shape(self, inputs: tuple[int, int, int]) -> tuple[int, int, int]:
        """Shape (C, h, w) of the output for an input of shape `inputs`."""
        rows, columns = (
            (side + 2 * padding - kernel) // self.stride + 1
            for side, padding, kernel in zip(inputs[1:], self.padding, self.kernel, strict=True)
        )
        return (self.out_channels or inputs[0], rows, columns)

    def weight_shape(self, in_channels: int) -> tuple[int, int, int, int]:
        """Shape (out, in per group, kernel rows, kernel columns) of the weights for `in_channels` inputs."""
        return (self.out_channels or in_channels, 1 if self.depthwise else in_channels, *self.kernel)
