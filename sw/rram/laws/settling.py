"""Settling: how long after the word lines rise the currents of the match lines stay what they come to be.

Each line is a ladder of n equal segments, R in series and C to ground, fixed at one end and open at the
other. A word line is driven at its fixed end; a match line is held at virtual ground there, where its current
is read. The devices between them conduct far less than a segment. So a word line sees its match lines at
rest, and a match line takes from every driven word line a current in proportion to the voltage there: two
ladders in a row. The devices load both, each cell with their mean conductance g.

The modes of such a ladder are known in closed form: sin(i theta) at node i, with
theta = (2 k - 1) pi / (2 n + 1) for k = 1 .. n, and they decay at the rate (2 - 2 cos theta) / (R C) + g / C.
A step at the fixed end reaches node i with the share of each mode there; a current into node i reaches the
fixed end with the same shares. So the current of a match line is a sum of exponentials, one for every mode of
either line. The slowest ones are what is waited for: roughly R C n^2 4 / pi^2 of each.

The driver has no resistance and rises at once, and the ADC takes no time: both come on top.
:mod:`sw.rram.spice.judge` holds all of this against a circuit simulator.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.rram.laws.lines import Lines

__all__ = ["settling_seconds"]

AT_ONCE = 1e30
"""Rate, per second, of a line without resistance or without capacitance."""
APART = 1e-9
"""Two rates that are nearer to each other, as a share of them, are moved apart: their difference divides."""
HALVINGS = 40


class _Modes(NamedTuple):
    """Modes of a ladder: their rates per second, (modes,), and shares at all nodes, (modes, nodes).

    The shares say what a constant voltage at the fixed end becomes at a node, and likewise what part of a
    current into a node comes out of the fixed end.
    """

    rates: NDArray[np.float64]
    shares: NDArray[np.float64]


def settling_seconds(
    g_siemens: NDArray[np.float64],
    driven: NDArray[np.bool_],
    lines: Lines,
    cells: tuple[int, int],
    within_siemens: float,
) -> NDArray[np.float64]:
    """Time from the rise of the driven word lines until each match-line current stays near its last value.

    Parameters
    ----------
    g_siemens
        Device conductances, (word lines, match lines), of the part of a tile that is in use.
    driven
        Which word lines rise, (word lines,).
    lines
        What the lines are like.
    cells
        Word lines and match lines of the whole tile: the lines go on beyond the part in use, at its far ends.
    within_siemens
        How near, as a current for each volt on the word lines: half an LSB of the ADC, say.

    Returns
    -------
    ndarray
        Seconds, (match lines,).
    """
    word_lines, match_lines = g_siemens.shape
    load = float(g_siemens.mean())
    word = _modes(
        cells[1], lines.word_line_ohms, lines.word_line_farads, load * match_lines / cells[1], match_lines
    )
    match = _modes(
        cells[0], lines.match_line_ohms, lines.match_line_farads, load * word_lines / cells[0], word_lines
    )
    out = match.shares @ (driven[:, np.newaxis] * g_siemens)  # (modes of a match line, match lines)
    gaps = match.rates - word.rates[:, np.newaxis]
    gaps = np.where(np.abs(gaps) < APART * match.rates, APART * match.rates, gaps)
    # Two first-order lags in a row, 1 - (b exp(-a t) - a exp(-b t)) / (b - a), for every pair of modes.
    of_word = word.shares * ((match.rates / gaps) @ out)
    of_match = -out * ((word.rates[:, np.newaxis] / gaps).T @ word.shares)
    rates = np.concatenate([word.rates, match.rates])
    parts = np.concatenate([of_word, of_match])
    return np.array([_time(rates, part, within_siemens) for part in parts.T])


def _modes(cells: int, ohms: float, farads: float, load: float, used: int) -> _Modes:
    """Modes of a line of so many cells, each with a load in siemens, and their shares at the first nodes."""
    if ohms * farads == 0:
        return _Modes(np.array([AT_ONCE]), np.ones((1, used)))
    angles = (2 * np.arange(1, cells + 1) - 1) * np.pi / (2 * cells + 1)
    rates = (2 - 2 * np.cos(angles)) / (ohms * farads) + load / farads
    at_nodes = np.sin(np.outer(angles, np.arange(1, used + 1)))
    norm = (2 * cells + 1) / 4  # the sum of sin(i theta)**2 over all nodes
    reached = np.sin(angles) / (norm * ohms * farads * rates)
    return _Modes(rates, reached[:, np.newaxis] * at_nodes)


def _time(rates: NDArray[np.float64], parts: NDArray[np.float64], within: float) -> float:
    """When the sum of decaying parts is no more than `within`; what lacks falls all the time."""

    def lacks(seconds: float) -> float:
        return abs(float(parts @ np.exp(-rates * seconds)))

    if lacks(0.0) <= within:
        return 0.0
    after = 1 / float(rates.max())
    while lacks(after) > within:
        after *= 2
    before = after / 2
    for _ in range(HALVINGS):
        middle = (before + after) / 2
        before, after = (middle, after) if lacks(middle) > within else (before, middle)
    return after
