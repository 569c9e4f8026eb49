"""One chip in the making: what effects act on, and all that they may ask about it."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.reference.noise import ReadNoise
from sw.rram.devices.device import Device
from sw.rram.devices.stuck import StuckCells, draw_stuck_cells, held_conductances
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Arrangement, arrangement
from sw.rram.laws.generators import chip_generator
from sw.rram.laws.write_verify import Written

__all__ = ["Cells", "Chip", "chip_with_places"]


class Cells(NamedTuple):
    """States of the devices of a chip.

    Attributes
    ----------
    conductances
        float64, (2, F, T), in siemens, as the templates see them; before programming, the targets.
    written
        What write-verify did; None without.
    noise
        Of every conversion; None without.
    """

    conductances: NDArray[np.float64]
    written: Written | None = None
    noise: ReadNoise | None = None


@dataclass(frozen=True, eq=False)
class Chip:
    """A chip before it is programmed: sizes, device, conditions, stuck devices and places of templates.

    Attributes
    ----------
    design
        With the widths of the conditions.
    device, conditions
        What the cells are made of, how they are programmed and read.
    seed, number
        Together they say which chip, see :mod:`sw.rram.laws.generators`.
    physical
        Stuck devices where they lie in the array, (2, F, T + spare lines).
    places
        Where the templates lie.
    """

    design: DesignPoint
    device: Device
    conditions: Conditions
    seed: int
    number: int
    physical: StuckCells
    places: Arrangement

    @property
    def window(self) -> tuple[float, float]:
        """Conductances of the high- and the low-resistance state, in siemens."""
        return self.device.g_hrs_siemens, self.device.g_lrs_siemens

    @cached_property
    def stuck(self) -> StuckCells:
        """Stuck devices as the templates see them, (2, F, T)."""
        return self.places.seen_stuck(self.physical, self.design)

    @cached_property
    def held(self) -> NDArray[np.float64]:
        """Where stuck devices stay, in siemens, (2, F, T); NaN for devices that work."""
        return held_conductances(self.stuck, self.design, self.device)

    def in_the_array(self, seen: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the templates see, siemens (2, F, T), where it lies in the array, (2, F, T + spare lines).

        Devices of match lines that hold no segment are left in the HRS, or are held.
        """
        held = held_conductances(self.physical, self.design, self.device)
        unused = np.where(np.isnan(held), self.device.g_hrs_siemens, held)
        return self.places.placed(seen, unused, self.design)

    def generator(self, stream: str) -> np.random.Generator:
        """The chip's random numbers for one thing; an effect names its stream after itself."""
        return chip_generator(self.seed, self.number, stream)


def chip_with_places(
    targets: NDArray[np.float64],
    design: DesignPoint,
    device: Device,
    conditions: Conditions,
    seed: int,
    number: int,
) -> Chip:
    """A chip whose stuck devices are drawn and whose templates have their places.

    Both come before all effects, since the controller chooses the places by which devices are stuck.

    Parameters
    ----------
    targets
        Conductances to write, in siemens, (2, F, T).
    design, device, conditions, seed, number
        See :class:`Chip`.
    """
    coping = conditions.coping
    rng = chip_generator(seed, number, "stuck")
    physical = draw_stuck_cells(design, device, rng, coping.spare_lines)
    places = arrangement(physical, targets, design, device, coping)
    return Chip(design, device, conditions, seed, number, physical, places)
