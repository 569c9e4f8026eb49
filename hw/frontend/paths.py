"""Paths: which maps of a streaming front end go several ways, and how much of one has to wait for another.

A map that goes two ways is handed on pixel by pixel. Where the ways meet again, the longer one has held rows
back that its kernels need, so pixels of the shorter one wait in a queue. A queue that is too short stops the
map before the longer way has what it needs, and then everything for ever.

How long a queue must be is found by playing units that take a pixel only when they need it. That is enough
for every other order, and for any stops at both ends: a unit does the same whatever the order is in which its
inputs come, and in such a network one order that comes to an end within some queues means that all do
(Parks 1995, UCB/ERL M95/105, section 3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from hw.frontend.walk import Walk
from hw.payloads import index_bits
from sw.design import DesignPoint, Layer
from sw.design.layer import LayerShape
from sw.design.paths import IMAGE, sources_of

__all__ = ["Edge", "edges_of", "queue_words", "waits_of"]

AHEAD = 2
"""Pixels that a unit has on their way to it beyond those it needs: with queues for these too, no unit of
hundreds of random networks waited for a queue; with 1, one in fifty did."""
IMAGES = 2
"""Played; the second one begins like all that follow, with what the one before has left."""


@dataclass(frozen=True)
class Edge:
    """A map on its way from one unit to another.

    Attributes
    ----------
    source, taker
        Numbers of the layers.
    port
        0, or 1 for the second map of an addition.
    shared
        Whether `source` gives to others too.
    plain
        Whether it does not, and `taker` takes nothing else.
    waits
        Pixels that a queue on the way holds; 0 for none.
    """

    source: int
    taker: int
    port: int
    shared: bool
    plain: bool
    waits: int

    @property
    def name(self) -> str:
        """What parts on the way are called."""
        return f"{self.taker}_{self.port}"


def queue_words(pixels: int, pixel_words: int) -> int:
    """Words of the memory of a queue for so many pixels, a power of two, so that its addresses wrap by
    themselves."""
    return 2 ** index_bits(pixels * pixel_words)


def waits_of(design: DesignPoint) -> tuple[tuple[int, ...], ...]:
    """For every layer the pixels in the queue ahead of each of its ports; 0 for no queue."""
    edges = edges_of(design)
    return tuple(
        tuple(edge.waits for edge in edges if edge.taker == number) for number in range(len(design.layers))
    )


def edges_of(design: DesignPoint) -> tuple[Edge, ...]:
    """All ways between the layers of a design, in the order of their takers."""
    return _edges(design.layers, design.layer_shapes)


@lru_cache(maxsize=64)  # playing takes a while, and sizes of an array change nothing
def _edges(layers: tuple[Layer, ...], shapes: tuple[LayerShape, ...]) -> tuple[Edge, ...]:
    all_sources = sources_of(layers)
    ways = [
        (source, taker, port)
        for taker, sources in enumerate(all_sources)
        for port, source in enumerate(sources)
        if source != IMAGE
    ]
    given = [source for source, _, _ in ways]
    forked = [way for way in ways if given.count(way[0]) > 1]
    waits = dict.fromkeys(ways, 0)
    if forked:
        played = [_most_waiting(layers, shapes, ways, ahead) for ahead in (0, AHEAD)]
        asking = set.union(*(asked for _, asked in played))
        for way in forked:
            # No queue is on the way to a unit that is always the first to ask for the next pixel.
            first = all(way == other or way[0] != other[0] for other in asking)
            if not first or layers[way[1]].adds:
                waits[way] = max(most[way] for most, _ in played) + AHEAD
    return tuple(
        Edge(*way, way in forked, way not in forked and len(all_sources[way[1]]) == 1, waits[way])
        for way in ways
    )


def _needs(layer: Layer, shape: LayerShape, ahead: int) -> list[int]:
    """Input pixels that must have come for every output pixel of a layer, and some more."""
    walk = Walk.of(layer, shape, 1)
    rows, columns = walk.rows, walk.columns
    found = []
    for y in range(rows.outputs):
        row = y * rows.stride - rows.padding + rows.last_tap(y)
        for x in range(columns.outputs):
            column = x * columns.stride - columns.padding + columns.last_tap(x)
            found.append(row * columns.inputs + column + 1 + ahead)
    return found


def _most_waiting(
    layers: tuple[Layer, ...],
    shapes: tuple[LayerShape, ...],
    ways: list[tuple[int, int, int]],
    ahead: int,
) -> tuple[dict[tuple[int, int, int], int], set[tuple[int, int, int]]]:
    """Most pixels that ever wait on each way when every unit asks for those alone that it needs, and the ways
    on which a pixel is asked for that is not there yet."""
    needs = [_needs(layer, shape, ahead) for layer, shape in zip(layers, shapes, strict=True)]
    inputs = [prod(shape.inputs[1:]) for shape in shapes]
    into = [[way for way in ways if way[1] == number] for number in range(len(needs))]
    out = [[way for way in ways if way[0] == number] for number in range(len(needs))]
    made = [0] * len(needs)
    taken, most = dict.fromkeys(ways, 0), dict.fromkeys(ways, 0)
    asked: set[tuple[int, int, int]] = set()

    def missing(number: int) -> Iterator[tuple[int, int, int]]:
        """Ways on which the next pixel of a layer needs another one, again and again until all are there."""
        image, place = divmod(made[number], len(needs[number]))
        for way in into[number]:
            while taken[way] < image * inputs[number] + needs[number][place]:
                if taken[way] < made[way[0]]:
                    taken[way] += 1
                else:
                    yield way

    # A stack in place of recursion, which would be as deep as the network.
    last = len(needs) - 1
    while made[last] < IMAGES * len(needs[last]):
        stack = [(last, missing(last))]
        while stack:
            number, wanted = stack[-1]
            way = next(wanted, None)
            if way is not None:
                asked.add(way)
                stack.append((way[0], missing(way[0])))
                continue
            stack.pop()
            made[number] += 1
            for given in out[number]:
                most[given] = max(most[given], made[number] - taken[given])
    return most, asked
