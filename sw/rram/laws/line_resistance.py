"""IR drop: what the resistance of word lines and match lines leaves of each device's conductance.

Word line i is driven at its first cell's end to its voltage, 0 V when it is not the one of its pair that the
feature picks; match line j is held at virtual ground by its ADC at the end of word line 0. Every cell has one
segment of each line before it, counted from those ends. All of that is linear in the driven voltages, so by
superposition the match-line currents are exactly ``voltages @ M``, with effective conductances M that do not
depend on the pattern: they are what becomes conductance codes. Rows and columns that a tile does not use lie
at the far ends, where they change nothing.

M is found by eliminating one word line after the other from the far end, block by block: a word line couples
the match lines through a tridiagonal matrix whose inverse is known in closed form, and each step inverts one
small matrix, match lines x match lines. That is a direct solution of the nodal equations, not an
approximation; see :mod:`sw.rram.check.nodal` for what it is held against.

``engram check lines`` measures both.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from sw.design import DesignPoint
from sw.errors import EngramError

__all__ = ["effective_conductances", "with_resistive_lines"]

TRANSFERS = 2**24
"""Arrays are solved together until their transfers have so many elements."""
MAX_TRANSFERS = 2**27
"""Of one array; they take 1 GiB."""
RESPONSES = 2**17
"""Word lines are inverted together until their responses have so many elements, which caches hold."""


def with_resistive_lines(
    conductances: NDArray[np.float64], design: DesignPoint, word_line_ohms: float, match_line_ohms: float
) -> NDArray[np.float64]:
    """Effective conductances of the binary cells of all tiles, in siemens.

    A pair's two word lines are neighbours, device 0 first; drivers and ADCs are at the first column and the
    first row of every tile.

    Parameters
    ----------
    conductances
        (..., 2, F, lines): device, word-line pair, match line; all there are, spare ones too.
    design
        Gives the tiles.
    word_line_ohms, match_line_ohms
        Resistance of a line from one cell to the next; 0 is an ideal line.

    Raises
    ------
    EngramError
        If lines have resistance and the cells are window cells, whose currents are not theirs to add; or
        tiles are too large to be solved.
    """
    if word_line_ohms == 0 and match_line_ohms == 0:
        return conductances
    if design.cell == "window":
        raise EngramError(
            "word_line_ohms and match_line_ohms must be 0 with window cells, whose conductances are bounds "
            f"and not currents, got {word_line_ohms:g} and {match_line_ohms:g}"
        )
    effective = np.empty_like(conductances)
    for row in range(0, design.features, design.rows):
        for column in range(0, conductances.shape[-1], design.cols):
            tile = ..., slice(row, row + design.rows), slice(column, column + design.cols)
            pairs = np.moveaxis(conductances[tile], -3, -2)  # (..., rows, 2, cols)
            lines = pairs.reshape(*pairs.shape[:-3], -1, pairs.shape[-1])
            found = effective_conductances(lines, word_line_ohms, match_line_ohms)
            effective[tile] = np.moveaxis(found.reshape(pairs.shape), -2, -3)
    return effective


def effective_conductances(
    g_siemens: NDArray[np.float64], word_line_ohms: float, match_line_ohms: float
) -> NDArray[np.float64]:
    """M for which ``voltages @ M`` are the match-line currents of crossbars with resistive lines.

    Parameters
    ----------
    g_siemens
        Device conductances, (..., word lines, match lines), with any leading axes.
    word_line_ohms, match_line_ohms
        Resistance of one segment, from cell to cell; 0 is an ideal line.

    Returns
    -------
    ndarray
        Siemens, of the same shape; the conductances themselves when both resistances are 0.

    Raises
    ------
    EngramError
        If transfers of one array have more than :data:`MAX_TRANSFERS` elements.
    """
    if word_line_ohms == 0 and match_line_ohms == 0:
        return g_siemens.copy()
    word_lines, match_lines = g_siemens.shape[-2:]
    elements = word_lines * match_lines**2
    if elements > MAX_TRANSFERS:
        raise EngramError(
            f"tiles with line resistance must need at most {MAX_TRANSFERS * 8 / 2**30:.1f} GiB, 8 bytes x "
            f"word lines x match lines squared, got {elements * 8 / 2**30:.1f} GiB for {word_lines} x "
            f"{match_lines}; use narrower tiles ('engram templates --cols'), or word_line_ohms and "
            "match_line_ohms of 0"
        )
    arrays = g_siemens.reshape(-1, word_lines, match_lines)
    found = np.empty_like(arrays)
    step = max(1, TRANSFERS // elements)
    # Matrices this small gain nothing from a second thread, and wait for it when the cores are busy.
    with _libraries().limit(limits=1):
        for start in range(0, len(arrays), step):
            part = arrays[start : start + step]
            found[start : start + step] = _solve(part, word_line_ohms, match_line_ohms)
    return found.reshape(g_siemens.shape)


@cache
def _libraries() -> ThreadpoolController:
    """NumPy's, among others; finding them takes longer than solving a tile."""
    return ThreadpoolController()


