"""Edges: at which output positions a kernel hangs over the edges of its map, as logic."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Value

from hw.frontend.walk import Axis

__all__ = ["Edges"]


@dataclass(frozen=True)
class Edges:
    """The two edges of one :class:`hw.frontend.walk.Axis`, flags for an overhang of 1, 2, ... or more.

    Parameters
    ----------
    position, at_end
        Output position, and whether it is the last one. Where both are known, so are the flags.
    hangs_over
        By overhang, whether the kernel has as much at the last position.
    before, behind
        By overhang, the positions that the functions of these names in Axis give. Unused where one flag is
        enough: such a kernel hangs over at the first and the last position only, and that takes no comparison
        of numbers.
    """

    position: Value | int
    at_end: Value | int
    hangs_over: Sequence[Value | bool]
    before: Sequence[Value | int]
    behind: Sequence[Value | int]

    @classmethod
    def of(cls, axis: Axis, depth: int, position: Value | int, at_end: Value | int) -> "Edges":
        """Of an axis with constant sizes, for overhangs up to `depth`."""
        overhangs = range(1, depth + 1)
        return cls(
            position,
            at_end,
            [axis.overhang >= overhang for overhang in overhangs],
            [axis.before(overhang) for overhang in overhangs],
            [axis.behind(overhang) for overhang in overhangs],
        )

    def are_before(self) -> list[Value]:
        """Whether so much of the kernel is before the map."""
        if len(self.hangs_over) == 1:
            return [self.position == 0]
        return [self.position <= last for last in self.before]

    def are_behind(self) -> list[Value]:
        """Whether so much of the kernel is behind the map."""
        if len(self.hangs_over) == 1:
            return [self.at_end & self.hangs_over[0]]
        pairs = zip(self.behind, self.hangs_over, strict=True)
        return [(self.position >= first) & hangs_over for first, hangs_over in pairs]

    def flags(self) -> list[Value]:
        """Both, in the order of :data:`hw.frontend.step.SIDES`."""
        return self.are_before() + self.are_behind()
