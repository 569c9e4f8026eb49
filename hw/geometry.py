"""How a design point is laid out in words, groups and memories of the behavioural array.

Plain numbers and NumPy, no HDL: hardware, simulation, host software and the fit check before synthesis all
read the same layout here.

A *word* is `row_lanes` neighbouring word-line values of one row tile. A row tile is cut into words from its
first row; the last word of a tile is filled up with zeros. A *group* is `col_lanes` neighbouring match lines.
Where a word is filled up there are no devices: codes there are those of a cell that adds nothing.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint

__all__ = ["ArrayGeometry", "value_bits"]


@dataclass(frozen=True)
class ArrayGeometry:
    """Word and group layout of one design point."""

    design: DesignPoint

    @property
    def words_in_tile(self) -> tuple[int, ...]:
        """Words of each row tile, first to last."""
        design = self.design
        return tuple(ceil(design.rows_in_tile(tile) / design.row_lanes) for tile in range(design.row_tiles))

    @property
    def words(self) -> int:
        """Words of one image."""
        return sum(self.words_in_tile)

    @property
    def word_bits(self) -> int:
        """Bits of a word."""
        return self.design.row_lanes * self.design.level_bits

    @property
    def groups(self) -> int:
        """Groups of match lines."""
        return ceil(self.design.templates / self.design.col_lanes)

    @property
    def code_depth(self) -> int:
        """Entries of the code memory: row tile, then group, then word of the tile."""
        return self.words * self.groups

    @property
    def code_width(self) -> int:
        """Bits of an entry: match line of the group, then row lane, then device, each a conductance code."""
        design = self.design
        return design.col_lanes * design.row_lanes * 2 * design.cell_bits

    def pack_levels(self, levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Word-line values (N, F) as words (N, words, row_lanes)."""
        design = self.design
        parts = []
        for tile, words in enumerate(self.words_in_tile):
            start = tile * design.rows
            part = levels[:, start : start + design.rows_in_tile(tile)]
            fill = words * design.row_lanes - part.shape[1]
            parts.append(np.pad(part, ((0, 0), (0, fill))))
        return np.concatenate(parts, axis=1).reshape(len(levels), self.words, design.row_lanes)

    def cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and match line of every cell, in the order of the code memory."""
        design = self.design
        rows, lines = np.divmod(np.arange(design.features * design.templates), design.templates)
        tile, row_in_tile = np.divmod(rows, design.rows)
        order = np.lexsort((lines, row_in_tile // design.row_lanes, lines // design.col_lanes, tile))
        return rows[order], lines[order]

    def pack_words(self, levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Word-line values (N, F) as the bits of words (N, words, word_bits), lane 0 in the lowest bits."""
        return value_bits(self.pack_levels(levels), self.design.level_bits)

    def pack_codes(self, codes: NDArray[np.uint8]) -> list[int]:
        """Conductance codes (2, F, T) as the initial content of the code memory.

        Codes of cells that are not there are 0; for window cells it is a window that holds nothing.
        """
        design = self.design
        wide = np.zeros((2, design.features, self.groups * design.col_lanes), np.uint8)
        wide[:, :, : design.templates] = codes
        entries = []
        for tile, words in enumerate(self.words_in_tile):
            start = tile * design.rows
            part = wide[:, start : start + design.rows_in_tile(tile)]
            fill = words * design.row_lanes - part.shape[1]
            part = np.pad(part, ((0, 0), (0, fill), (0, 0)))
            if design.cell == "window":
                part[0, part.shape[1] - fill :] = design.max_code
            part = part.reshape(2, words, design.row_lanes, self.groups, design.col_lanes)
            entries.append(part.transpose(3, 1, 4, 2, 0).reshape(self.groups * words, -1))
        return [_integer(entry, design.cell_bits) for entry in np.concatenate(entries)]


def value_bits(values: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """The lowest `bits` bits of values (..., n), one after the other, (..., n * bits)."""
    unpacked = np.unpackbits(values[..., np.newaxis], axis=-1, bitorder="little", count=bits)
    return unpacked.reshape(*values.shape[:-1], -1)


def _integer(codes: NDArray[np.uint8], bits: int) -> int:
    """Little-endian concatenation of `bits`-wide codes."""
    return int.from_bytes(np.packbits(value_bits(codes, bits), bitorder="little").tobytes(), "little")
