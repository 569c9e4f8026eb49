"""Walk: how a kernel moves over a map, in the words of its memory, and where it hangs over the edges."""

from dataclasses import dataclass
from typing import Self

from sw.design import Layer
from sw.design.layer import LayerShape

__all__ = ["Axis", "Walk"]


@dataclass(frozen=True)
class Axis:
    """One direction of a walk: over the rows of a map, or along one of them.

    Parameters
    ----------
    inputs, outputs
        Rows or columns of the maps before and behind the layer.
    kernel, stride, padding
        Of the layer in this direction, without rows or columns of the kernel that are never on the map; the
        padding is the one before the map.
    padding_behind
        The padding behind the map, likewise; no kernel position need reach as far.
    first
        How many rows or columns of the kernel that are never on the map come before those of `kernel`.
    """

    inputs: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    padding_behind: int
    first: int = 0

    @classmethod
    def on_map(cls, inputs: int, outputs: int, kernel: int, stride: int, pads: tuple[int, int]) -> Self:
        """The part of a kernel that is ever on the map: of a signal, one row.

        What is always outside would take steps and memory, and add nothing.
        """
        padding, behind = pads
        first = max(0, padding - (outputs - 1) * stride)
        last = min(kernel, inputs + padding) - 1
        never = max(first, kernel - 1 - last)
        return cls(inputs, outputs, last + 1 - first, stride, padding - first, max(0, behind - never), first)

    @property
    def paddings(self) -> tuple[int, int]:
        """Largest overhangs before and behind the map that taps ask for."""
        return self.padding, max(self.padding_behind, self.overhang)

    @property
    def length(self) -> int:
        """Input rows or columns from the first output position to the last one."""
        return (self.outputs - 1) * self.stride

    @property
    def overhang(self) -> int:
        """Rows or columns of the kernel that are behind the map at the last output position."""
        return max(0, self.length - self.padding + self.kernel - self.inputs)

    def last_tap(self, position: int) -> int:
        """Last row or column of the kernel that is on the map at an output position."""
        return min(self.kernel, self.inputs + self.padding - position * self.stride) - 1

    def before(self, overhang: int) -> int:
        """Last output position at which so many rows or columns of the kernel, or more, are before the map.

        0 also where the kernel never hangs over as far: then it has no tap that asks.
        """
        return max(0, self.padding - overhang) // self.stride

    def behind(self, overhang: int) -> int:
        """First output position at which so many rows or columns of the kernel, or more, are behind the map.

        The last one also where the kernel never hangs over as far, which :attr:`overhang` tells.
        """
        return max(0, self.outputs - 1 - max(0, self.overhang - overhang) // self.stride)

    def overhangs_of(self, tap: int) -> tuple[int, int]:
        """Least overhang before, and behind, the map at which a tap of the kernel is outside; 0 for never."""
        overhangs = zip((tap + 1, self.kernel - tap), self.paddings, strict=True)
        before, behind = (least if least <= most else 0 for least, most in overhangs)
        return before, behind


@dataclass(frozen=True)
class Walk:
    """Both directions, and distances between addresses of a memory that keeps a map row after row.

    Parameters
    ----------
    rows, columns
        From row to row, and along a row.
    words
        Words per pixel.
    """

    rows: Axis
    columns: Axis
    words: int

    @classmethod
    def of(cls, layer: Layer, shape: LayerShape, words: int) -> Self:
        """The walk of a layer over a map with so many words per pixel."""
        rows, columns = (
            Axis.on_map(inputs, outputs, kernel, layer.stride, pads)
            for inputs, outputs, kernel, pads in zip(
                shape.inputs[1:], shape.outputs[1:], layer.kernel, layer.pads, strict=True
            )
        )
        return cls(rows, columns, words)

    @property
    def depth(self) -> int:
        """Largest overhang that is told apart; 1 for kernels without any, so that few memories differ."""
        return max(1, *(side for axis in (self.rows, self.columns) for side in axis.paddings))

    @property
    def ahead(self) -> int:
        """Words from the top left of the first kernel position, which is padding, to the first of the map."""
        return (self.rows.padding * self.columns.inputs + self.columns.padding) * self.words

    @property
    def span(self) -> int:
        """Words from the first to the last one of a kernel position, both included."""
        return self.until(self.rows.kernel - 1, self.columns.kernel - 1)

    @property
    def step_x(self) -> int:
        """Words from a kernel position to the next one of its row."""
        return self.columns.stride * self.words

    @property
    def step_row(self) -> int:
        """Words from the last kernel position of a row to the first one of the next row."""
        return (self.rows.stride * self.columns.inputs - self.columns.length) * self.words

    @property
    def step_image(self) -> int:
        """Words from the last kernel position of an image to the first one of the next image."""
        rows_left = self.rows.inputs - self.rows.length
        return (rows_left * self.columns.inputs - self.columns.length) * self.words

    def needed(self, x: int, y: int) -> int:
        """Words from the first one of the kernel at an output position to its last one on the map."""
        return self.until(self.rows.last_tap(y), self.columns.last_tap(x))

    def spared(self, x: int, y: int) -> int:
        """How many words fewer are missing for the next position than for this one, without any that come."""
        if x < self.columns.outputs - 1:
            after = x + 1, y
        else:
            after = 0, (y + 1) % self.rows.outputs
        return self.needed(x, y) - self.needed(*after) - self.step_after(x, y)

    def step_after(self, x: int, y: int) -> int:
        """Words from the kernel at an output position to the next one."""
        if x < self.columns.outputs - 1:
            return self.step_x
        return self.step_row if y < self.rows.outputs - 1 else self.step_image

    def until(self, row: int, column: int) -> int:
        """Words from the first one of a kernel position to the last one of a tap, both included."""
        return (row * self.columns.inputs + column + 1) * self.words
