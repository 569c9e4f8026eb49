"""The DesignPoint: every size and width of one classifier, validated, frozen, with what follows from it.

The front end is a stack of :class:`Layer`; the rest are the sizes of the quantiser, the RRAM array, its ADCs
and the classifier. Nothing here depends on trained values.
"""

import reprlib
from functools import cached_property
from math import ceil
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sw.errors import EngramError

__all__ = ["DesignPoint", "Layer", "LayerShape", "validated"]

PIXEL_BITS = 8
MAX_FEATURES = 65_536
MAX_TEMPLATES = 1_024
MAX_THRESHOLD_BITS = 4
"""Widest activation that is a count of thresholds: 2**n - 1 per channel are stored and searched."""

Count = Annotated[int, Field(ge=1, le=4_096)]
Model = TypeVar("Model", bound=BaseModel)


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


class DesignPoint(BaseModel):
    """Every size and width of one classifier.

    Parameters
    ----------
    name
        What people call it.
    height, width
        Image size in pixels; pixels are uint8, one channel.
    classes
        Number of classes, at least 2.
    layers
        Front end, first to last; empty means that the pixels themselves are the feature map.
    thresholds_per_feature
        L thermometer thresholds per feature, so L word-line bits each; 1 is plain binary.
    templates_per_class
        Stored patterns, one match line each, per class; template t belongs to class t // templates_per_class.
    cell
        ``binary``: a complementary pair of devices, the feature bit picks one of the two.
    rows, cols
        Size of one physical tile: word-line pairs x match lines.
    cell_bits
        Width of a conductance code; 1 holds the ideal codes 0 and 1.
    adc_bits
        Resolution of the ADC; None is the ideal one that passes the current through.
    cols_per_adc
        Neighbouring match lines of a tile that share one ADC.
    row_lanes, col_lanes
        Word lines and match lines that the behavioural array of the FPGA adds up in one cycle. They cost
        logic and save cycles; no result depends on them.
    margin
        Smallest margin, in score units, at which an answer is accepted; 0 accepts every answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    height: Count
    width: Count
    classes: Annotated[int, Field(ge=2, le=256)]
    layers: tuple[Layer, ...] = ()
    thresholds_per_feature: Annotated[int, Field(ge=1, le=15)] = 1
    templates_per_class: Annotated[int, Field(ge=1, le=64)] = 1
    cell: Literal["binary"] = "binary"
    rows: Count = 112
    cols: Count = 32
    cell_bits: Annotated[int, Field(ge=1, le=8)] = 1
    adc_bits: Annotated[int, Field(ge=1, le=12)] | None = None
    cols_per_adc: Count = 8
    row_lanes: Annotated[int, Field(ge=1, le=128)] = 16
    col_lanes: Annotated[int, Field(ge=1, le=128)] = 1
    margin: Annotated[int, Field(ge=0, le=2**20)] = 0

    @model_validator(mode="after")
    def _consistent(self) -> "DesignPoint":
        weighted = [layer for layer in self.layers if layer.has_weights]
        if weighted and weighted[-1].activation_bits is not None:
            raise ValueError(
                "the last layer with weights must leave activation_bits out: the quantiser follows"
            )
        for number, layer in enumerate(weighted[:-1]):
            if layer.activation_bits is None:
                raise ValueError(
                    f"layer {number} with weights must have activation_bits; only the last has none"
                )
        _, height, width = self.feature_map_shape
        if min(height, width) < 1:
            raise ValueError(f"the layers shrink {self.height} x {self.width} pixels to {height} x {width}")
        if self.features > MAX_FEATURES:
            raise ValueError(
                f"at most {MAX_FEATURES} features are supported, the layers give {self.features}"
            )
        if self.templates > MAX_TEMPLATES:
            raise ValueError(f"at most {MAX_TEMPLATES} templates are supported, got {self.templates}")
        if self.row_lanes > self.rows:
            raise ValueError(f"row_lanes must be at most rows = {self.rows}, got {self.row_lanes}")
        return self

    # -- front end ------------------------------------------------------------------------------------------

    @cached_property
    def layer_shapes(self) -> tuple[LayerShape, ...]:
        """Input and output shape of every layer, in order."""
        shapes = []
        inputs, bits = (1, self.height, self.width), PIXEL_BITS
        for layer in self.layers:
            channels, height, width = inputs
            if layer.kind == "maxpool2x2":
                outputs = (channels, height // 2, width // 2)
            else:
                outputs = (
                    layer.out_channels or channels,
                    ceil(height / layer.stride),
                    ceil(width / layer.stride),
                )
            shapes.append(LayerShape(inputs, outputs, bits))
            inputs, bits = outputs, layer.activation_bits or bits
        return tuple(shapes)

    @property
    def feature_map_shape(self) -> tuple[int, int, int]:
        """Shape (C, h, w) of the last feature map."""
        return self.layer_shapes[-1].outputs if self.layers else (1, self.height, self.width)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the front end per image, zero weights and padding included."""
        return sum(
            shape.outputs[1] * shape.outputs[2] * _volume(layer.weight_shape(shape.inputs[0]))
            for layer, shape in zip(self.layers, self.layer_shapes, strict=True)
            if layer.has_weights
        )

    @property
    def weights(self) -> int:
        """Number of front-end weights."""
        return sum(
            _volume(layer.weight_shape(shape.inputs[0]))
            for layer, shape in zip(self.layers, self.layer_shapes, strict=True)
            if layer.has_weights
        )

    # -- array ----------------------------------------------------------------------------------------------

    @cached_property
    def features(self) -> int:
        """F, the number of word-line values of one image."""
        return _volume(self.feature_map_shape) * self.thresholds_per_feature

    @property
    def templates(self) -> int:
        """T, the number of match lines in use."""
        return self.classes * self.templates_per_class

    @property
    def row_tiles(self) -> int:
        """Tiles one below the other that hold F features."""
        return ceil(self.features / self.rows)

    @property
    def col_tiles(self) -> int:
        """Tiles side by side that hold T templates."""
        return ceil(self.templates / self.cols)

    @property
    def adcs_per_row_tile(self) -> int:
        """ADCs across one row of tiles; see :meth:`adc_of_match_line`."""
        return self.adc_of_match_line(self.templates - 1) + 1

    def adc_of_match_line(self, match_line: int) -> int:
        """Index, within its row of tiles, of the ADC that reads a match line."""
        tile, column = divmod(match_line, self.cols)
        return tile * ceil(self.cols / self.cols_per_adc) + column // self.cols_per_adc

    def rows_in_tile(self, row_tile: int) -> int:
        """Word-line pairs in use in a row tile; the last tile may hold fewer than `rows`."""
        return min(self.rows, self.features - row_tile * self.rows)

    # -- widths ---------------------------------------------------------------------------------------------

    @property
    def max_code(self) -> int:
        """Largest conductance code."""
        return 2**self.cell_bits - 1

    @property
    def max_current(self) -> int:
        """Largest current of a match line of one tile, in conductance codes."""
        return min(self.rows, self.features) * self.max_code

    @property
    def max_adc_code(self) -> int:
        """Largest result of one conversion."""
        return self.max_current if self.adc_bits is None else 2**self.adc_bits - 1

    @property
    def max_score(self) -> int:
        """Largest score of a template over all row tiles."""
        return self.features * self.max_code if self.adc_bits is None else self.row_tiles * self.max_adc_code

    def with_(self, **changes: object) -> "DesignPoint":
        """Copy with `changes`, validated like a new one.

        Raises
        ------
        EngramError
            If a value is out of range or does not fit the others.
        """
        return validated(DesignPoint, {**self.model_dump(), **changes}, "design")


def validated(model: type[Model], values: object, what: str) -> Model:
    """Build `model` from `values`; the first complaint becomes a one-line :class:`EngramError`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]).encode("unicode_escape").decode()
        text = first["msg"].removeprefix("Value error, ")
        came = f", got {reprlib.repr(first['input'])}" if place and "got" not in text else ""
        raise EngramError(f"{what}: {place + ': ' if place else ''}{text}{came}") from None


def _volume(shape: tuple[int, ...]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product
