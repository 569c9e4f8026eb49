"""Stage 3, array: word-line values to match-line currents, in conductance codes.

A *binary* cell is a complementary pair of devices; the feature bit picks one of the two, which conducts with
its conductance code. A *window* cell (analogue CAM) holds two bounds as the codes of its two devices, on a
scale of 2**cell_bits positions that the 2**b levels share evenly; it conducts `match_code` when the position
of the level lies within the bounds, both included, and `mismatch_code` when not. The position of a level is
the middle of its share, so a bound at the edge of a share may err by half a level before a match is lost.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sw.reference.exact import exact_dtype

if TYPE_CHECKING:
    from sw.design import DesignPoint

__all__ = ["MatchLines", "cell_currents", "currents", "ideal_codes", "level_positions"]

PAIR = 2**12
"""Two sums below this share a float32 product, which holds integers below 2**24."""

SMALL_PRODUCT = 1_000_000
"""Multiplications up to which OpenBLAS takes the matrices as they are; larger ones it copies first, which
costs more here than it saves."""


def level_positions(design: "DesignPoint") -> NDArray[np.int64]:
    """Position of every level of a window cell, (2**b,): ``(2 * level + 1) * 2**cell_bits // 2**(b + 1)``."""
    levels = np.arange(2**design.level_bits)
    return ((2 * levels + 1) << design.cell_bits) >> (design.level_bits + 1)


def ideal_codes(templates: NDArray[np.uint8], design: "DesignPoint") -> NDArray[np.uint8]:
    """Codes of cells without any imperfection.

    Binary cells: LRS is 1, HRS is 0. Device 1 of a pair is the one that a feature bit of 1 drives, and is in
    LRS when the stored bit is 1; device 0 is its complement. With these codes the score is exactly the number
    of matching features. Window cells: device 0 holds the first position of the lowest level's share, device
    1 the last one of the highest level's. With match_code 1 and mismatch_code 0 the score is the number of
    features within their windows.

    Parameters
    ----------
    templates
        uint8. Binary cells: stored bits, (T, F). Window cells: lowest and highest level, (2, T, F); a cell
        with all levels in its window is "don't care".
    design
        Gives the kind of cell and its widths.

    Returns
    -------
    ndarray
        uint8, (2, F, T): device, word-line pair, match line.
    """
    if design.cell == "binary":
        stored = templates.T
        return np.stack([1 - stored, stored]).astype(np.uint8)
    share = 2 ** (design.cell_bits - design.level_bits)
    lowest, highest = templates.astype(np.int64)
    return np.stack([lowest.T * share, (highest.T + 1) * share - 1]).astype(np.uint8)


def cell_currents(codes: NDArray[np.uint8], design: "DesignPoint") -> NDArray[np.uint8]:
    """Current of every cell at every word-line value, uint8 (values, F, T), for codes uint8 (2, F, T)."""
    if design.cell == "binary":
        return codes
    position = level_positions(design)[:, np.newaxis, np.newaxis]
    within = (codes[0] <= position) & (position <= codes[1])
    return np.where(within, design.match_code, design.mismatch_code).astype(np.uint8)


class MatchLines:
    """The match lines of one or more programmed arrays, ready to be driven again and again.

    A cell's current is that at value 0 and a step for every further value that the level reaches; so one
    matrix product per row tile adds up a tile. It runs in float32 as long as no partial sum can pass 2**24,
    which 65,536 rows of 255 do not, else in float64; see :func:`sw.reference.exact.exact_dtype`. Where no
    partial sum can pass 2**12, which 128 rows of 4-bit codes do not, one column of the product adds up two
    match lines at once: ``first + 2**12 * second``.

    Parameters
    ----------
    cells
        uint8, (V, F, T), what each cell conducts at each word-line value, see :func:`cell_currents`.
    rows
        Word-line pairs per tile; the last tile holds what is left.
    """

    def __init__(self, cells: NDArray[np.uint8], rows: int) -> None:
        # Signed before the difference: uint8 would wrap where a cell conducts less at a larger value.
        base, steps = cells[0].astype(np.int64), np.diff(cells.astype(np.int64), axis=0)
        self._values, self._templates = len(cells), cells.shape[2]
        self._parts = [slice(start, start + rows) for start in range(0, cells.shape[1], rows)]
        offsets = [base[part].sum(axis=0) for part in self._parts]
        bound = max(
            int((offset + np.abs(steps[:, part]).sum(axis=(0, 1))).max())
            for part, offset in zip(self._parts, offsets, strict=True)
        )
        self._dtype, self._paired = exact_dtype(bound), bound < PAIR
        self._weights = []
        for part, offset in zip(self._parts, offsets, strict=True):
            # the steps by value and row, and the offset as one more row that is always driven
            weights = np.concatenate([*steps[:, part], offset[np.newaxis]]).T
            if self._paired:
                weights = np.pad(weights, ((0, self._templates % 2), (0, 0)))
                weights = weights[::2] + PAIR * weights[1::2]
            self._weights.append(np.ascontiguousarray(weights, self._dtype))

    def currents(self, levels: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Currents of uint8 (N, F) word-line values below V: integers in floating point, (N, row tiles, T).

        In memory the images lie side by side. Levels that do so too (Fortran order) are driven fastest.
        """
        count = len(levels)
        currents = np.empty((len(self._parts), self._templates, count), self._dtype)
        for part, weights, tile in zip(self._parts, self._weights, currents, strict=True):
            driven = np.empty((weights.shape[1], count), self._dtype)
            driven[-1] = 1
            levels_of_tile = levels[:, part].T
            for value, reached in enumerate(driven[:-1].reshape(self._values - 1, -1, count), 1):
                reached[:] = levels_of_tile if self._values == 2 else levels_of_tile >= value
            product = np.empty((len(weights), count), self._dtype) if self._paired else tile
            step = max(1, SMALL_PRODUCT // weights.size)
            for first in range(0, count, step):
                some = slice(first, first + step)
                np.matmul(weights, driven[:, some], out=product[:, some])
            if self._paired:
                _part_pairs(product, tile)
        return currents.transpose(2, 0, 1)


def _part_pairs(both: NDArray, tile: NDArray) -> None:
    """Write the currents of a tile (T, N) from a product (T / 2, N) whose rows hold two match lines each.

    Both sums are 0 or more and below PAIR, and dividing by a power of two is exact, so the quotient rounded
    down is the second sum.
    """
    first, second = tile[::2], np.floor(both * (1 / PAIR))
    tile[1::2] = second[: len(tile) // 2]
    np.subtract(both, np.multiply(second, PAIR, out=second), out=first)


def currents(levels: NDArray[np.uint8], cells: NDArray[np.uint8], rows: int) -> NDArray[np.int64]:
    """Current of every match line of every row tile: the sum of its cells' currents.

    Parameters
    ----------
    levels
        uint8, (N, F), word-line values below V.
    cells, rows
        See :class:`MatchLines`.

    Returns
    -------
    ndarray
        int64, (N, ceil(F / rows), T).
    """
    return MatchLines(cells, rows).currents(levels).astype(np.int64)
