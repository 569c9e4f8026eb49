"""Work of one classification, counted: digital operations by width, memory accesses, conversions, matches.

Everything is an integer that follows from the design, the trained values and the features of images; what
each costs is :mod:`sw.energy.accounting`'s to say. The front end is counted as this engine does it:

- Layer by layer, one output channel at a time, every pixel of it side by side; sums stay in registers.
- Zero weights are skipped. Every other weight is read once per image, and one bit per weight that says which
  are zero.
- A map of activations is written once and read once for every output channel that has a weight for it; the
  taps of a kernel share the read. The image is such a map.
- Sums of the last layer with weights go straight to the quantiser. A max-pool works before anything is
  written. Multiply-accumulates include those of the padding, as in :attr:`DesignPoint.macs`.
- An n-bit activation is a binary search: n comparisons among thresholds read once per channel.
"""

from dataclasses import dataclass, fields
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.design import DesignPoint, Layer
from sw.design.layer import PIXEL_BITS, LayerShape
from sw.design.paths import IMAGE
from sw.reference.array import cell_currents, ideal_codes
from sw.reference.frontend import MULTIPLIER_BITS, LayerParameters, Requantisation

__all__ = [
    "ArrayWork",
    "Work",
    "array_work",
    "classifier_work",
    "conversion_bits",
    "dense_work",
    "frontend_work",
    "macs_nonzero",
    "matches",
    "quantiser_work",
    "storage_bits",
]

DENSE_BITS = 8
"""Width of the weights of the dense layer that templates are compared with, and of its inputs at most."""


@dataclass(frozen=True)
class Work:
    """Digital work.

    Attributes
    ----------
    multiplied
        Sum over multiplications of the product of both widths, bits**2.
    added
        Sum over additions and comparisons of their widths, bits.
    moved
        Bits read from and written to memory.
    accesses
        Values read or written, each of which takes an address.
    """

    multiplied: int = 0
    added: int = 0
    moved: int = 0
    accesses: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(Work)))


@dataclass(frozen=True)
class ArrayWork:
    """The work of the array for one image.

    Attributes
    ----------
    cells
        Cells that take part: word-line values x templates.
    word_lines
        Word lines that rise: one per word-line value and column tile.
    driven_cells
        Cells on them, used or not.
    conversions
        One per row tile and match line in use.
    conversion_steps
        Sum of 2**bits over them.
    """

    cells: int
    word_lines: int
    driven_cells: int
    conversions: int
    conversion_steps: int


def macs_nonzero(bundle: Bundle) -> int:
    """Multiply-accumulates of the front end per image whose weight is not zero, padding included."""
    return sum(
        int(np.count_nonzero(trained.weight)) * shape.outputs[1] * shape.outputs[2]
        for layer, shape, trained in zip(
            bundle.design.layers, bundle.design.layer_shapes, bundle.frontend, strict=True
        )
        if layer.learns
    )


def storage_bits(bundle: Bundle) -> dict[str, int]:
    """Bits of what is trained: weights, thresholds, feature thresholds, templates, and their total.

    Weights count with their width, zero or not. A threshold has one bit more than the sums that it is
    compared with, for the one that no sum reaches. `thresholds` includes multipliers, offsets and shifts of
    layers that requantise. A binary cell is one bit; a window cell is two levels.
    """
    design = bundle.design
    weights = thresholds = 0
    for layer, shape, trained in zip(design.layers, design.layer_shapes, bundle.frontend, strict=True):
        bits = _sum_bits(trained, shape.input_bits)
        weights += trained.weight.size * layer.weight_bits if layer.learns else 0
        thresholds += trained.thresholds.size * (bits + 1)
        thresholds += len(trained.requantisation.shift) * _requantisation_bits(trained.requantisation)
    parts = {
        "weights": weights,
        "thresholds": thresholds,
        "feature_thresholds": bundle.feature_thresholds.size * (_feature_bits(bundle) + 1),
        "templates": bundle.templates.size * design.level_bits,
    }
    return parts | {"total": sum(parts.values())}


def matches(bundle: Bundle, levels: NDArray[np.uint8]) -> int:
    """Cells that match, over all images with word-line values (N, F), by the integer reference."""
    design = bundle.design.with_ideal_array()
    matching = cell_currents(ideal_codes(bundle.templates, design), design).sum(axis=2, dtype=np.int64)
    return sum(
        int(np.count_nonzero(levels == value, axis=0) @ of_features)
        for value, of_features in enumerate(matching)
    )


