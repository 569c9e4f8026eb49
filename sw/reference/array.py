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

from sw.reference.exact import exact_matmul

if TYPE_CHECKING:
    from sw.design import DesignPoint

__all__ = ["cell_currents", "currents", "ideal_codes", "level_positions"]


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


def currents(levels: NDArray[np.uint8], cells: NDArray[np.uint8], rows: int) -> NDArray[np.int64]:
    """Current of every match line of every row tile: the sum of its cells' currents.

    Parameters
    ----------
    levels
        uint8, (N, F), word-line values below V.
    cells
        uint8, (V, F, T), what each cell conducts at each value, see :func:`cell_currents`.
    rows
        Word-line pairs per tile; the last tile holds what is left.

    Returns
    -------
    ndarray
        int64, (N, ceil(F / rows), T).
    """
    # A cell's current is that at value 0 and a step for every further value that the level reaches.
    base, steps = cells[0].astype(np.int64), np.diff(cells.astype(np.int64), axis=0)
    reached = [levels >= value for value in range(1, len(cells))]
    tiles = []
    for start in range(0, levels.shape[1], rows):
        part = slice(start, start + rows)
        bound = int(np.abs(steps[:, part]).sum(axis=(0, 1)).max())
        total = base[part].sum(axis=0)
        for bits, step in zip(reached, steps, strict=True):
            total = total + exact_matmul(bits[:, part], step[part], bound)
        tiles.append(total)
    return np.stack(tiles, axis=1)
