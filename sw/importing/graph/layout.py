"""How a tensor of a network lies, and where hardware has its values.

Hardware has one order: a map (C, h, w). A network has many: channels first or last, signals without rows, all
values in one row for a dense layer. What moves values about and changes none is told here alone, so that the
numbers of a tensor find their channel wherever it lies.

A network of dense layers alone takes its image as a row of values. Hardware takes it as one pixel of so many
channels, in the order of the wire: the same bytes one behind the other, and a dense layer is then a kernel of
1 x 1.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError
from sw.importing.graph.graph import Node

__all__ = ["Layout"]

MAP = "CHW"
WIRE = "HWC"


@dataclass(frozen=True)
class Layout:
    """Axes of a tensor behind that of the images.

    Attributes
    ----------
    shape
        Channels, height and width of the map as the network sees it.
    axes
        Letters C, H, W in the order of the tensor's axes; one that is left out has size 1.
    flat
        Whether all of them are one axis, in that order.
    pixel
        Whether hardware has all values as channels of one pixel, in the order of the wire: rows, columns,
        channels.
    """

    shape: tuple[int, int, int]
    axes: str = MAP
    flat: bool = False
    pixel: bool = False

    @property
    def sides(self) -> tuple[int, ...]:
        """Sizes of `axes`."""
        return tuple(self.shape[MAP.index(axis)] for axis in self.axes)

    @property
    def dims(self) -> tuple[int, ...]:
        """Sizes of the tensor's axes."""
        return (prod(self.sides),) if self.flat else self.sides

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Channels, height and width in hardware."""
        return (prod(self.shape), 1, 1) if self.pixel else self.shape

    def to_map(self, values: NDArray) -> NDArray:
        """Values (N, *dims) as hardware has them, (N, C, h, w)."""
        order = WIRE if self.pixel else MAP
        spread = values.reshape(len(values), *self.sides, *(1,) * (len(MAP) - len(self.axes)))
        named = self.axes + "".join(axis for axis in MAP if axis not in self.axes)
        moved = spread.transpose(0, *(1 + named.index(axis) for axis in order))
        return moved.reshape(len(values), *self.map_shape)

    def from_map(self, values: NDArray) -> NDArray:
        """Values (N, C, h, w) of hardware as the tensor has them, (N, *dims)."""
        order = WIRE if self.pixel else MAP
        spread = values.reshape(len(values), *(self.shape[MAP.index(axis)] for axis in order))
        named = self.axes + "".join(axis for axis in MAP if axis not in self.axes)
        return spread.transpose(0, *(1 + order.index(axis) for axis in named)).reshape(
            len(values), *self.dims
        )

    def per_channel(self, numbers: NDArray, node: Node) -> tuple[Fraction, ...]:
        """One number for every channel of hardware, exactly, from what ONNX spreads over N tensors.

        Raises
        ------
        EngramError
            With the name of `node`, if it cannot be spread, or the values of a channel get different ones.
        """
        channels = self.map_shape[0]
        if numbers.size == 1:
            return (Fraction(float(numbers.flat[0])),) * channels
        one = numbers[0] if numbers.ndim > len(self.dims) and len(numbers) == 1 else numbers
        try:
            spread = self.to_map(np.broadcast_to(one, self.dims)[np.newaxis])[0]
        except ValueError:
            raise self._odd(numbers, node) from None
        if np.any(spread != spread[:, :1, :1]):
            raise self._odd(numbers, node)
        return tuple(Fraction(float(number)) for number in spread[:, 0, 0])

    def _odd(self, numbers: NDArray, node: Node) -> EngramError:
        return node.refused(
            f"its constant must be one number, or one for each of {self.map_shape[0]} channels, got shape "
            f"{numbers.shape}"
        )

    def resized(self, shape: tuple[int, int, int]) -> "Layout":
        """Of a map of another shape with the same axes."""
        return replace(self, shape=shape)

    def in_one_row(self) -> "Layout":
        """With all values in one axis."""
        return self if len(self.axes) == 1 else replace(self, flat=True)

    def moved(self, places: tuple[int, ...], node: Node) -> "Layout":
        """Behind a transposition of the tensor, that of the images included."""
        if sorted(places) != list(range(len(self.dims) + 1)) or places[0] != 0:
            raise node.refused(
                f"supported are orders of the axes with the images first, got {places} of "
                f"{len(self.dims) + 1} axes"
            )
        if self.flat:
            return self
        return replace(self, axes="".join(self.axes[place - 1] for place in places[1:]))

    def without(self, place: int, node: Node) -> "Layout":
        """Without an axis of size 1, where 0 is that of the images."""
        if self.flat or not 0 < place <= len(self.axes) or self.sides[place - 1] != 1:
            raise node.refused(f"axis {place} must have size 1 to be left out")
        return replace(self, axes=self.axes[: place - 1] + self.axes[place:])

    def with_row(self, place: int, node: Node) -> "Layout":
        """With a new axis: the row of a signal that had none."""
        missing = [axis for axis in "HW" if axis not in self.axes]
        if self.flat or not missing or not 0 < place <= len(self.axes) + 1:
            raise node.refused("supported is a new axis for the row of a signal, (N, C, L) to (N, C, 1, L)")
        return replace(self, axes=self.axes[: place - 1] + missing[0] + self.axes[place - 1 :])
