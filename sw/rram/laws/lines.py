"""Lines of a crossbar: resistance and capacitance that every cell adds to its word line and its match line."""

from typing import NamedTuple

__all__ = ["COMPILER_LINES", "COMPILER_SOURCE", "Lines"]


class Lines(NamedTuple):
    """What a line has from one cell to the next; 0 is a perfect line.

    Attributes
    ----------
    word_line_ohms, match_line_ohms
        Resistance of one segment.
    word_line_farads, match_line_farads
        Capacitance to ground of one segment with the cell on it.
    """

    word_line_ohms: float
    match_line_ohms: float
    word_line_farads: float
    match_line_farads: float


COMPILER_LINES = Lines(1.28, 0.14, 5.83e-15, 3.31e-15)
"""Lines of the 1T1R cell of an RRAM compiler. Its cell has three lines: select, 1.28 ohm and 5.83 fF; N, 0.14
ohm and 3.31 fF; P, 0.14 ohm and 2.48 fF. Ours has two. We take the select line's figures for the word line,
which crosses the cells in the same direction, and the N line's for the match line, the larger of what is left."""
COMPILER_SOURCE = "arXiv 2104.14885 (RRAM compiler, 180 nm): select line and N line, per cell"
