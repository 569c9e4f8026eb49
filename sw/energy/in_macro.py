"""Energy of one classification with a macro: array, converters, drivers and digital parts in one node.

Energy of the array is that of :mod:`sw.energy.macros.price`, the digital parts are priced in the macro's
technology. Converters are the macro's own, with the resolution of the design; an ideal one is as one that
tells every number of matches apart. Cells that a design leaves empty take no energy, but load the word lines.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.accounting import Energy, paper_nj
from sw.energy.constants import Constants
from sw.energy.digital import DigitalWork, parts_nj
from sw.energy.engine import digital_backend, digital_dense
from sw.energy.macros.macro import Macro
from sw.energy.macros.price import Reads, energy_fj
from sw.energy.work import conversion_bits, matches
from sw.errors import EngramError

__all__ = ["array_nj", "check_cells", "energy_in_macro", "reads_of"]

NJ_PER_FJ = 1e-6
PARTS = {
    "quantiser": None,
    "word_lines": "word_lines",
    "cells": "cells",
    "adc": "converters",
    "array_control": "control",
    "classifier": None,
    "backend_controller": None,
}
"""Parts behind the front end, and which of them are those of a macro, so that they stand where those of
:mod:`sw.energy.accounting` do."""


def check_cells(macro: Macro, design: DesignPoint, name: str) -> None:
    """Refuse a classifier that the cells of a macro cannot hold; a window cell holds a bit too.

    Raises
    ------
    EngramError
        If `design`, of the bundle `name`, has window cells and the macro has none.
    """
    if design.cell == "window" and macro.cell.kind != "window":
        raise EngramError(
            f"--macro must have window cells for {name}, {macro.name} has {macro.cell.kind} ones; "
            "take another macro, such as acam-9t4r"
        )


def array_nj(bundle: Bundle, macro: Macro, design: DesignPoint, mean_matches: float) -> dict[str, float]:
    """Energy of everything behind the front end by part, in nJ.

    Parameters
    ----------
    bundle
        The classifier.
    macro, design
        The array that is read.
    mean_matches
        Cells that match, of one image.
    """
    array = energy_fj(macro, reads_of(design, mean_matches))
    digital = parts_nj(digital_backend(bundle, design), macro.node)
    return {
        part: digital[part] if of_macro is None else array[of_macro] * NJ_PER_FJ
        for part, of_macro in PARTS.items()
    }


def energy_in_macro(
    bundle: Bundle,
    levels: NDArray[np.uint8],
    macro: Macro,
    front_end: Mapping[str, DigitalWork],
    paper: Constants,
    design: DesignPoint,
) -> Energy:
    """Energy per classification, averaged over images, as :func:`sw.energy.accounting.energy_of` gives it.

    Parameters
    ----------
    bundle
        The classifier.
    levels
        uint8, (N, F), word-line values of the images, at least one.
    macro, design
        The array that is read.
    front_end
        Work of one image by part, in front of array or dense layer.
    paper
        Constants of the paper's accounting, which no macro changes.
    """
    mean_matches = matches(bundle, levels) / len(levels)
    full = parts_nj(front_end, macro.node) | array_nj(bundle, macro, design, mean_matches)
    dense = parts_nj(digital_dense(bundle), macro.node)
    of_paper, dense_paper = paper_nj(bundle, design, paper)
    return Energy(paper=of_paper, full=full, dense_paper=dense_paper, dense_full=dense)


def reads_of(design: DesignPoint, mean_matches: float) -> Reads:
    """The reads of one image on all tiles of a design."""
    return Reads(
        matched=mean_matches,
        mismatched=design.features * design.templates - mean_matches,
        raised_values=design.features * design.col_tiles,
        cols=design.cols,
        conversions=[(bits, design.templates) for bits in conversion_bits(design)],
        tiles=design.row_tiles * design.col_tiles,
    )
