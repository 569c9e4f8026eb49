"""Programming an array: from the templates of a bundle to one chip. The steps live in their own modules."""

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.rram.conditions import Conditions
from sw.rram.converters import adc_tables
from sw.rram.device import Device
from sw.rram.mapping import array_design, conductance_codes, target_conductances
from sw.rram.streams import chip_generator
from sw.rram.stuck import draw_stuck_cells, with_stuck_cells

__all__ = ["program", "programmed_conductances"]


def programmed_conductances(
    targets: NDArray[np.float64], device: Device, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Conductances in siemens after write-verify: normal around the target, never below 0."""
    return np.maximum(targets + device.sigma_siemens(targets) * rng.standard_normal(targets.shape), 0.0)


def program(bundle: Bundle, device: Device, conditions: Conditions, *, seed: int, chip: int = 0) -> Bundle:
    """Program the templates of a bundle into the RRAM of one chip.

    Parameters
    ----------
    bundle
        Gives templates and design; its own codes and ADC tables are replaced.
    device
        What the cells are made of.
    conditions
        How they are programmed and read.
    seed, chip
        Together they say which chip; see :mod:`sw.rram.streams`.

    Returns
    -------
    Bundle
        The same classifier on that chip; ``provenance.device`` says how it was programmed and how many
        devices are stuck.

    Raises
    ------
    EngramError
        If the codes are too narrow to tell the two states apart.
    """
    design = array_design(bundle.design, conditions.cell_bits, conditions.adc.bits)
    adc = adc_tables(design, device, conditions.adc, chip_generator(seed, chip, "converters"))
    targets = target_conductances(bundle.templates, design, device)
    programmed = programmed_conductances(targets, device, chip_generator(seed, chip, "error"))
    stuck = draw_stuck_cells(design, device, chip_generator(seed, chip, "stuck"))
    conductances = with_stuck_cells(programmed, stuck, design, device)
    record: dict[str, str | int | float] = {
        "preset": device.name,
        "source": device.source,
        "seed": seed,
        "chip": chip,
        "g_hrs_siemens": device.g_hrs_siemens,
        "g_lrs_siemens": device.g_lrs_siemens,
        "p_stuck_hrs": device.p_stuck_hrs,
        "p_stuck_lrs": device.p_stuck_lrs,
        "stuck_hrs": int(stuck.hrs.sum()),
        "stuck_lrs": int(stuck.lrs.sum()),
        "cell_bits": conditions.cell_bits,
    }
    if stuck.open.any():
        record["open"] = int(stuck.open.sum())
    return bundle.with_(
        design=design,
        codes=conductance_codes(conductances, design, device),
        adc=adc,
        provenance=bundle.provenance.model_copy(update={"device": record}),
    )
