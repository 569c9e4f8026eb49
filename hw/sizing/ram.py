"""Block RAMs and single-port RAMs: how many of them a memory takes."""

from math import ceil

from constraints.boards import Family
from hw.families.known import known

__all__ = ["block_rams", "ram_slices", "single_port_rams"]


def block_rams(depth: int, width: int, family: Family, *, read_only: bool = False) -> int:
    """Block RAMs of a memory with one read and one write port.

    A memory deeper than the RAM's shape is cut into slices. Slices may share a RAM side by side when each of
    them can be written alone, so a slice's width counts in whole write groups; a ROM has no such limit.
    """
    assert depth > 0 and width > 0, (depth, width)
    return _best_shape(depth, width, family, read_only=read_only)[0]


def ram_slices(depth: int, width: int, family: Family, *, read_only: bool = False) -> int:
    """Slices of such a memory, among which logic picks one for every bit that is read."""
    assert depth > 0 and width > 0, (depth, width)
    return _best_shape(depth, width, family, read_only=read_only)[1]


def single_port_rams(depth: int, width: int, family: Family) -> int:
    """Single-port RAMs of a memory, on a family that has them: side by side for the width of an entry."""
    shape = known(family).single_port_ram
    assert shape is not None, f"{family} has no single-port RAM"
    return ceil(depth / shape.depth) * ceil(width / shape.width)


def _best_shape(depth: int, width: int, family: Family, *, read_only: bool) -> tuple[int, int]:
    """Fewest block RAMs, and with these the fewest slices."""
    found = []
    for shape in known(family).ram_shapes:
        slices = ceil(depth / shape.depth)
        if read_only:
            count = ceil(slices * width / shape.width)
        elif shape.write_bits is None:
            count = slices * ceil(width / shape.width)
        else:
            slice_width = ceil(width / shape.write_bits) * shape.write_bits
            count = ceil(slices * slice_width / shape.width)
        found.append((count, slices))
    return min(found)
