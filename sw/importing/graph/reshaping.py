"""Nodes that move values and change none: one entry of :data:`RESHAPING` for each."""

from collections.abc import Callable

from sw.importing.graph.constants import Constants
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout

__all__ = ["RESHAPING"]


def _flatten(layout: Layout, node: Node, constants: Constants) -> Layout:
    axis = int(node.attributes.get("axis", 1))
    if axis % (len(layout.dims) + 1) != 1:
        raise node.refused(f"supported is axis 1, which keeps the images apart, got {axis}")
    return layout.in_one_row()


def _reshape(layout: Layout, node: Node, constants: Constants) -> Layout:
    wanted = [int(each) for each in constants.numbers(node, 1, "its shape").ravel()]
    row = layout.in_one_row()
    for found in (row, layout):
        # One side may be -1, what is left; that of the images is also 0, as it is, or the example's.
        behind = zip(wanted[1:], found.dims, strict=False)
        if (
            len(wanted) == len(found.dims) + 1
            and wanted.count(-1) <= 1
            and all(given in (side, -1) for given, side in behind)
        ):
            return found
    raise node.refused(
        f"supported is a shape with all {row.dims[0]} values of an image in one row, got {wanted}"
    )


def _axes(node: Node, constants: Constants) -> list[int]:
    if node.input(1):
        return [int(each) for each in constants.numbers(node, 1, "its axes").ravel()]
    return [int(each) for each in node.attributes.get("axes", ())]  # of files before opset 13


def _squeeze(layout: Layout, node: Node, constants: Constants) -> Layout:
    rank = len(layout.dims) + 1
    every = [place for place in range(1, rank) if layout.dims[place - 1] == 1]
    places = [axis % rank for axis in _axes(node, constants)] or every
    for place in sorted(places, reverse=True):  # so that those ahead keep their places
        layout = layout.without(place, node)
    return layout


def _unsqueeze(layout: Layout, node: Node, constants: Constants) -> Layout:
    axes = _axes(node, constants)
    rank = len(layout.dims) + 1 + len(axes)
    for place in sorted(axis % rank for axis in axes):
        layout = layout.with_row(place, node)
    return layout


def _transpose(layout: Layout, node: Node, constants: Constants) -> Layout:
    turned = range(len(layout.dims), -1, -1)
    return layout.moved(tuple(node.attributes.get("perm", turned)), node)


RESHAPING: dict[str, Callable[[Layout, Node, Constants], Layout]] = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
}
"""All of them by operator. A new one is a new line here."""