def _solve(g: NDArray[np.float64], word_line_ohms: float, match_line_ohms: float) -> NDArray[np.float64]:
    """M of arrays (N, word lines, match lines).

    Transfer i takes what flows into the match lines at word line i, (match lines,), to what goes on from
    there to word line i - 1, with all that hangs on them from word line i on.
    """
    count, word_lines, match_lines = g.shape
    eye = np.eye(match_lines)
    transfers = np.empty((word_lines, count, match_lines, match_lines))
    driven = np.empty((word_lines, count, match_lines, 1))
    beyond = eye  # behind the last word line no current flows: as if its neighbour were at its own voltage
    together = max(1, RESPONSES // (count * match_lines**2))
    for end in range(word_lines, 0, -together):
        some = slice(max(0, end - together), end)
        own = g[:, some].swapaxes(0, 1)
        response = _word_line_response(own, word_line_ohms)
        driven[some] = (own * response[..., 0])[..., np.newaxis]
        response *= (-match_line_ohms * word_line_ohms) * own[..., np.newaxis] * own[..., np.newaxis, :]
        np.einsum("...jj->...j", response)[...] += 2 + match_line_ohms * own
        for line in reversed(range(some.start, end)):
            beyond = np.linalg.inv(response[line - some.start] - beyond)
            transfers[line] = beyond
    effective = np.empty_like(g)
    arriving = np.broadcast_to(eye, (count, match_lines, match_lines))
    for line in range(word_lines):
        arriving = arriving @ transfers[line]
        effective[:, line] = (arriving @ driven[line])[..., 0]
    return effective


def _word_line_response(g: NDArray[np.float64], ohms: float) -> NDArray[np.float64]:
    """Inverse of the tridiagonal matrix of word lines (..., match lines), in units of their segments.

    Element j, k is the voltage at cell j for a current of ``1 / ohms`` into cell k: the resistance between
    the driver and the nearer cell with all that hangs on it, times the transfers from there to the farther.
    """
    load = ohms * g
    cells = load.shape[-1]
    outward = np.empty_like(load)  # voltage at a cell for 1 V at the one before
    outward[..., -1] = 1 / (1 + load[..., -1])
    for cell in reversed(range(cells - 1)):
        outward[..., cell] = 1 / (2 + load[..., cell] - outward[..., cell + 1])
    response = np.empty((*load.shape, cells))
    response[..., 0, 0] = outward[..., 0]
    for cell in range(1, cells):
        response[..., cell, :cell] = response[..., cell - 1, :cell] * outward[..., cell, np.newaxis]
        response[..., :cell, cell] = response[..., cell, :cell]
        response[..., cell, cell] = outward[..., cell] * (1 + response[..., cell - 1, cell])
    return response
