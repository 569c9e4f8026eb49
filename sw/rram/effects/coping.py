"""Coping: what the controller of an array does about stuck devices and mismatched converters.

Writing every device both ways tells the controller which of them are stuck. Before it programs templates, it
arranges where they go, so that stuck devices do as little harm as possible. A stuck device harms by how far
its conductance lies from the one that was wanted; where that is the state it is stuck in, it does no harm.

Arranging needs two small memories next to the array and nothing in what follows it: a map of match lines for
every row of tiles in the readout, which says on which line the segment of each template is, so that the ADC
of the template reads that line; and one bit per word-line pair, an exclusive-or at its driver. Levels and
codes on the controller's side keep the order of features and templates.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sw.design import DesignPoint
from sw.rram.devices.device import Device
from sw.rram.devices.stuck import StuckCells

__all__ = ["Arrangement", "Coping", "arrangement"]

TIE = 1e-6
"""Share of the window that is no gain."""
MAX_ROUNDS = 8
"""Each round lowers the harm; two or three find the end."""


class Coping(BaseModel):
    """Which means are used; the default is none.

    Parameters
    ----------
    spare_lines
        Match lines of a row of tiles besides those of the templates.
    polarity
        Whether the two word lines of a pair may be swapped; without effect on window cells.
    calibrate_adc
        Whether the ADCs are trimmed with reference match lines, see :mod:`sw.rram.adc.calibration`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spare_lines: Annotated[int, Field(ge=0, le=1_024)] = 0
    polarity: bool = False
    calibrate_adc: bool = False


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where the templates are in an array.

    Attributes
    ----------
    lines
        int64, (row tiles, T): match line of the template's segment in every row tile.
    swapped
        bool, (F,): word-line pairs whose two word lines, and so devices, are swapped.
    """

    lines: NDArray[np.int64]
    swapped: NDArray[np.bool_]

    def seen(self, physical: NDArray[Any], design: DesignPoint) -> NDArray[Any]:
        """Values of the array's devices, (2, F, lines), as the templates see them, (2, F, T)."""
        templates = self.lines.shape[1]
        if not self.swapped.any() and np.all(self.lines == np.arange(templates)):
            return physical[..., :templates]
        taken = np.take_along_axis(physical, self._of_rows(design), axis=2)
        return np.where(self.swapped[:, np.newaxis], taken[::-1], taken)

    def seen_stuck(self, stuck: StuckCells, design: DesignPoint) -> StuckCells:
        """Stuck devices of the array, (2, F, lines), as the templates see them, (2, F, T)."""
        return StuckCells(*(self.seen(part, design) for part in (stuck.hrs, stuck.lrs, stuck.open)))

    def placed(self, seen: NDArray[Any], unused: NDArray[Any], design: DesignPoint) -> NDArray[Any]:
        """The inverse of :meth:`seen`: values (2, F, lines) that are `unused` where no template is."""
        physical = unused.copy()
        turned = np.where(self.swapped[:, np.newaxis], seen[::-1], seen)
        np.put_along_axis(physical, self._of_rows(design), turned, axis=2)
        return physical

    def _of_rows(self, design: DesignPoint) -> NDArray[np.int64]:
        """Match line of every template at every word-line pair, (1, F, T)."""
        return self.lines[np.newaxis, np.arange(design.features) // design.rows]


def arrangement(
    stuck: StuckCells, targets: NDArray[np.float64], design: DesignPoint, device: Device, coping: Coping
) -> Arrangement:
    """Arrange templates in an array with stuck devices.

    *Spare match lines*: in every row tile, segments of templates move to spare lines, each to one, so that
    the harm of the whole tile is the least. A segment that gains nothing stays where it is.

    *Polarity*: swapping the two word lines of a pair drives, for all templates, the device 1 where device 0
    was, and the templates are stored the other way round. A pair is swapped where that harms less. Window
    cells hold two different bounds on one line, so for them there is nothing to swap.

    Both depend on each other, so they take turns until neither lowers the harm. Without either, templates are
    on the first lines, in order.

    Parameters
    ----------
    stuck
        Of the array, (2, F, T + spare lines), spare lines last.
    targets
        Conductances to write, in siemens, (2, F, T).
    design, device
        Tiles; conductances of the two states.
    coping
        Which means there are.
    """
    lines = np.tile(np.arange(design.templates), (design.row_tiles, 1))
    best = Arrangement(lines, np.zeros(design.features, np.bool_))
    swaps = coping.polarity and design.cell == "binary"
    if not (swaps or coping.spare_lines):
        return best
    wanted = (targets - device.g_hrs_siemens) / (device.g_lrs_siemens - device.g_hrs_siemens)
    slope, base = _harm(stuck, design, device)
    least = np.inf
    for _ in range(MAX_ROUNDS):
        if swaps:
            straight = Arrangement(best.lines, np.zeros_like(best.swapped))
            best = Arrangement(best.lines, _swapped(wanted, straight.seen(slope, design)))
        if not coping.spare_lines:
            break
        turned = np.where(best.swapped[:, np.newaxis], slope[::-1], slope)
        lines, harm = _assigned(_tile_sums(wanted, turned, design) + base[:, np.newaxis], design.templates)
        best = Arrangement(lines, best.swapped)
        if not swaps or harm >= least:
            break
        least = harm
    return best


def _harm(
    stuck: StuckCells, design: DesignPoint, device: Device
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Harm of every device as a linear function of what is wanted of it, 0 for the HRS and 1 for the LRS.

    In shares of the window: `wanted` when it is stuck in the HRS, ``1 - wanted`` in the LRS. A binary cell
    that is open misses the HRS conductance besides; an open window cell never matches, and so is off by the
    whole window.

    Returns
    -------
    slope, base
        float64, (2, F, lines), and the other term summed over each match line of a tile, (row tiles, lines).
    """
    hrs, lrs, is_open = (part.astype(np.float64) for part in (stuck.hrs, stuck.lrs, stuck.open))
    if design.cell == "binary":
        lost = device.g_hrs_siemens / (device.g_lrs_siemens - device.g_hrs_siemens)
        slope, base = hrs - lrs + is_open, lrs + lost * is_open
    else:
        slope, base = hrs - lrs, lrs + is_open
    starts = np.arange(0, design.features, design.rows)
    return slope, np.add.reduceat(base.sum(axis=0), starts, axis=0)


def _swapped(wanted: NDArray[np.float64], slope: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Word-line pairs that harm less with their word lines swapped, for slopes (2, F, T)."""
    return np.einsum("ft,ft->f", wanted[0] - wanted[1], slope[0] - slope[1]) > TIE


def _tile_sums(
    wanted: NDArray[np.float64], slope: NDArray[np.float64], design: DesignPoint
) -> NDArray[np.float64]:
    """Sums over the devices of every row tile of products, (row tiles, T, lines)."""
    tiles = []
    for start in range(0, design.features, design.rows):
        rows = slice(start, start + design.rows)
        tiles.append(sum(wanted[device, rows].T @ slope[device, rows] for device in range(2)))
    return np.stack(tiles)


def _assigned(harm: NDArray[np.float64], templates: int) -> tuple[NDArray[np.int64], float]:
    """Match line of every segment, (row tiles, T), and the harm of all; `harm` is (row tiles, T, lines)."""
    from scipy.optimize import linear_sum_assignment

    count = harm.shape[2]
    moves = np.where(np.arange(count) < templates, np.inf, TIE)
    cost = harm + np.where(np.eye(templates, count, dtype=np.bool_), 0.0, moves)
    lines = np.stack([linear_sum_assignment(tile)[1] for tile in cost])
    return lines, float(np.take_along_axis(harm, lines[..., np.newaxis], axis=2).sum())
