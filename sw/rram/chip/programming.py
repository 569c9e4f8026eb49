"""Programming an array: from templates to one chip, effect by effect."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.reference.adc import AdcTables
from sw.reference.array_state import ArrayState
from sw.reference.noise import ReadNoise
from sw.rram.adc.calibration import calibrated
from sw.rram.adc.converters import draw_converters
from sw.rram.chip.record import Record, chip_record
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import array_design, conductance_codes, target_conductances
from sw.rram.effects.chip import Cells, Chip, chip_with_places
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.known import EFFECTS, check_effects
from sw.rram.laws.generators import chip_generator

__all__ = ["ProgrammedArray", "converter_tables", "program", "program_array", "programmed_cells"]


class ProgrammedArray(NamedTuple):
    """The array of one chip.

    Attributes
    ----------
    design
        With the widths of the conditions, see :func:`sw.rram.devices.mapping.array_design`.
    array
        Its codes, ADCs and read noise; it has no pulse rule.
    record
        Record of its programming, see :mod:`sw.rram.chip.record`.
    """

    design: DesignPoint
    array: ArrayState
    record: Record


def program(bundle: Bundle, device: Device, conditions: Conditions, *, seed: int, chip: int = 0) -> Bundle:
    """Program the templates of a bundle into the RRAM of one chip.

    Parameters
    ----------
    bundle
        Gives templates and design; the state of its own array is replaced.
    device, conditions, seed, chip
        See :func:`program_array`.

    Returns
    -------
    Bundle
        The same classifier on that chip, with the record of its programming as ``provenance.device``.

    Raises
    ------
    EngramError
        As :func:`program_array`.
    """
    made = program_array(bundle.design, bundle.templates, device, conditions, seed=seed, chip=chip)
    provenance = bundle.provenance.model_copy(update={"device": made.record})
    return bundle.with_(design=made.design, array=made.array, provenance=provenance)


def program_array(
    design: DesignPoint,
    templates: NDArray[np.uint8],
    device: Device,
    conditions: Conditions,
    *,
    seed: int,
    chip: int = 0,
) -> ProgrammedArray:
    """Program templates into the RRAM of one chip, of which no front end is needed.

    Parameters
    ----------
    design, templates
        Sizes, and the values to store, see :func:`sw.rram.devices.mapping.target_conductances`.
    device
        What the cells are made of.
    conditions
        How they are programmed and read.
    seed, chip
        Together they say which chip; see :mod:`sw.rram.laws.generators`.

    Raises
    ------
    EngramError
        If the device has no law for an effect that the conditions ask for, or not at those values; if the
        codes are too narrow to tell the two states apart.
    """
    made, cells = programmed_cells(design, templates, device, conditions, seed=seed, chip=chip)
    design = made.design
    state = ArrayState(
        conductance_codes(cells.conductances, design, device),
        converter_tables(design, device, conditions, cells.noise, seed=seed, chip=chip),
        cells.noise,
    )
    return ProgrammedArray(
        design, state, chip_record(device, conditions, seed, chip, made.stuck, cells.written)
    )


def programmed_cells(
    design: DesignPoint,
    templates: NDArray[np.uint8],
    device: Device,
    conditions: Conditions,
    *,
    seed: int,
    chip: int = 0,
) -> tuple[Chip, Cells]:
    """A chip and the states of its devices when they are read, in siemens, before they become codes.

    Parameters
    ----------
    design, templates, device, conditions, seed, chip
        See :func:`program_array`.

    Raises
    ------
    EngramError
        If the device has no law for an effect that the conditions ask for, or not at those values.
    """
    check_effects(device, conditions)
    design = array_design(design, conditions.cell_bits, conditions.adc.bits)
    targets = target_conductances(templates, design, device)
    made = chip_with_places(targets, design, device, conditions, seed, chip)
    return made, _programmed(targets, made)


def converter_tables(
    design: DesignPoint,
    device: Device,
    conditions: Conditions,
    noise: ReadNoise | None,
    *,
    seed: int,
    chip: int,
) -> AdcTables:
    """ADCs of one chip, calibrated where the conditions ask for it; nothing else of the chip depends on them.

    Parameters
    ----------
    design
        With the widths of the conditions, see :func:`sw.rram.devices.mapping.array_design`.
    device, conditions, seed, chip
        See :func:`program_array`.
    noise
        Of the chip's conversions.

    Raises
    ------
    EngramError
        If they cannot be put in integers, or the codes are too narrow to tell the two states apart.
    """
    converters = draw_converters(design, device, conditions.adc, chip_generator(seed, chip, "converters"))
    if conditions.coping.calibrate_adc:
        rng = chip_generator(seed, chip, "calibration")
        converters = calibrated(converters, design, device, conditions.adc, noise, rng)
    return converters.tables()


def _programmed(targets: NDArray[np.float64], chip: Chip) -> Cells:
    """States of the devices of a chip when they are read, for targets in siemens, (2, F, T)."""
    for effect in EFFECTS:
        targets = effect.aim(targets, chip)
    cells = Cells(targets)
    for effect in EFFECTS:
        cells = effect.act_on_devices(cells, chip)
    for effect in EFFECTS:
        cells = effect.act_on_array(cells, chip)
    return cells
