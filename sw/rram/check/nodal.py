"""The nodal equations of a crossbar with resistive lines, node by node, for every pattern: the judge of
:mod:`sw.rram.laws.line_resistance`, with which it shares the circuit and no arithmetic."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

__all__ = ["nodal_currents"]


def nodal_currents(
    g_siemens: NDArray[np.float64],
    volts: NDArray[np.float64],
    word_line_ohms: float,
    match_line_ohms: float,
) -> NDArray[np.float64]:
    """Match-line currents in amperes by sparse LU of Kirchhoff's equations of all nodes, two per cell.

    Parameters
    ----------
    g_siemens
        Device conductances, (word lines, match lines).
    volts
        Voltages of the word lines, (patterns, word lines).
    word_line_ohms, match_line_ohms
        Resistance of one segment; 0 is an ideal line.

    Returns
    -------
    ndarray
        (patterns, match lines).
    """
    word_lines, match_lines = g_siemens.shape
    cells = g_siemens.size
    device = sparse.diags(g_siemens.reshape(-1))
    # Every equation is multiplied by its line's resistance, so that 0 ohm needs no case of its own.
    along_word_line = sparse.kron(sparse.eye(word_lines), _segments(match_lines))
    along_match_line = sparse.kron(_segments(word_lines), sparse.eye(match_lines))
    equations = sparse.bmat(
        [
            [along_word_line + word_line_ohms * device, -word_line_ohms * device],
            [-match_line_ohms * device, along_match_line + match_line_ohms * device],
        ]
    )
    sources = np.zeros((2 * cells, len(volts)))
    sources[:cells:match_lines] = volts.T
    nodes = splu(equations.tocsc()).solve(sources).T.reshape(len(volts), 2, word_lines, match_lines)
    return np.einsum("ij,nij->nj", g_siemens, nodes[:, 0] - nodes[:, 1])


def _segments(nodes: int) -> sparse.dia_matrix:
    """Kirchhoff's matrix of a line whose first node has a segment to its source and whose last is open."""
    diagonal = np.full(nodes, 2.0)
    diagonal[-1] = 1.0
    beside = -np.ones(nodes - 1)
    return sparse.diags([beside, diagonal, beside], [-1, 0, 1])
