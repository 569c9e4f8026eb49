"""Stage 1, frontend: pixels to the last feature map, by the quantised CNN in integers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint, Layer
from sw.design.images import channels_first
from sw.design.paths import IMAGE
from sw.reference.exact import exact_dtype, exact_matmul

__all__ = [
    "MULTIPLIER_BITS",
    "LayerParameters",
    "Requantisation",
    "accumulate",
    "activate",
    "convolve",
    "forward",
    "max_pool",
    "requantise",
]

MULTIPLIER_BITS = 15
"""Bits of an unsigned multiplier: with a sign it fits the 16 x 16 multiplier of an iCE40 UP5K (Lattice
FPGA-TN-02007), and the 18 x 18 one of an ECP5."""


@dataclass(frozen=True, eq=False)
class Requantisation:
    """How a layer with wide activations turns accumulators into levels; empty for every other layer.

    Attributes
    ----------
    multiplier
        int32, (out,), 0 .. 2**15 - 1.
    offset
        int64, (out,), in units of ``2**-shift`` levels.
    shift
        int32, (out,), right shift after multiplier and offset.
    """

    multiplier: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    offset: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    shift: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """Trained integers of one layer; all arrays are empty for a max-pool.

    Attributes
    ----------
    weight
        int8, (out, in per group, kernel rows, kernel columns); (C, 2, 1, 1) and all 1 for an addition.
    thresholds
        int32, (out, 2**activation_bits - 1), sorted along the last axis; (out, 0) on the last layer and
        where the layer requantises.
    requantisation
        Multiplier, offset and shift of every channel of a layer that requantises.
    """

    weight: NDArray[np.int8]
    thresholds: NDArray[np.int32]
    requantisation: Requantisation = field(default_factory=Requantisation)


def forward(
    images: NDArray[np.uint8], design: DesignPoint, parameters: tuple[LayerParameters, ...]
) -> list[NDArray[np.int64]]:
    """Run the front end.

    Parameters
    ----------
    images
        uint8, (N, height, width), with channels on a last axis if there are several.
    design
        Names the layers.
    parameters
        One per layer.

    Returns
    -------
    list
        The output of every layer, (N, C, h, w); the last one is the feature map. Without layers the only
        entry is the pixels themselves.
    """
    image = channels_first(images).astype(np.int64)
    if not design.layers:
        return [image]
    outputs: list[NDArray[np.int64]] = []
    for layer, sources, trained in zip(design.layers, design.sources, parameters, strict=True):
        maps = [image if source == IMAGE else outputs[source] for source in sources]
        if not layer.has_weights:
            values = max_pool(maps[0], layer)
        else:
            values = accumulate(maps, trained.weight, layer)
            if layer.requantises:
                values = requantise(values, trained.requantisation, layer)
            elif layer.activation_bits is not None:
                values = activate(values, trained.thresholds)
        outputs.append(values)
    return outputs


def accumulate(
    maps: Sequence[NDArray[np.int64]], weight: NDArray[np.int8], layer: Layer
) -> NDArray[np.int64]:
    """Accumulators of a layer with weights, for the maps it takes, (N, C, H, W) each.

    Those of an addition are the sums of two integers of one scale, 0 .. 2 * (2**b - 1) for maps of b bits;
    nothing is rounded before the activation. All other layers take one map, see :func:`convolve`.
    """
    return maps[0] + maps[1] if layer.adds else convolve(maps[0], weight, layer)


def convolve(values: NDArray[np.int64], weight: NDArray[np.int8], layer: Layer) -> NDArray[np.int64]:
    """Accumulators of a convolution.

    Parameters
    ----------
    values
        Unsigned integers, (N, C, H, W).
    weight
        int8, (out, C per group, kernel rows, kernel columns).
    layer
        Gives kernel, padding, stride and groups.

    Returns
    -------
    ndarray
        int64, (N, out, h, w), see :meth:`sw.design.Layer.output_shape`.
    """
    count, channels = values.shape[:2]
    bound = int(values.max(initial=0)) * int(
        np.abs(weight.astype(np.int64)).reshape(len(weight), -1).sum(1).max()
    )
    # In the width of the product from here on, so that patches, the largest of all arrays, are written once.
    windows = _windows(values.astype(exact_dtype(bound)), layer)
    height, width = windows.shape[2:4]
    groups = layer.groups_of(channels)
    if groups > 1:
        grouped = windows.reshape(count, groups, channels // groups, height, width, -1)
        left = grouped.transpose(0, 1, 3, 4, 2, 5).reshape(count, groups, height * width, -1)
        right = weight.reshape(groups, len(weight) // groups, -1).transpose(0, 2, 1)  # (g, in kk, out)
        sums = exact_matmul(left, right, bound)  # (N, g, hw, out)
        return sums.transpose(0, 1, 3, 2).reshape(count, len(weight), height, width)
    # Channels last, as the sums of the layer before lie in memory: they are copied in one piece.
    patches = windows.transpose(0, 2, 3, 4, 5, 1).reshape(count * height * width, -1)  # (N hw, kk C)
    sums = exact_matmul(patches, weight.transpose(0, 2, 3, 1).reshape(len(weight), -1).T, bound)
    return sums.reshape(count, height, width, -1).transpose(0, 3, 1, 2)


def activate(accumulators: NDArray[np.int64], thresholds: NDArray[np.int32]) -> NDArray[np.int64]:
    """n-bit activation: how many of its channel's sorted thresholds the accumulator reaches.

    Parameters
    ----------
    accumulators
        int64, (N, C, ...).
    thresholds
        int32, (C, 2**n - 1).

    Returns
    -------
    ndarray
        int64, (N, C, ...), values 0 .. 2**n - 1.
    """
    # Channels last, as sums lie in memory, and thresholds repeated to whole images: the comparisons of one
    # threshold then run through long rows, a fifth of the time of a search for each value.
    places = np.moveaxis(accumulators, 1, -1)
    sums = places.reshape(len(places), -1).astype(np.int32)  # they stay below 2**31
    levels = np.zeros(sums.shape, np.uint8)  # there are 255 thresholds at most
    for step in np.tile(thresholds.T, prod(accumulators.shape[2:])):
        levels += sums >= step
    return np.moveaxis(levels.reshape(places.shape).astype(np.int64), -1, 1)


def requantise(accumulators: NDArray[np.int64], tables: Requantisation, layer: Layer) -> NDArray[np.int64]:
    """n-bit activation: the accumulator scaled by its channel's gain, rounded half up, saturated.

    ``level = clamp((accumulator * multiplier + offset + half) >> shift, 0, 2**n - 1)`` with
    ``half = 2**(shift - 1)``, or 0 for shift 0; ``>>`` rounds down. Nothing wraps: accumulators stay below
    2**31, a product with a multiplier below 2**46.

    Parameters
    ----------
    accumulators
        int64, (N, C, ...).
    tables
        Of the layer.
    layer
        Gives the width n.

    Returns
    -------
    ndarray
        int64, (N, C, ...), values 0 .. 2**n - 1.
    """
    assert layer.activation_bits is not None
    shape = (-1,) + (1,) * (accumulators.ndim - 2)
    multiplier, offset, shift = (
        table.astype(np.int64).reshape(shape) for table in (tables.multiplier, tables.offset, tables.shift)
    )
    half = np.int64(1) << shift >> 1
    return np.clip((accumulators * multiplier + offset + half) >> shift, 0, 2**layer.activation_bits - 1)


def max_pool(values: NDArray[np.int64], layer: Layer) -> NDArray[np.int64]:
    """Largest value under the kernel, (N, C, H, W) to (N, C, h, w); an incomplete last kernel is left out.

    Padding is 0, as everywhere; a layer with any has no negative values, so that it never wins.
    """
    return _windows(values, layer).max(axis=(4, 5))


def _windows(values: NDArray[np.int64], layer: Layer) -> NDArray[np.int64]:
    """Values under the kernel at every output pixel, a view (N, C, h, w, kernel rows, kernel columns)."""
    padded = np.pad(values, ((0, 0), (0, 0), *layer.pads))
    windows = np.lib.stride_tricks.sliding_window_view(padded, layer.kernel, axis=(2, 3))
    return windows[:, :, :: layer.stride, :: layer.stride]
