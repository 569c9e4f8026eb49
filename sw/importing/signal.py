"""The image on its way through the graph: layers that are made, and what has happened since the last one."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sw.design import Layer
from sw.design.layer import PIXEL_BITS
from sw.design.paths import IMAGE
from sw.importing.chain import Affine, Clamp, Operation, Pool, Stair
from sw.importing.graph.graph import Node
from sw.importing.graph.layout import Layout

__all__ = ["Levels", "Signal", "Sums", "first_signal"]


@dataclass(frozen=True)
class Levels:
    """Integers 0 .. top of a map, before anything happens to them: pixels, or those of a layer that is made.

    Attributes
    ----------
    shape, top
        Of the map.
    source
        Number of the layer.
    """

    shape: tuple[int, int, int]
    top: int = 2**PIXEL_BITS - 1
    source: int = IMAGE

    @property
    def sources(self) -> tuple[int, ...]:
        """As of :class:`Sums`."""
        return (self.source,)


@dataclass(frozen=True, eq=False)
class Sums:
    """Accumulators of a convolution or an addition: ``sum of w * u`` over a map's integers u, minus `shift`.

    Attributes
    ----------
    node
        Where they come from.
    layer
        Its window and channels; widths are of no account.
    weight
        int64, (out, in per group, rows, columns).
    inputs, shape
        (C, h, w) of input and output.
    top
        The highest u.
    shift
        What the source's sum lacks, because its integers are ``u - z``: fractions as objects, (out, h, w); it
        is not the same everywhere where the kernel reaches over the edge, where the source adds nothing.
    sources
        Numbers of the layers whose maps they are made of, :data:`sw.design.paths.IMAGE` for pixels.
    """

    node: Node
    layer: Layer
    weight: NDArray[np.int64]
    inputs: tuple[int, int, int]
    shape: tuple[int, int, int]
    top: int
    shift: NDArray
    sources: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Signal:
    """A tensor of the graph that follows from the image.

    Attributes
    ----------
    tensor
        Its name.
    base
        Integers it comes from.
    chain
        What has happened to them; what follows a :class:`Stair` is part of its gain and offset.
    layout
        How the tensor lies.
    """

    tensor: str
    base: Levels | Sums
    chain: tuple[Operation, ...]
    layout: Layout

    @property
    def channels(self) -> int:
        """Channels of the map."""
        return self.map_shape[0]

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the map in hardware."""
        return self.layout.map_shape

    @property
    def stair(self) -> int | None:
        """Place in the chain of the last quantiser."""
        places = [place for place, each in enumerate(self.chain) if isinstance(each, Stair)]
        return places[-1] if places else None

    def scaled(self, node: Node, gain: tuple[Fraction, ...], offset: tuple[Fraction, ...]) -> "Signal":
        """After ``value * gain + offset``, the output of a node."""
        pools = [each for each in self.chain if isinstance(each, Pool)]
        if pools and any(each < 0 for each in gain):
            raise node.refused(
                f"a negative gain after max-pool {pools[-1].name!r} turns largest into smallest; supported "
                "is the same node ahead of the pool"
            )
        place = self._settled()
        if place is None:
            return self._then(node, Affine(gain, offset))
        last = self.chain[place]
        assert isinstance(last, Affine | Stair)
        gains = tuple(old * new for old, new in zip(last.gain, gain, strict=True))
        offsets = tuple(old * new + more for old, new, more in zip(last.offset, gain, offset, strict=True))
        changed = replace(last, gain=gains, offset=offsets)
        return self._with(node, (*self.chain[:place], changed, *self.chain[place + 1 :]))

    def clamped(self, node: Node, low: Fraction | None, high: Fraction | None) -> "Signal":
        """After a clip. Behind a quantiser it only takes levels away, where its ends are levels too."""
        place = self._settled()
        last = None if place is None else self.chain[place]
        if place is None or not isinstance(last, Stair):
            return self._then(node, Clamp(low, high))
        cuts = {_levels_within(last, channel, low, high) for channel in range(self.channels)}
        if len(cuts) != 1 or None in cuts:
            raise node.refused("a clip behind a quantiser must end at levels of it, the same in all channels")
        (cut,) = cuts
        assert cut is not None
        return self._with(node, (*self.chain[:place], last.cut(*cut), *self.chain[place + 1 :]))

    def stepped(self, node: Node, stair: Stair) -> "Signal":
        """After a quantiser."""
        return self._then(node, stair)

    def pooled(self, node: Node, layer: Layer) -> "Signal":
        """After a max-pool."""
        layout = self.layout.resized(layer.output_shape(self.map_shape))
        return replace(self._then(node, Pool(node.name, layer)), layout=layout)

    def laid(self, node: Node, layout: Layout) -> "Signal":
        """After a node that moves values and changes none."""
        return replace(self, tensor=node.outputs[0], layout=layout)

    def renamed(self, node: Node) -> "Signal":
        """After a node that changes nothing."""
        return replace(self, tensor=node.outputs[0])

    def _settled(self) -> int | None:
        """Place of the step that another one is made part of, past pools, which let it through."""
        for place in range(len(self.chain) - 1, -1, -1):
            if not isinstance(self.chain[place], Pool):
                return None if isinstance(self.chain[place], Clamp) else place
        return None

    def _then(self, node: Node, operation: Operation) -> "Signal":
        return self._with(node, (*self.chain, operation))

    def _with(self, node: Node, chain: tuple[Operation, ...]) -> "Signal":
        return replace(self, tensor=node.outputs[0], chain=chain)


def _levels_within(
    stair: Stair, channel: int, low: Fraction | None, high: Fraction | None
) -> tuple[int, int] | None:
    """How many of the lowest levels a clip takes away, and the highest that it leaves; None if its ends are
    between levels."""
    gain, offset = stair.gain[channel], stair.offset[channel]
    if gain <= 0:
        return None
    ends: list[int] = []
    for limit, end in ((low, 0), (high, stair.top)):
        level = Fraction(end) if limit is None else (limit - offset) / gain
        inside = max(level, Fraction(0)) if end == 0 else min(level, Fraction(stair.top))
        if inside % 1 or not 0 <= inside <= stair.top:
            return None
        ends.append(int(inside))
    return (ends[0], ends[1]) if ends[0] < ends[1] else None


def first_signal(
    tensor: str, layout: Layout, gain: tuple[Fraction, ...], offset: tuple[Fraction, ...]
) -> Signal:
    """The image: pixels 0 .. 255, of which the network takes ``pixel * gain + offset``, per channel of it."""
    # In the order of the wire, channels of a pixel are neighbours.
    repeated = layout.map_shape[0] // len(gain)
    line = Affine(gain * repeated, offset * repeated)
    return Signal(tensor, Levels(layout.map_shape), (line,), layout)
