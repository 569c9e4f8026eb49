"""Block RAMs: the shapes that a family's have, and how many of them a memory takes."""

from dataclasses import dataclass
from math import ceil

from constraints.boards import Family

__all__ = ["block_rams", "ram_slices"]


@dataclass(frozen=True)
class RamShape:
    """One way to use a block RAM.

    Attributes
    ----------
    depth, width
        Entries and bits.
    write_bits
        Smallest group of bits with a write enable of its own; None when only whole entries are written.
    """

    depth: int
    width: int
    write_bits: int | None = None


RAM_SHAPES: dict[Family, tuple[RamShape, ...]] = {
    "ice40": (RamShape(256, 16, 1), RamShape(512, 8), RamShape(1024, 4), RamShape(2048, 2)),
    "ecp5": (
        RamShape(512, 36, 9),
        RamShape(1024, 18, 9),
        RamShape(2048, 9, 9),
        RamShape(4096, 4),
        RamShape(8192, 2),
        RamShape(16384, 1),
    ),
}
"""SB_RAM40_4K (Lattice FPGA-TN-02002), DP16KD and PDPW16KD (FPGA-TN-02204), as Yosys 0.69 uses them."""
SPRAM_SHAPE = RamShape(16_384, 16, 4)
"""SB_SPRAM256KA of the iCE40 UltraPlus (Lattice FPGA-TN-02022)."""


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


def _best_shape(depth: int, width: int, family: Family, *, read_only: bool) -> tuple[int, int]:
    """Fewest block RAMs, and with these the fewest slices."""
    found = []
    for shape in RAM_SHAPES[family]:
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
