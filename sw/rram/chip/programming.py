"""Programming an array: from templates to one chip. The steps live in their own modules."""

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
from sw.rram.chip.effects import check_effects
from sw.rram.chip.record import Record, chip_record
from sw.rram.devices.device import Device
from sw.rram.devices.error import programmed_conductances
from sw.rram.devices.mapping import array_design, code_siemens, conductance_codes, target_conductances
from sw.rram.devices.stuck import StuckCells, draw_stuck_cells, held_conductances
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Arrangement, arrangement
from sw.rram.laws.endurance import within_worn_window
from sw.rram.laws.generators import chip_generator
from sw.rram.laws.line_resistance import with_resistive_lines
from sw.rram.laws.read_noise import read_noise, tile_variances
from sw.rram.laws.retention import drifted
from sw.rram.laws.telegraph import with_traps
from sw.rram.laws.write_verify import Written, written

__all__ = ["ProgrammedArray", "converter_tables", "program", "program_array"]


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
    check_effects(device, conditions)
    design = array_design(design, conditions.cell_bits, conditions.adc.bits)
    coping = conditions.coping
    targets = target_conductances(templates, design, device)
    there = draw_stuck_cells(design, device, chip_generator(seed, chip, "stuck"), coping.spare_lines)
    places = arrangement(there, targets, design, device, coping)
    stuck = places.seen_stuck(there, design)
    held = held_conductances(stuck, design, device)
    read, done = _at_read_time(targets, held, device, conditions, seed, chip)
    noise = None
    if conditions.read_noise:
        read, noise = _with_noise(read, held, design, device, seed, chip)
    read = np.where(np.isnan(held), read, held)
    if conditions.word_line_ohms or conditions.match_line_ohms:
        read = _through_lines(read, places, there, design, device, conditions)
    state = ArrayState(
        conductance_codes(read, design, device),
        converter_tables(design, device, conditions, noise, seed=seed, chip=chip),
        noise,
    )
    return ProgrammedArray(design, state, chip_record(device, conditions, seed, chip, stuck, done))


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


def _at_read_time(
    targets: NDArray[np.float64],
    held: NDArray[np.float64],
    device: Device,
    conditions: Conditions,
    seed: int,
    chip: int,
) -> tuple[NDArray[np.float64], Written | None]:
    """Conductances of devices that work, programmed to `targets` and drifted until they are read."""
    window = device.g_hrs_siemens, device.g_lrs_siemens
    if device.endurance is not None:
        targets = within_worn_window(targets, device.endurance, *window, conditions.cycles)
    error_rng = chip_generator(seed, chip, "error")
    if device.measured is not None:
        return device.measured.conductances(targets, conditions.read_time_seconds, error_rng), None
    done = None
    if conditions.write_verify and device.pulses is not None:
        done = written(targets, held, device.pulses, *window, chip_generator(seed, chip, "pulses"))
        programmed = done.conductances
    else:
        programmed = programmed_conductances(targets, device, error_rng)
    if conditions.read_time_seconds == 0 or device.retention is None:
        return programmed, done
    seconds = device.retention.equivalent_seconds(conditions.read_time_seconds, conditions.temperature_kelvin)
    return drifted(programmed, device.retention, seconds, chip_generator(seed, chip, "drift")), done


def _with_noise(
    conductances: NDArray[np.float64],
    held: NDArray[np.float64],
    design: DesignPoint,
    device: Device,
    seed: int,
    chip: int,
) -> tuple[NDArray[np.float64], ReadNoise]:
    """Conductances with their traps, which devices that are held have not; the noise of every conversion."""
    law = device.read_noise
    assert law is not None
    low, high = device.g_hrs_siemens, device.g_lrs_siemens
    lsb, trap_variance = code_siemens(design, device), None
    if law.telegraph is not None:
        all_slow = design.cell == "window"
        rng = chip_generator(seed, chip, "telegraph")
        conductances, trap_variance = with_traps(conductances, law.telegraph, rng, all_slow=all_slow)
        trap_variance = np.where(np.isnan(held), trap_variance, 0.0) / lsb**2
    mismatch, match = (
        (low / lsb, high / lsb) if design.cell == "binary" else (design.mismatch_code, design.match_code)
    )
    variances = tile_variances(law, design, match - mismatch, trap_variance)
    return conductances, read_noise(variances, chip_generator(seed, chip, "read-noise"))


def _through_lines(
    conductances: NDArray[np.float64],
    places: Arrangement,
    there: StuckCells,
    design: DesignPoint,
    device: Device,
    conditions: Conditions,
) -> NDArray[np.float64]:
    """Effective conductances of devices where they are in the array, as the templates see them.

    Devices of match lines that hold no segment are left in the HRS, or are held; their lines are at virtual
    ground like all others.
    """
    held = held_conductances(there, design, device)
    unused = np.where(np.isnan(held), device.g_hrs_siemens, held)
    physical = places.placed(conductances, unused, design)
    ohms = conditions.word_line_ohms, conditions.match_line_ohms
    return places.seen(with_resistive_lines(physical, design, *ohms), design)