def frontend_work(bundle: Bundle) -> dict[str, Work]:
    """Work of the front end by part: ``macs``, ``weight_memory``, ``activation_memory``, ``activations``."""
    design = bundle.design
    macs = weight_memory = activation_memory = activations = Work()
    value_bits = {IMAGE: PIXEL_BITS}
    written: set[int] = set()
    parts = zip(design.layers, design.layer_shapes, bundle.frontend, design.sources, strict=True)
    for number, (layer, shape, trained, sources) in enumerate(parts):
        outputs = _volume(shape.outputs)
        if not layer.has_weights:
            value_bits[number] = value_bits[sources[0]]
            activations += Work(added=(prod(layer.kernel) - 1) * outputs * value_bits[number])
            continue
        kept, bits = trained.weight != 0, _sum_bits(trained, shape.input_bits)
        count = int(kept.sum()) * outputs // shape.outputs[0]
        if not layer.learns:  # sums without products, and no weights to read
            activations += Work(added=count * bits)
        else:
            macs += Work(multiplied=count * layer.weight_bits * shape.input_bits, added=count * bits)
            moved = int(kept.sum()) * layer.weight_bits + kept.size
            weight_memory += Work(moved=moved, accesses=int(kept.sum()))
        read = int(kept.any(axis=(2, 3)).sum()) * _pixels_seen(layer, shape)
        moves = _volume(shape.inputs) * len(set(sources) - written) + read  # a map is written once
        written |= set(sources)
        activation_memory += Work(moved=moves * shape.input_bits, accesses=moves)
        if layer.requantises:
            activations += Work(
                multiplied=outputs * bits * MULTIPLIER_BITS,
                added=outputs * (bits + MULTIPLIER_BITS),
                moved=shape.outputs[0] * _requantisation_bits(trained.requantisation),
                accesses=3 * shape.outputs[0],
            )
        elif layer.activation_bits is not None:
            size = trained.thresholds.size
            compared = outputs * layer.activation_bits * (bits + 1)
            activations += Work(added=compared, moved=size * (bits + 1), accesses=size)
        value_bits[number] = layer.activation_bits or bits
    return {
        "macs": macs,
        "weight_memory": weight_memory,
        "activation_memory": activation_memory,
        "activations": activations,
    }


def quantiser_work(bundle: Bundle) -> Work:
    """One comparison for every threshold of every feature, and each threshold read once."""
    count = bundle.feature_thresholds.size
    bits = count * (_feature_bits(bundle) + 1)
    return Work(added=bits, moved=bits, accesses=count)


def array_work(design: DesignPoint) -> ArrayWork:
    """Counts of the array and its ADCs; the ideal ADC as one with :func:`conversion_bits`."""
    word_lines = design.features * design.col_tiles
    return ArrayWork(
        cells=design.features * design.templates,
        word_lines=word_lines,
        driven_cells=word_lines * design.cols,
        conversions=design.row_tiles * design.templates,
        conversion_steps=design.templates * sum(2**bits for bits in conversion_bits(design)),
    )


def conversion_bits(design: DesignPoint) -> list[int]:
    """Resolution by row tile: that of the ADC, or what it takes to tell apart every number of matches."""
    tiles = range(design.row_tiles)
    return [design.adc_bits or design.rows_in_tile(tile).bit_length() for tile in tiles]


def classifier_work(design: DesignPoint) -> Work:
    """Scores added up over row tiles; comparisons for the winner and the runner-up; the margin."""
    bits = sum(2**bits - 1 for bits in conversion_bits(design)).bit_length()
    operations = design.templates * (design.row_tiles - 1) + 2 * (design.templates - 1) + 1
    return Work(added=operations * bits)


def dense_work(bundle: Bundle) -> dict[str, Work]:
    """Work of a dense layer in place of quantiser, array, ADC and classifier, by part as the front end's.

    It has 8-bit weights, each read once, and takes the values of the feature map as they come, at 8 bits or
    fewer; rounding them is free, all sums stay in registers, and the largest wins.
    """
    values, classes = _volume(bundle.design.feature_map_shape), bundle.design.classes
    value_bits, count = min(DENSE_BITS, _feature_bits(bundle)), values * classes
    largest = values * (2 ** (DENSE_BITS - 1) - 1) * (2**value_bits - 1)
    bits = largest.bit_length() + 1
    return {
        "macs": Work(multiplied=count * DENSE_BITS * value_bits, added=count * bits),
        "weight_memory": Work(moved=count * DENSE_BITS, accesses=count),
        "classifier": Work(added=(classes - 1) * bits),
    }


def _pixels_seen(layer: Layer, shape: LayerShape) -> int:
    """Input pixels under any position of the kernel: a stride larger than the kernel leaves some out."""
    sides = zip(shape.inputs[1:], shape.outputs[1:], layer.kernel, strict=True)
    return prod(min(side, positions * kernel) for side, positions, kernel in sides)


def _sum_bits(trained: LayerParameters, input_bits: int) -> int:
    """Bits of a signed sum of a layer, as its weights and the width of its inputs bound it; 0 without."""
    weight, largest = trained.weight.astype(np.int64), 2**input_bits - 1
    if not weight.size:
        return 0
    low = int(np.minimum(weight, 0).sum(axis=(1, 2, 3)).min()) * largest
    high = int(np.maximum(weight, 0).sum(axis=(1, 2, 3)).max()) * largest
    return max(low.bit_length(), high.bit_length()) + 1


def _feature_bits(bundle: Bundle) -> int:
    """Bits of a value of the last feature map: those of the last layer with weights, or of pixels."""
    bits = PIXEL_BITS
    for shape, trained in zip(bundle.design.layer_shapes, bundle.frontend, strict=True):
        bits = _sum_bits(trained, shape.input_bits) or bits
    return bits


def _requantisation_bits(tables: Requantisation) -> int:
    """Bits of multiplier, signed offset and shift of one channel."""
    offset = int(np.abs(tables.offset).max(initial=0)).bit_length() + 1
    return MULTIPLIER_BITS + offset + int(tables.shift.max(initial=0)).bit_length()


def _volume(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
