"""Lines of a crossbar: resistance and capacitance that every cell adds to its word line and match line."""

from typing import NamedTuple

__all__ = ["COMPILER_LINES", "Lines"]


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
"""Those of an RRAM compiler, 180 nm, arXiv 2104.14885, whose cell has three lines: select, 1.28 ohm and 5.83
fF; N, 0.14 ohm and 3.31 fF; P, 0.14 ohm and 2.48 fF. Ours has two. An assumption of ours: a word line is like
the select line, which picks cells as it does, and a match line like the N line, the larger of the others."""
