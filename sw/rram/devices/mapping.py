"""Mapping: stored templates to the conductances to write, and conductances to the codes that the array adds.

This is the only place where siemens become codes. Binary cells have codes in proportion to the conductance,
since their currents add up: ``code = round(G / G_lsb)``. Window cells compare, so their codes are positions
within the window: ``code = round((G - g_hrs) / (g_lrs - g_hrs) * max_code)``.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference.array import ideal_codes
from sw.rram.devices.device import Device

__all__ = [
    "WINDOW_MATCH_CODES",
    "array_design",
    "code_siemens",
    "conductance_codes",
    "current_codes",
    "lrs_code",
    "target_conductances",
]

WINDOW_MATCH_CODES = (40, 9)
"""Currents of a programmed window cell that matches and of one that does not, in the ratio of the energies of
the 9T4R cell of arXiv 2410.03414, 0.16 pJ and 0.036 pJ, which it takes at one voltage and in one time."""


@lru_cache(maxsize=16)
def array_design(design: DesignPoint, cell_bits: int, adc_bits: int | None) -> DesignPoint:
    """The design with RRAM cells and converters of these widths; raises EngramError where they do not fit."""
    changes: dict[str, object] = {"cell_bits": cell_bits, "adc_bits": adc_bits}
    if design.cell == "window":
        changes |= dict(zip(("match_code", "mismatch_code"), WINDOW_MATCH_CODES, strict=True))
    return design.with_(**changes)


def target_conductances(
    templates: NDArray[np.uint8], design: DesignPoint, device: Device
) -> NDArray[np.float64]:
    """Conductances to write, in siemens: float64 (2, F, T), device, word-line pair, match line.

    Parameters
    ----------
    templates
        Binary cells: stored bits (T, F); device 1 of a pair is in LRS for a stored 1, device 0 for a stored
        0. Window cells: lowest and highest level (2, T, F); device 0 holds the lower bound, device 1 the
        upper one, and the window of codes fills the window of conductances.
    design
        Gives kind and width of the cells.
    device
        Gives the two states.
    """
    codes = ideal_codes(templates, design)
    top = 1 if design.cell == "binary" else design.max_code
    steps = np.linspace(device.g_hrs_siemens, device.g_lrs_siemens, top + 1)
    return steps[codes]


def lrs_code(device: Device, cell_bits: int) -> int:
    """Code of the nominal LRS of a binary cell, which fixes ``G_lsb = g_lrs / lrs_code``.

    It is the largest code that keeps conductances up to the device's head room from being clipped, at least
    1: without an error, the largest there is.
    """
    highest = 1 + device.code_headroom_siemens / device.g_lrs_siemens
    top = 2**cell_bits - 1
    return min(top, max(1, int((top + 0.5) / highest)))


def code_siemens(design: DesignPoint, device: Device) -> float:
    """Conductance of one code, in siemens."""
    if design.cell == "binary":
        return device.g_lrs_siemens / lrs_code(device, design.cell_bits)
    return (device.g_lrs_siemens - device.g_hrs_siemens) / design.max_code


def conductance_codes(
    conductances: NDArray[np.float64], design: DesignPoint, device: Device
) -> NDArray[np.uint8]:
    """Codes of conductances in siemens, rounded and clipped to 0 .. 2**cell_bits - 1."""
    first = 0.0 if design.cell == "binary" else device.g_hrs_siemens
    positions = np.rint((conductances - first) / code_siemens(design, device))
    return np.clip(positions, 0, design.max_code).astype(np.uint8)


def current_codes(design: DesignPoint, device: Device) -> tuple[int, int]:
    """Nominal currents of a cell that does not match and of one that does, in conductance codes.

    Raises
    ------
    EngramError
        If the codes are too narrow to tell the two states apart.
    """
    if design.cell == "window":
        return design.mismatch_code, design.match_code
    states = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
    hrs, lrs = (int(code) for code in conductance_codes(states, design, device))
    if hrs == lrs:
        raise EngramError(
            f"cell_bits must be large enough to tell HRS from LRS of device {device.name!r}, "
            f"got {design.cell_bits}: both get code {lrs}; use more cell bits or a wider window"
        )
    return hrs, lrs
