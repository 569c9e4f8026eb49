"""Estimator: a function that says what a point needs on an FPGA, of which this package knows nothing."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sw.explore.compute.accuracy import Chips

__all__ = ["Fpga"]


class Fpga(NamedTuple):
    """How points are estimated on an FPGA.

    Attributes
    ----------
    columns
        Columns for a bundle, one chip and the board.
    board
        Its name.
    """

    columns: Callable[[Any, Chips, str], dict[str, Any]]
    board: str
