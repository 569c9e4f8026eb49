"""Modelled energy of one classification, in two accountings, beside a dense last layer.

*Paper* is what arXiv 2502.10089 counts: a fixed energy for every multiply-accumulate whose weight is not zero
and for every cell of the array; no memory, no drivers, no ADC, no control. *Full* has a part for each:

=======================  ================================================================================
macs                     multiplication and addition of every weight that is not zero
weight_memory            those weights, read once
activation_memory        image and activations, written once, read once per output channel
activations              thresholds, requantisation, max-pool
frontend_controller      address counters of the front end
quantiser                comparators of the features, with their thresholds read once
word_lines               drivers: capacitance of the cells of a tile's row x swing**2, per row and column tile
cells                    by match and mismatch, averaged over the images
adc                      conversion step x 2**bits, as if all bits were effective, per row tile and match
                         line; an ideal ADC as one that tells every number of matches apart
classifier               scores added up, winner, runner-up, margin
backend_controller       address counters of quantiser, array and ADCs
=======================  ================================================================================

What is counted is defined in :mod:`sw.energy.work`; what it costs stands in ``energy.toml``. Digital energy
scales from 32-bit operations: a multiplication of a by b bits takes ``multiply * a * b / 32**2``, as an array
multiplier has one adder per pair of bits; an addition of n bits ``add * n / 32``; n bits of memory
``memory * n / 64``. A controller is nothing but its counters. Nowhere counted: clock tree, registers,
leakage, input and output, references and bias, converters that drive the levels of window cells, spare match
lines, programming. Constants of different nodes are added as they are: :func:`nodes` says which.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.energy.constants import Constants
from sw.energy.work import (
    ArrayWork,
    Work,
    array_work,
    classifier_work,
    dense_work,
    frontend_work,
    macs_nonzero,
    matches,
    quantiser_work,
)

__all__ = [
    "FRONTEND_PARTS",
    "Energy",
    "energy_of",
    "nodes",
    "paper_backend_nj",
    "paper_frontend_nj",
    "paper_nj",
]

FRONTEND_PARTS = ("macs", "weight_memory", "activation_memory", "activations", "frontend_controller")
"""Parts of the full accounting that a dense last layer has as well; the others stand in its place."""

DIGITAL = ("multiply_32_bit", "add_32_bit", "memory_64_bit")
USED = {
    "word_lines": ("word_line_per_cell", "word_line_swing"),
    "adc": ("adc_step",),
    "frontend_controller": ("add_32_bit", "counter"),
    "backend_controller": ("add_32_bit", "counter"),
}
"""Constants of the parts that are not digital operations alone; those of cells depend on their kind."""

NJ_PER_PJ = 1e-3
NJ_PER_FJ = 1e-6


@dataclass(frozen=True)
class Energy:
    """Energy of one classification in nJ.

    Attributes
    ----------
    paper
        ``frontend`` and ``backend``.
    full
        By part.
    dense_paper, dense_full
        Of the dense layer that would stand in place of everything behind the front end.
    """

    paper: dict[str, float]
    full: dict[str, float]
    dense_paper: float
    dense_full: dict[str, float]

    @property
    def full_frontend(self) -> float:
        """Parts that the front end takes."""
        return sum(self.full[part] for part in FRONTEND_PARTS)

    @property
    def full_backend(self) -> float:
        """Parts that stand in place of a dense layer."""
        return sum(value for part, value in self.full.items() if part not in FRONTEND_PARTS)


def paper_frontend_nj(macs: int, constants: Constants) -> float:
    """Front end in paper accounting, for multiply-accumulates whose weight is not zero."""
    return macs * constants.paper_mac.value * NJ_PER_PJ


def paper_backend_nj(cells: int, constants: Constants) -> float:
    """Array in paper accounting, for word-line values x templates cells."""
    return cells * constants.paper_cell.value * NJ_PER_FJ


def paper_nj(bundle: Bundle, design: DesignPoint, constants: Constants) -> tuple[dict[str, float], float]:
    """Paper accounting: ``frontend`` and ``backend``, and the dense layer in place of the latter."""
    values = int(np.prod(design.feature_map_shape))
    parts = {
        "frontend": paper_frontend_nj(macs_nonzero(bundle), constants),
        "backend": paper_backend_nj(design.features * design.templates, constants),
    }
    return parts, paper_frontend_nj(values * design.classes, constants)


def energy_of(
    bundle: Bundle, levels: NDArray[np.uint8], constants: Constants, design: DesignPoint | None = None
) -> Energy:
    """Energy per classification, averaged over images.

    Parameters
    ----------
    bundle
        The classifier; its stored templates decide what matches, whatever state its cells are in.
    levels
        uint8, (N, F), word-line values of the images, at least one.
    constants
        What everything costs.
    design
        Design of the array that is read, if it is not the bundle's own: the resolution of its ADCs counts.
    """
    design = design or bundle.design
    array, frontend, quantiser = array_work(design), frontend_work(bundle), quantiser_work(bundle)
    dense = dense_work(bundle)
    mean_matches = matches(bundle, levels) / len(levels)
    steps = sum(work.accesses for work in frontend.values())
    backend_steps = quantiser.accesses + array.word_lines + array.conversions
    full = {part: _digital(work, constants) for part, work in frontend.items()}
    full["frontend_controller"] = _counted(steps, constants)
    full["quantiser"] = _digital(quantiser, constants)
    full["word_lines"] = _word_lines(array, constants)
    full["cells"] = _cells(array, mean_matches, design, constants)
    full["adc"] = array.conversion_steps * constants.adc_step.value * NJ_PER_FJ
    full["classifier"] = _digital(classifier_work(design), constants)
    full["backend_controller"] = _counted(backend_steps, constants)
    dense_full = {part: _digital(work, constants) for part, work in dense.items()}
    dense_full["controller"] = _counted(sum(work.accesses for work in dense.values()), constants)
    paper, dense_paper = paper_nj(bundle, design, constants)
    return Energy(paper=paper, full=full, dense_paper=dense_paper, dense_full=dense_full)


def nodes(constants: Constants, design: DesignPoint) -> dict[str, str]:
    """Nodes for which the constants of every part hold, such as ``45 nm``."""
    cells = {"cells": (f"{design.cell}_match", f"{design.cell}_mismatch")}
    named = (*FRONTEND_PARTS, "quantiser", "word_lines", "cells", "adc", "classifier", "backend_controller")
    found = {}
    for part in named:
        used = [getattr(constants, name) for name in (USED | cells).get(part, DIGITAL)]
        # a constant that holds for any node says nothing about the part
        found[part] = ", ".join(dict.fromkeys(each.node for each in used if each.node != "any"))
    return found


def _digital(work: Work, constants: Constants) -> float:
    """nJ of digital work, scaled from 32-bit operations and 64-bit accesses."""
    picojoules = (
        work.multiplied * constants.multiply_32_bit.value / 32**2
        + work.added * constants.add_32_bit.value / 32
        + work.moved * constants.memory_64_bit.value / 64
    )
    return picojoules * NJ_PER_PJ


def _counted(steps: int, constants: Constants) -> float:
    """nJ of address counters that take so many steps."""
    return steps * constants.counter.value / 32 * constants.add_32_bit.value * NJ_PER_PJ


def _word_lines(array: ArrayWork, constants: Constants) -> float:
    """nJ of word lines that rise once; fF x V**2 = fJ."""
    per_cell = constants.word_line_per_cell.value * constants.word_line_swing.value**2
    return array.driven_cells * per_cell * NJ_PER_FJ


def _cells(array: ArrayWork, mean_matches: float, design: DesignPoint, constants: Constants) -> float:
    """nJ of cells that match and of those that do not."""
    match, mismatch = (getattr(constants, f"{design.cell}_{kind}").value for kind in ("match", "mismatch"))
    return (mean_matches * match + (array.cells - mean_matches) * mismatch) * NJ_PER_FJ
