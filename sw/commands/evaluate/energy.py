"""Which model of the energy an evaluation takes: constants of several nodes, or a macro in one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.commands.costs.front_end import cheapest_front_end
from sw.energy.constants import DEFAULT, read_constants
from sw.energy.in_macro import check_cells
from sw.energy.macros.macro import macro_named
from sw.energy.report import EnergyReport, report_in_macro, report_of
from sw.errors import EngramError

__all__ = ["energy_model"]

EnergyModel = Callable[[NDArray[np.uint8], int | None, str], EnergyReport]
"""Report for word-line values (N, F), bits of the ADCs, and name of the data set."""


def energy_model(bundle: Bundle, file: Path | None, macro: str | None) -> EnergyModel:
    """The model that --energy and --macro ask for, read and checked before anything takes its time.

    Raises
    ------
    EngramError
        If both are given, a file cannot be used, or the cells of the macro cannot hold the classifier.
    """
    if macro is None:
        constants, source = read_constants(file or DEFAULT), file or DEFAULT
        return lambda levels, bits, data: report_of(bundle, levels, constants, source, bits, data)
    if file is not None:
        raise EngramError(f"--energy must be left out with --macro, whose node has all constants, got {file}")
    found, paper = macro_named(macro), read_constants()
    check_cells(found, bundle.design, bundle.design.name)
    front_end = cheapest_front_end(bundle, found.node)[1]
    return lambda levels, bits, data: report_in_macro(bundle, levels, found, front_end, paper, bits, data)
