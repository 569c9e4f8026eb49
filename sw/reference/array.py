"""Stage 3, array: word-line values to match-line currents, in conductance codes."""

import numpy as np
from numpy.typing import NDArray

from sw.reference.exact import exact_matmul

__all__ = ["currents", "ideal_codes"]


def ideal_codes(templates: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Codes of cells without any imperfection: LRS is 1, HRS is 0.

    Device 1 of a pair is the one that a feature bit of 1 drives, and is in LRS when the stored bit is 1;
    device 0 is its complement. With these codes the score is exactly the number of matching features.

    Parameters
    ----------
    templates
        uint8, (T, F), stored bits.

    Returns
    -------
    ndarray
        uint8, (2, F, T): device, word-line pair, match line.
    """
    stored = templates.T
    return np.stack([1 - stored, stored]).astype(np.uint8)


def currents(levels: NDArray[np.uint8], codes: NDArray[np.uint8], rows: int) -> NDArray[np.int64]:
    """Current of every match line of every row tile: the sum of the driven devices' codes.

    Parameters
    ----------
    levels
        uint8, (N, F), word-line values 0 and 1; the value picks the device of the pair.
    codes
        uint8, (2, F, T), conductance codes.
    rows
        Word-line pairs per tile; the last tile holds what is left.

    Returns
    -------
    ndarray
        int64, (N, ceil(F / rows), T).
    """
    low, high = codes.astype(np.int64)
    tiles = []
    for start in range(0, levels.shape[1], rows):
        part = slice(start, start + rows)
        step = high[part] - low[part]
        bound = int(np.abs(step).sum(axis=0).max())
        tiles.append(exact_matmul(levels[:, part], step, bound) + low[part].sum(axis=0))
    return np.stack(tiles, axis=1)
