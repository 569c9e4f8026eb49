"""One layer of the quantised front end, and the shape of what goes through it."""

from typing import Annotated, Any, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from sw.design.kinds import KINDS, KindName
from sw.design.padding import Padding, canonical, sides_of

__all__ = ["MAX_STRIDE", "MAX_THRESHOLD_BITS", "PIXEL_BITS", "Count", "Layer", "LayerShape"]

PIXEL_BITS = 8
MAX_THRESHOLD_BITS = 4
"""Widest activation that is a count of thresholds: 2**n - 1 per channel are stored and searched."""
MAX_STRIDE = 4

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
        1 to 4, both directions.
    padding
        How far the kernel reaches over the edges of the map, see :data:`sw.design.padding.Padding`. All
        values there are 0. Left out, it is ``valid`` for pools and ``same`` for all other layers. A
        max-pool has padding only where no value is negative: there a 0 from outside never wins.
    groups
        Parts of equal size that input and output channels fall into, in their order; an output channel is
        made of the input channels of its own part alone.
    weight_bits
        1 for {-1, +1}, 2 for {-1, 0, +1}, b >= 3 for signed integers in +-(2**(b-1) - 1).
    activation_bits
        Output levels 0 .. 2**n - 1. Up to 4 bits count sorted thresholds, one per channel and level; from 5
        bits on an accumulator is multiplied, shifted, rounded and saturated, see :attr:`requantises`. None
        on the last layer with weights: its accumulators go to the quantiser as they are. An average-pool has
        the bits of its input, and as the last one gives its sums, which need no rounding.
    inputs
        Numbers, from 0 on, of the layers before whose outputs it takes; left out, that is the layer before.
        An addition takes two. Their maps have one size and one number of bits, and one level is worth the
        same in both: a sum is 0 .. 2 * (2**b - 1) for b bits, and becomes levels as that of any layer does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: KindName
    out_channels: Count | None = None
    stride: Annotated[int, Field(ge=1, le=MAX_STRIDE)] = 1
    weight_bits: Annotated[int, Field(ge=1, le=8)] = 2
    activation_bits: Annotated[int, Field(ge=1, le=8)] | None = None
    padding: Padding | None = None
    groups: Count = 1
    inputs: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=2)] | None = (
        None
    )

    @model_validator(mode="before")
    @classmethod
    def _padded_in_one_way(cls, values: Any) -> Any:
        """The same padding is written the same way, so that equal layers are equal, and so are digests."""
        kind = KINDS.get(str(values.get("kind"))) if isinstance(values, dict) else None
        if kind is None or values.get("padding") is None:
            return values
        return {**values, "padding": canonical(values["padding"], kind)}

    @model_serializer(mode="wrap")
    def _plain(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Padding, groups and inputs only where they are not those that a layer has without them: layers
        keep the bytes, and so bundles the digests, that they had before there were such fields."""
        usual = (("padding", None), ("groups", 1), ("inputs", None))
        unused = {name for name, value in usual if getattr(self, name) == value}
        return {name: value for name, value in plain(self).items() if name not in unused}

    @model_validator(mode="after")
    def _consistent(self) -> "Layer":
        if self.depthwise and self.out_channels is not None:
            article = "an" if self.kind[0] == "a" else "a"
            raise ValueError(
                f"{article} {self.kind} layer keeps its channels: leave out out_channels={self.out_channels}"
            )
        if not self.depthwise and self.out_channels is None:
            raise ValueError(f"a {self.kind} layer needs out_channels")
        if (self.averages or self.adds) and self.weight_bits != Layer.model_fields["weight_bits"].default:
            raise ValueError(f"an {self.kind} layer has no weight_bits of its own")
        if not self.has_weights and self.activation_bits is not None:
            raise ValueError(f"a {self.kind} layer has no activation_bits of its own")
        if self.depthwise and self.groups > 1:
            raise ValueError(f"a {self.kind} layer has a group for every channel: leave out groups")
        if self.out_channels is not None and self.out_channels % self.groups:
            raise ValueError(f"groups must divide out_channels = {self.out_channels}, got {self.groups}")
        self._check_inputs()
        return self

    def _check_inputs(self) -> None:
        if self.adds and self.stride > 1:
            raise ValueError(f"an {self.kind} layer has stride 1, got {self.stride}")
        if self.adds and len(set(self.inputs or ())) != 2:
            raise ValueError(
                f"an {self.kind} layer needs inputs, the numbers of two different layers, got {self.inputs}"
            )
        if not self.adds and len(self.inputs or ()) > 1:
            raise ValueError(
                f"a {self.kind} layer takes the output of one layer, got inputs {list(self.inputs or ())}"
            )

    @property
    def has_weights(self) -> bool:
        """Whether the layer multiplies and adds up; otherwise it takes the largest value."""
        return KINDS[self.kind].has_weights

    @property
    def averages(self) -> bool:
        """Whether all weights are 1 and the levels are those of the mean."""
        return KINDS[self.kind].averages

    @property
    def adds(self) -> bool:
        """Whether the layer adds two maps, with weights that are all 1."""
        return KINDS[self.kind].adds

    @property
    def learns(self) -> bool:
        """Whether the layer has weights that are trained."""
        return KINDS[self.kind].learns

    @property
    def depthwise(self) -> bool:
        """Whether every output channel is made of the input channel of its own number alone."""
        return KINDS[self.kind].depthwise

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of the kernel."""
        return KINDS[self.kind].kernel

    @property
    def pads(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows above and below the map, and columns at its left and right, that the kernel reaches."""
        return sides_of(self.padding, KINDS[self.kind])

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
            (side + sum(pads) - kernel) // self.stride + 1
            for side, pads, kernel in zip(inputs[1:], self.pads, self.kernel, strict=True)
        )
        return (self.out_channels or inputs[0], rows, columns)

    def groups_of(self, in_channels: int) -> int:
        """Groups of `in_channels` input channels: of a depthwise layer as many as there are channels."""
        return in_channels if self.depthwise else self.groups

    def weight_shape(self, in_channels: int) -> tuple[int, int, int, int]:
        """Shape (out, in per group, kernel rows, kernel columns) of the weights for `in_channels` inputs.

        An output channel of an addition has two, one for each map.
        """
        own = in_channels // self.groups_of(in_channels) * (2 if self.adds else 1)
        return (self.out_channels or in_channels, own, *self.kernel)
