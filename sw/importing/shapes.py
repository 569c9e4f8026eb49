"""Kernels, strides and paddings of ONNX nodes, and the kind of layer that has them."""

from typing import NamedTuple

from sw.design.kinds import KINDS
from sw.importing.graph.graph import Node

__all__ = ["Window", "kind_of", "window_of"]


class Window(NamedTuple):
    """Where a node looks: rows and columns of its kernel and of the padding, and its stride."""

    kernel: tuple[int, int]
    padding: tuple[int, int]
    stride: int


def window_of(node: Node, shape: tuple[int, int, int], kernel: tuple[int, int] | None = None) -> Window:
    """Kernel, padding and stride of a node on a map of `shape`; raises EngramError if hardware has no such.

    `kernel` is that of the weights, where the node need not say it.
    """
    said = tuple(node.attributes.get("kernel_shape", kernel or ()))
    strides = tuple(node.attributes.get("strides", (1, 1)))
    if len(said) != 2 or len(strides) != 2 or (kernel is not None and said != kernel):
        raise node.refused(f"supported are kernels and strides of two sides, got {said} and {strides}")
    if strides[0] != strides[1] or any(each != 1 for each in node.attributes.get("dilations", (1, 1))):
        raise node.refused(
            f"supported is one stride for both sides and no dilation, got strides {strides} and dilations "
            f"{tuple(node.attributes.get('dilations', (1, 1)))}"
        )
    pads = _pads(node, shape, said, strides[0])
    if pads[:2] != pads[2:]:
        raise node.refused(f"supported is the same padding at both ends of a side, got {pads}")
    return Window((said[0], said[1]), (pads[0], pads[1]), strides[0])


def _pads(node: Node, shape: tuple[int, int, int], kernel: tuple[int, ...], stride: int) -> tuple[int, ...]:
    """Rows above, columns at the left, rows below, columns at the right."""
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto in ("NOTSET", ""):
        return tuple(node.attributes.get("pads", (0, 0, 0, 0)))
    if auto == "VALID":
        return (0, 0, 0, 0)
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise node.refused(f"auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got {auto!r}")
    totals = [
        max((-(-side // stride) - 1) * stride + size - side, 0)
        for side, size in zip(shape[1:], kernel, strict=True)
    ]
    less = tuple(total // 2 for total in totals)
    more = tuple(total - part for total, part in zip(totals, less, strict=True))
    return (*less, *more) if auto == "SAME_UPPER" else (*more, *less)


def kind_of(node: Node, window: Window, *, has_weights: bool, depthwise: bool) -> str:
    """The kind of layer that a node is; raises EngramError with all kinds there are if it is none."""
    alike = {
        name: kind
        for name, kind in KINDS.items()
        if kind.has_weights == has_weights and kind.depthwise == depthwise
    }
    for name, kind in alike.items():
        if (kind.kernel, kind.padding) == window[:2] and window.stride in kind.strides:
            return name
    supported = "; ".join(
        f"kernel {_by(kind.kernel)}, padding {_by(kind.padding)}, "
        f"stride {' or '.join(map(str, kind.strides))}"
        for kind in alike.values()
    )
    raise node.refused(
        f"got kernel {_by(window.kernel)}, padding {_by(window.padding)}, stride {window.stride}; "
        f"supported{' depthwise' if depthwise and has_weights else ''}: {supported}"
    )


def _by(sides: tuple[int, int]) -> str:
    return f"{sides[0]} x {sides[1]}"
