"""The DesignPoint: every size and width of one classifier, validated, frozen, with what follows from it.

The front end is a stack of :class:`sw.design.layer.Layer`; the rest are the sizes of the quantiser, the RRAM
array, its ADCs and the classifier. Nothing here depends on trained values.
"""

from functools import cached_property
from math import ceil
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sw.design.images import ImageSize
from sw.design.layer import PIXEL_BITS, Count, Layer, LayerShape
from sw.design.paths import IMAGE, check_paths, sources_of
from sw.validation import validated

__all__ = ["DesignPoint"]

MAX_FEATURES = 65_536
MAX_TEMPLATES = 1_024


class DesignPoint(BaseModel):
    """Every size and width of one classifier.

    Parameters
    ----------
    name
        What people call it.
    height, width
        Image size in pixels; a signal is one row.
    channels
        Values of a pixel, uint8 each; see :mod:`sw.design.images`.
    classes
        Number of classes, at least 2.
    layers
        Front end, first to last; empty means that the pixels themselves are the feature map.
    thresholds_per_feature
        L thresholds per feature. Binary cells take them as thermometer code, L word-line bits each; 1 is
        plain binary. Window cells take their number as one level of b bits, L = 2**b - 1.
    templates_per_class
        Stored patterns, one match line each, per class; template t belongs to class t // templates_per_class.
    cell
        ``binary``: a complementary pair of devices, the feature bit picks one of the two. ``window``: two
        devices hold the lower and the upper bound of a window of levels, see :mod:`sw.reference.array`.
    match_code, mismatch_code
        Current of a window cell whose level lies within its window, and of one whose level does not, in
        conductance codes; without effect on binary cells.
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
    channels: Count = 1
    classes: Annotated[int, Field(ge=2, le=256)]
    layers: tuple[Layer, ...] = ()
    thresholds_per_feature: Annotated[int, Field(ge=1, le=15)] = 1
    templates_per_class: Annotated[int, Field(ge=1, le=64)] = 1
    cell: Literal["binary", "window"] = "binary"
    match_code: Annotated[int, Field(ge=1, le=255)] = 1
    mismatch_code: Annotated[int, Field(ge=0, le=254)] = 0
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
        check_paths(self.layers)
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
        self._check_channels()
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
        if self.cell == "window":
            self._check_window()
        return self

    def _check_channels(self) -> None:
        """What a layer alone cannot know: the channels that come to it, and whether sums do."""
        sums = False
        for number, (layer, shape) in enumerate(zip(self.layers, self.layer_shapes, strict=True)):
            channels = shape.inputs[0]
            if channels % layer.groups:
                raise ValueError(
                    f"layer {number}: groups must divide its {channels} input channels, got {layer.groups}"
                )
            if layer.averages and layer.activation_bits not in (None, shape.input_bits):
                raise ValueError(
                    f"layer {number}: an {layer.kind} layer keeps the bits of its input: activation_bits "
                    f"must be {shape.input_bits}, got {layer.activation_bits}"
                )
            if layer.adds:
                self._check_addition(number)
            if sums and any(map(any, layer.pads)):
                raise ValueError(
                    f"layer {number}: a {layer.kind} layer behind the last one with weights has no padding: "
                    "its 0 would win over negative sums"
                )
            sums |= layer.has_weights and layer.activation_bits is None

    def _check_addition(self, number: int) -> None:
        """Both maps have one size and one number of bits."""
        first, second = (self._output_of(source) for source in self.sources[number])
        if first != second:
            words = " and ".join(
                f"{' x '.join(map(str, shape))} of {bits} bits" for shape, bits in (first, second)
            )
            names = " and ".join(map(str, self.sources[number]))
            raise ValueError(
                f"layer {number}: maps that are added must have the same channels, rows, columns and bits, "
                f"those of layers {names} have {words}"
            )

    def _check_window(self) -> None:
        thresholds = self.thresholds_per_feature
        if thresholds & (thresholds + 1):
            raise ValueError(
                f"window cells need thresholds_per_feature = 2**b - 1 for levels of b bits, got {thresholds}"
            )
        if self.cell_bits < self.level_bits:
            raise ValueError(
                f"cell_bits must be at least {self.level_bits}, the bits of a level, got {self.cell_bits}"
            )
        if self.mismatch_code >= self.match_code:
            raise ValueError(
                f"mismatch_code must be below match_code = {self.match_code}, got {self.mismatch_code}"
            )

    @property
    def image_size(self) -> ImageSize:
        """Rows, columns and channels of an image."""
        return ImageSize(self.height, self.width, self.channels)

    # -- front end ------------------------------------------------------------------------------------------

    @cached_property
    def layer_shapes(self) -> tuple[LayerShape, ...]:
        """Input and output shape of every layer, in order; an addition has two inputs of that shape."""
        shapes: list[LayerShape] = []
        outputs = {IMAGE: ((self.channels, self.height, self.width), PIXEL_BITS)}
        for number, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            inputs, bits = outputs[sources[0]]
            shapes.append(LayerShape(inputs, layer.output_shape(inputs), bits))
            outputs[number] = shapes[-1].outputs, layer.activation_bits or bits
        return tuple(shapes)

    @cached_property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """Whose outputs every layer takes, see :func:`sw.design.paths.sources_of`."""
        return sources_of(self.layers)

    def _output_of(self, number: int) -> tuple[tuple[int, int, int], int]:
        """Shape and bits of the output of a layer."""
        shape = self.layer_shapes[number]
        return shape.outputs, self.layers[number].activation_bits or shape.input_bits

    @property
    def feature_map_shape(self) -> tuple[int, int, int]:
        """Shape (C, h, w) of the last feature map."""
        return self.layer_shapes[-1].outputs if self.layers else (self.channels, self.height, self.width)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the front end per image, zero weights and padding included, pools not."""
        return sum(
            shape.outputs[1] * shape.outputs[2] * _volume(layer.weight_shape(shape.inputs[0]))
            for layer, shape in zip(self.layers, self.layer_shapes, strict=True)
            if layer.learns
        )

    @property
    def weights(self) -> int:
        """Number of front-end weights."""
        return sum(
            _volume(layer.weight_shape(shape.inputs[0]))
            for layer, shape in zip(self.layers, self.layer_shapes, strict=True)
            if layer.learns
        )

    # -- array ----------------------------------------------------------------------------------------------

    @cached_property
    def features(self) -> int:
        """F, the number of word-line values of one image."""
        per_feature = self.thresholds_per_feature if self.cell == "binary" else 1
        return _volume(self.feature_map_shape) * per_feature

    @property
    def level_bits(self) -> int:
        """Bits of a word-line value: 1 for binary cells, b for window cells."""
        return 1 if self.cell == "binary" else self.thresholds_per_feature.bit_length()

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
    def max_cell_current(self) -> int:
        """Largest current of one cell, in conductance codes."""
        return self.max_code if self.cell == "binary" else self.match_code

    def max_current_in_tile(self, row_tile: int) -> int:
        """Largest current of a match line of a row tile, in conductance codes."""
        return self.rows_in_tile(row_tile) * self.max_cell_current

    @property
    def max_current(self) -> int:
        """Largest current of a match line of any tile, in conductance codes."""
        return self.max_current_in_tile(0)

    @property
    def max_adc_code(self) -> int:
        """Largest result of one conversion."""
        return self.max_current if self.adc_bits is None else 2**self.adc_bits - 1

    @property
    def max_score(self) -> int:
        """Largest score of a template over all row tiles."""
        if self.adc_bits is None:
            return self.features * self.max_cell_current
        return self.row_tiles * self.max_adc_code

    def description(self) -> dict[str, Any]:
        """The fields as plain values. Those of window cells, and channels, only where there are any: designs
        without keep the bytes, and so the digest, that they had before there were such fields."""
        unused = set() if self.cell == "window" else {"match_code", "mismatch_code"}
        unused |= {"channels"} if self.channels == 1 else set()
        return self.model_dump(exclude=unused)

    def with_ideal_array(self) -> "DesignPoint":
        """Copy whose cells and ADCs lose nothing, so that each score is the number of matches."""
        return self.with_(cell_bits=self.level_bits, adc_bits=None, match_code=1, mismatch_code=0)

    def with_(self, **changes: object) -> "DesignPoint":
        """Copy with `changes`, validated like a new one.

        Raises
        ------
        EngramError
            If a value is out of range or does not fit the others.
        """
        return validated(DesignPoint, {**self.model_dump(), **changes}, "design")


def _volume(shape: tuple[int, ...]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product
