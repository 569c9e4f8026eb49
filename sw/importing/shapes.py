"""Kernels, strides and paddings of ONNX nodes, and the layer that has them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.design import Layer
from sw.design.kinds import KINDS, LARGEST_SIDE
from sw.design.layer import MAX_STRIDE
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout
from sw.validation import validated

__all__ = ["Window", "covering", "layer_of", "through", "ungrouped", "window_of"]

SIGNAL, MAP = "CW", "CHW"
"""Axes of what convolutions and pools take in ONNX."""


class Window(NamedTuple):
    """Where a node looks: rows and columns of its kernel, rows above the map, columns at its left, rows below
    it and columns at its right that the kernel reaches, and its stride."""

    kernel: tuple[int, int]
    padding: tuple[int, ...]
    stride: int


def window_of(node: Node, layout: Layout, kernel: tuple[int, int] | None = None) -> Window:
    """Kernel, padding and stride of a node on a tensor; raises EngramError if hardware has no such.

    `kernel` is that of the weights, where the node need not say it. What a signal without rows has for its
    samples alone is that of a map of one row.
    """
    if layout.flat or layout.pixel or layout.axes not in (SIGNAL, MAP):
        raise node.refused(
            "its input must be (N, channels, height, width) or (N, channels, samples); supported are "
            "convolutions and pools ahead of what puts all values in one row"
        )
    said = tuple(node.attributes.get("kernel_shape", ()))
    strides = tuple(node.attributes.get("strides", ()))
    dilations = tuple(node.attributes.get("dilations", ()))
    if layout.axes == SIGNAL:
        said, strides, dilations = ((1, *each) if each else () for each in (said, strides, dilations))
    said, strides, dilations = said or tuple(kernel or ()), strides or (1, 1), dilations or (1, 1)
    if len(said) != 2 or len(strides) != 2 or (kernel is not None and said != kernel):
        raise node.refused(f"supported are kernels and strides of two sides, got {said} and {strides}")
    if layout.shape[1] == said[0] == 1:
        strides = (strides[1], strides[1])  # a single row is where every stride begins
    if strides[0] != strides[1] or any(each != 1 for each in dilations):
        raise node.refused(
            f"supported is one stride for both sides and no dilation, got strides {strides} and dilations "
            f"{dilations}"
        )
    return Window((said[0], said[1]), _pads(node, layout, said, strides[0]), strides[0])


def _pads(node: Node, layout: Layout, kernel: tuple[int, ...], stride: int) -> tuple[int, ...]:
    """Rows above, columns at the left, rows below, columns at the right."""
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto in ("NOTSET", ""):
        pads = tuple(node.attributes.get("pads", ()))
        return (0, pads[0], 0, pads[1]) if layout.axes == SIGNAL and len(pads) == 2 else pads or (0, 0, 0, 0)
    if auto == "VALID":
        return (0, 0, 0, 0)
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise node.refused(f"auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got {auto!r}")
    totals = [
        max((-(-side // stride) - 1) * stride + size - side, 0)
        for side, size in zip(layout.shape[1:], kernel, strict=True)
    ]
    less = tuple(total // 2 for total in totals)
    more = tuple(total - part for total, part in zip(totals, less, strict=True))
    return (*less, *more) if auto == "SAME_UPPER" else (*more, *less)


def layer_of(node: Node, window: Window, channels: int, *, out: int | None = None, groups: int = 1) -> Layer:
    """The layer that a node is; raises EngramError if hardware has none such.

    Parameters
    ----------
    node, window
        The node, and where it looks.
    channels
        Of its input.
    out, groups
        Output channels of a convolution, and their groups; without it is a max-pool.
    """
    has_weights = out is not None
    depthwise = not has_weights or 1 < groups == channels == out
    kinds = [
        name
        for name, kind in KINDS.items()
        if (kind.kernel, kind.has_weights, kind.depthwise) == (window.kernel, has_weights, depthwise)
        # a source's quantiser need not round as an average-pool of a design does
        and (kind.learns or not kind.has_weights)
    ]
    (rows, columns), pads = window.kernel, window.padding
    padded = len(pads) == 4 and min(pads) >= 0 and pads[0] + pads[2] < rows and pads[1] + pads[3] < columns
    if not kinds or not padded or not 1 <= window.stride <= MAX_STRIDE:
        raise node.refused(
            f"got kernel {rows} x {columns}, padding {pads}, stride {window.stride}; supported are kernels "
            f"of 1 to {LARGEST_SIDE} rows and columns, square or one of them 1, strides 1 to {MAX_STRIDE}, "
            "and at both sides together less padding than the kernel has rows or columns"
        )
    values = {"kind": kinds[0], "stride": window.stride, "padding": pads}
    if not depthwise:
        values |= {"out_channels": out, "groups": groups}
    return validated(Layer, values, node.words)


def covering(node: Node, weight: NDArray) -> tuple[Window, NDArray]:
    """The kernel of a node that takes a whole map, and its weights; raises EngramError if hardware has none.

    A kernel covers the map without padding. Where hardware has no kernel of the map's sides it is a square
    one, whose other weights, outside the map, are 0.
    """
    rows, columns = weight.shape[2:]
    side = max(rows, columns)
    if side > LARGEST_SIDE:
        raise node.refused(
            f"it takes a whole map of {rows} x {columns}; supported are maps of up to {LARGEST_SIDE} x "
            f"{LARGEST_SIDE}, which a kernel covers: put a pool or a stride ahead of it"
        )
    if (rows, columns) in {kind.kernel for kind in KINDS.values()}:
        return Window((rows, columns), (0, 0, 0, 0), 1), weight
    more = side - rows, side - columns
    whole = np.pad(weight, ((0, 0), (0, 0), (0, more[0]), (0, more[1])))
    return Window((side, side), (0, 0, *more), 1), whole


def through(channels: int) -> tuple[Layer, NDArray[np.int64]]:
    """A layer that lets every channel through, and its weights, for another quantiser behind it."""
    if channels == 1:
        return Layer(kind="pointwise1x1", out_channels=1), np.ones((1, 1, 1, 1), np.int64)
    return Layer(kind="depthwise1x1"), np.ones((channels, 1, 1, 1), np.int64)


def ungrouped(layer: Layer, weight: NDArray) -> tuple[Layer, NDArray]:
    """A convolution with groups, or a depthwise one, as one without: its other weights are 0.

    Hardware leaves weights of 0 out, so that it takes about as long.
    """
    out, own, *kernel = weight.shape
    groups = len(weight) if layer.depthwise else layer.groups
    whole = np.zeros((out, groups * own, *kernel), weight.dtype)
    for channel in range(out):
        first = channel * groups // out * own
        whole[channel, first : first + own] = weight[channel]
    kind = next(
        name
        for name, kind in KINDS.items()
        if kind.has_weights and not kind.depthwise and kind.kernel == layer.kernel
    )
    changes = {"kind": kind, "out_channels": out, "groups": 1}
    return Layer.model_validate({**layer.model_dump(), **changes}), whole
