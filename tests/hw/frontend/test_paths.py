"""Paths: how much waits where maps go several ways, against a search among shorter queues."""

from collections import deque
from dataclasses import dataclass, field
from math import prod

import pytest

from hw.frontend.paths import AHEAD, edges_of, queue_words, waits_of
from hw.frontend.walk import Walk
from sw.design import DesignPoint
from tests.helpers.bundles import TINY, residual_design, tiny_design

CONV = {"kind": "conv3x3", "out_channels": 2, "activation_bits": 2}
SUM = {"kind": "add1x1", "activation_bits": 2}
LAST = {"kind": "pointwise1x1", "out_channels": 2}
NESTED = tiny_design(
    layers=[
        CONV,
        CONV,
        {**SUM, "inputs": [1, 0]},
        {**CONV, "padding": [2, 2, 0, 0]},
        {**SUM, "inputs": [0, 3]},
        {**SUM, "inputs": [4, 2]},
        LAST,
    ]
)
UNEVEN = tiny_design(
    height=9,
    width=8,
    layers=[
        CONV,
        {**CONV, "stride": 2, "kind": "pointwise1x1"},
        {**CONV, "stride": 2, "inputs": [0]},
        {**SUM, "inputs": [1, 2]},
        LAST,
    ],
)


def test_a_chain_has_no_queues():
    assert [edge.plain for edge in edges_of(TINY)] == [True]
    assert waits_of(TINY) == ((), (0,))


def test_an_addition_waits_for_the_rows_of_the_kernels_beside_it():
    """Two kernels of 3 x 3 reach two rows and two pixels down; the second block's stride halves them."""
    width = 32
    ways = {(edge.source, edge.taker): edge for edge in edges_of(residual_design(height=32, width=width))}
    assert 2 * width + 3 <= ways[0, 3].waits <= 2 * width + 3 + 4 * AHEAD
    assert [ways[way].waits for way in ((0, 1), (2, 3), (3, 4), (6, 7))] == [0, 0, 0, 0]
    assert ways[0, 1].shared and not ways[2, 3].shared
    assert queue_words(ways[0, 3].waits, 1) == 128 and queue_words(ways[0, 3].waits, 3) == 256


@dataclass
class Node:
    """A unit that takes a pixel whenever its queue has one, with room for those that its kernel needs."""

    needs: list[int]
    inputs: int
    made: int = 0
    taken: list[int] = field(default_factory=list)

    def needed(self) -> int:
        """Pixels of each of its inputs that must have come before the next one of its own."""
        image, place = divmod(self.made, len(self.needs))
        return image * self.inputs + self.needs[place]


def runs_through(design: DesignPoint, room: dict[tuple[int, int, int], int], images: int = 3) -> bool:
    """Whether all pixels come out when every way has room for so many, by trying all units in turn."""
    nodes = []
    for layer, shape, sources in zip(design.layers, design.layer_shapes, design.sources, strict=True):
        walk = Walk.of(layer, shape, 1)
        rows, columns = walk.rows, walk.columns
        needs = [
            (y * rows.stride - rows.padding + rows.last_tap(y)) * columns.inputs
            + (x * columns.stride - columns.padding + columns.last_tap(x) + 1)
            for y in range(rows.outputs)
            for x in range(columns.outputs)
        ]
        nodes.append(Node(needs, prod(shape.inputs[1:]), taken=[0] * len(sources)))
    ways = {way: deque() for way in room}
    moved = True
    while moved:
        moved = False
        for number, node in enumerate(nodes):
            for port in range(len(node.taken)):
                queue = ways.get((design.sources[number][port], number, port))
                while node.taken[port] < node.needed() and (queue is None or queue):
                    if queue is not None:
                        queue.popleft()
                    node.taken[port] += 1
                    moved = True
            out = [way for way in ways if way[0] == number]
            ready = all(taken >= node.needed() for taken in node.taken)
            last = images * len(node.needs)
            if ready and node.made < last and all(len(ways[way]) < room[way] for way in out):
                for way in out:
                    ways[way].append(node.made)
                node.made += 1
                moved = True
    return nodes[-1].made == images * len(nodes[-1].needs)


@pytest.mark.parametrize("design", [residual_design(), NESTED, UNEVEN], ids=["blocks", "nested", "uneven"])
def test_queues_let_everything_through(design):
    """A way without a queue has room for the one pixel that its taker asks for."""
    room = {(edge.source, edge.taker, edge.port): max(1, edge.waits) for edge in edges_of(design)}
    assert runs_through(design, room)


def test_with_half_a_queue_nothing_comes_out_any_more():
    design = residual_design()
    room = {(edge.source, edge.taker, edge.port): max(1, edge.waits) for edge in edges_of(design)}
    assert not runs_through(design, room | {(0, 3, 1): room[0, 3, 1] // 2})
