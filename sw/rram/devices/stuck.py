"""Devices that ignore programming: stuck cells, and cells on broken lines.

A stuck device stays in one of its two states. A broken line is open where it enters its tile: a word line
that is open selects none of its devices, and from a match line that is open no current reaches the ADC. So
the devices of both conduct nothing. A tile's lines break independently of other tiles'.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.rram.devices.device import Device

__all__ = ["StuckCells", "draw_stuck_cells", "held_conductances"]


@dataclass(frozen=True, eq=False)
class StuckCells:
    """Devices that ignore programming; no device is in two of the maps.

    Attributes
    ----------
    hrs, lrs
        bool, (2, F, T): which devices stay in the high- or the low-resistance state.
    open
        bool, (2, F, T): which devices lie on a broken line.
    """

    hrs: NDArray[np.bool_]
    lrs: NDArray[np.bool_]
    open: NDArray[np.bool_]


def draw_stuck_cells(
    design: DesignPoint, device: Device, rng: np.random.Generator, spare_lines: int = 0
) -> StuckCells:
    """Stuck cells and broken lines of one chip, with the probabilities of `device`.

    One uniform number per cell, word line and match line decides, whatever the probabilities are. So a higher
    probability keeps what was stuck or broken at a lower one; and spare lines change nothing for the others.

    Parameters
    ----------
    design
        Gives features, templates and the sizes of the tiles.
    device
        Gives the probabilities.
    rng
        Generator of the chip for this.
    spare_lines
        Match lines of the array after those of the templates; they come last in the maps.
    """
    total = design.templates + spare_lines
    cells, word_lines, match_lines = [], [], []
    tiles = 0
    for lines, until in ((design.templates, design.templates), (spare_lines, total)):
        more = ceil(until / design.cols) - tiles
        cells.append(rng.random((2, design.features, lines)))
        word_lines.append(rng.random((2, design.features, more)))
        match_lines.append(rng.random((design.row_tiles, lines)))
        tiles += more
    cell, word_line, match_line = (np.concatenate(part, axis=-1) for part in (cells, word_lines, match_lines))
    of_line = np.arange(total) // design.cols
    of_row = np.arange(design.features) // design.rows
    broken = (word_line < device.p_broken_row)[:, :, of_line] | (match_line < device.p_broken_col)[of_row]
    hrs = ~broken & (cell < device.p_stuck_hrs)
    lrs = ~broken & ~hrs & (cell >= 1 - device.p_stuck_lrs)
    return StuckCells(hrs, lrs, broken)


def held_conductances(stuck: StuckCells, design: DesignPoint, device: Device) -> NDArray[np.float64]:
    """Where devices stay whatever is written, in siemens, (2, F, T); NaN for those that work.

    Stuck devices have the nominal conductance of their state, those on broken lines none. A window cell with
    a broken line matches no level: its lower bound lies at the top of the window, its upper bound at the
    bottom. It then conducts what a mismatch does, which is where the ADC's range begins.
    """
    held = np.full(stuck.hrs.shape, np.nan)
    held[stuck.hrs] = device.g_hrs_siemens
    held[stuck.lrs] = device.g_lrs_siemens
    if design.cell == "binary":
        held[stuck.open] = 0.0
    else:
        held[:, stuck.open.any(axis=0)] = np.array([[device.g_lrs_siemens], [device.g_hrs_siemens]])
    return held
