"""One tile of a programmed chip: its devices where they lie, and what evaluation makes of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.rram.adc.converters import full_scale_of
from sw.rram.chip.programming import programmed_cells
from sw.rram.devices.device import Device
from sw.rram.effects.chip import Chip
from sw.rram.effects.conditions import Conditions

__all__ = ["Tile", "programmed_tiles"]


@dataclass(frozen=True, eq=False)
class Tile:
    """A tile of a chip. Word line 2 f + d leads to device d of pair f of the tile.

    Attributes
    ----------
    chip
        Where it is from.
    row, column
        Which tile of the chip it is.
    conductances
        Siemens, (word lines, match lines): all devices of the tile that are made, with faults, errors and
        drift, before lines take their part.
    effective
        Siemens, (word lines, match lines): what evaluation computes of it with resistive lines; NaN on match
        lines that hold no template.
    stuck
        Devices that ignored their programming, those on broken lines too.
    """

    chip: Chip
    row: int
    column: int
    conductances: NDArray[np.float64]
    effective: NDArray[np.float64]
    stuck: int

    @property
    def cells(self) -> tuple[int, int]:
        """Word lines and match lines of the whole tile, used or not."""
        return 2 * self.chip.design.rows, self.chip.design.cols

    @property
    def half_step_siemens(self) -> float:
        """Half an LSB of its ADCs, as a current for each volt; of the ideal ADC, half a matching cell."""
        low, high = self.chip.window
        if self.chip.design.adc_bits is None:
            return (high - low) / 2
        span = full_scale_of(self.chip.design, self.chip.conditions.adc).span
        return span * (high - low) / self.chip.design.max_adc_code / 2

    def driven(self, levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Word lines that rise for the word-line values (F,) of an image, (word lines,).

        A bit picks device 0 or 1 of its pair; where the two word lines of a pair are swapped, the other one.
        """
        rows = _part(self.chip.design.features, self.row, self.chip.design.rows)
        picked = levels[rows].astype(np.bool_) ^ self.chip.places.swapped[rows]
        return np.stack([~picked, picked], axis=1).reshape(-1)


def programmed_tiles(
    design: DesignPoint,
    templates: NDArray[np.uint8],
    device: Device,
    conditions: Conditions,
    *,
    seed: int,
    chip: int = 0,
) -> list[Tile]:
    """All tiles of a chip, row by row.

    Parameters
    ----------
    design, templates, device, conditions, seed, chip
        See :func:`sw.rram.chip.programming.program_array`.

    Raises
    ------
    EngramError
        As there; and if the cells are window cells, whose conductances are bounds and not currents.
    """
    if design.cell != "binary":
        raise EngramError(
            f"a netlist must be of binary cells, whose devices are resistors, {design.name!r} has "
            f"{design.cell} cells, whose conductances are bounds; take a bundle with binary templates"
        )
    ideal = conditions.with_(word_line_ohms=0.0, match_line_ohms=0.0)
    made, cells = programmed_cells(design, templates, device, ideal, seed=seed, chip=chip)
    _, read = programmed_cells(design, templates, device, conditions, seed=seed, chip=chip)
    devices = made.in_the_array(cells.conductances)
    nothing = np.full(devices.shape, np.nan)
    effective = made.places.placed(read.conductances, nothing, made.design)
    stuck = made.physical.hrs | made.physical.lrs | made.physical.open
    tiles = []
    for row in range(design.row_tiles):
        for column in range(-(-devices.shape[2] // design.cols)):
            rows = _part(design.features, row, design.rows)
            columns = _part(devices.shape[2], column, design.cols)
            one, two, faults = (_lines(of[:, rows, columns]) for of in (devices, effective, stuck))
            tiles.append(Tile(made, row, column, one, two, int(faults.sum())))
    return tiles


def _part(total: int, tile: int, size: int) -> slice:
    return slice(tile * size, min(total, (tile + 1) * size))


def _lines(pairs: NDArray) -> NDArray:
    """Devices (2, pairs, match lines) as (word lines, match lines)."""
    return np.moveaxis(pairs, 0, 1).reshape(-1, pairs.shape[2])
