"""Programming an array: stored bits to conductances, to errors, to the integer codes that inference adds up.

Each step is a function of its own; :func:`program` runs them for one chip. This is the only place where
siemens become codes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference.adc import AdcTables, full_scale_tables
from sw.rram.conditions import Conditions
from sw.rram.device import Device

__all__ = [
    "StuckCells",
    "adc_tables",
    "chip_generators",
    "conductance_codes",
    "draw_stuck_cells",
    "lrs_code",
    "program",
    "programmed_conductances",
    "target_conductances",
    "with_stuck_cells",
]

HEADROOM_SIGMAS = 3.0


@dataclass(frozen=True, eq=False)
class StuckCells:
    """Devices that ignore programming.

    Attributes
    ----------
    hrs, lrs
        bool, (2, F, T): which devices stay in the high- or the low-resistance state; never both.
    """

    hrs: NDArray[np.bool_]
    lrs: NDArray[np.bool_]


def chip_generators(seed: int, chip: int = 0) -> tuple[np.random.Generator, np.random.Generator]:
    """Generators of one chip: programming error, stuck cells.

    Keyed by (seed, chip), so a chip is the same however many others are drawn, and in whatever order; and a
    chip keeps its programming errors when only the stuck probabilities change.
    """
    error, stuck = np.random.SeedSequence(seed, spawn_key=(chip,)).spawn(2)
    return np.random.default_rng(error), np.random.default_rng(stuck)


def target_conductances(templates: NDArray[np.uint8], device: Device) -> NDArray[np.float64]:
    """Conductances to write, in siemens.

    Parameters
    ----------
    templates
        uint8, (T, F), stored bits. Device 1 of the pair is in LRS for a stored 1, device 0 for a stored 0.
    device
        Gives the two states.

    Returns
    -------
    ndarray
        float64, (2, F, T): device, word-line pair, match line.
    """
    stored = np.stack([1 - templates.T, templates.T])
    return np.where(stored == 1, device.g_lrs_siemens, device.g_hrs_siemens)


def programmed_conductances(
    targets: NDArray[np.float64], device: Device, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Conductances in siemens after write-verify: normal around the target, never below 0."""
    return np.maximum(targets + device.sigma_siemens(targets) * rng.standard_normal(targets.shape), 0.0)


def draw_stuck_cells(shape: tuple[int, ...], device: Device, rng: np.random.Generator) -> StuckCells:
    """Each device is stuck independently, with the probabilities of `device`."""
    draw = rng.random(shape)
    hrs = draw < device.p_stuck_hrs
    return StuckCells(hrs, ~hrs & (draw < device.p_stuck_hrs + device.p_stuck_lrs))


def with_stuck_cells(
    conductances: NDArray[np.float64], stuck: StuckCells, device: Device
) -> NDArray[np.float64]:
    """Put stuck devices at the nominal conductance of their state, in siemens."""
    held = np.where(stuck.hrs, device.g_hrs_siemens, conductances)
    return np.where(stuck.lrs, device.g_lrs_siemens, held)


def lrs_code(device: Device, cell_bits: int) -> int:
    """Code of the nominal LRS, which fixes ``G_lsb = g_lrs / lrs_code``.

    It is the largest code that keeps LRS devices up to 3 sigma above nominal from being clipped, so that
    clipping does not hide their error; all codes when programming is exact, at least 1.
    """
    sigma = float(device.sigma_siemens(np.array(device.g_lrs_siemens)))
    highest = 1 + HEADROOM_SIGMAS * sigma / device.g_lrs_siemens
    top = 2**cell_bits - 1
    return min(top, max(1, int((top + 0.5) / highest)))


def conductance_codes(conductances: NDArray[np.float64], device: Device, cell_bits: int) -> NDArray[np.uint8]:
    """Integer codes ``round(G / G_lsb)`` of conductances in siemens, clipped to 0 .. 2**cell_bits - 1."""
    lsb_siemens = device.g_lrs_siemens / lrs_code(device, cell_bits)
    return np.clip(np.rint(conductances / lsb_siemens), 0, 2**cell_bits - 1).astype(np.uint8)


def adc_tables(design: DesignPoint, device: Device) -> AdcTables:
    """ADCs that spread a full tile's nominal currents, from no match to all match, over all codes.

    All tiles have the same gain, so a match counts the same everywhere. A last tile that is not full has less
    HRS current; its offset leaves that much less out.

    Raises
    ------
    EngramError
        If the two states get the same code.
    """
    levels = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
    hrs, lrs = (int(code) for code in conductance_codes(levels, device, design.cell_bits))
    if hrs == lrs:
        raise EngramError(
            f"cell_bits must be large enough to tell HRS from LRS of device {device.name!r}, "
            f"got {design.cell_bits}: both get code {lrs}; use more cell bits or a wider window"
        )
    rows = design.rows_in_tile(0)
    tables = full_scale_tables(design, rows * hrs, rows * lrs)
    if design.adc_bits is None:
        return tables
    missing = np.array([rows - design.rows_in_tile(tile) for tile in range(design.row_tiles)])
    offset = tables.offset + (missing * hrs)[:, np.newaxis] * tables.gain
    return AdcTables(tables.gain, offset.astype(np.int32), tables.shift)


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
        Together they say which chip; see :func:`chip_generators`.

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
    cell_bits = conditions.cell_bits
    design = bundle.design.with_(cell_bits=cell_bits, adc_bits=conditions.adc.bits)
    error_rng, stuck_rng = chip_generators(seed, chip)
    targets = target_conductances(bundle.templates, device)
    stuck = draw_stuck_cells(targets.shape, device, stuck_rng)
    conductances = with_stuck_cells(programmed_conductances(targets, device, error_rng), stuck, device)
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
        "cell_bits": cell_bits,
    }
    return bundle.with_(
        design=design,
        codes=conductance_codes(conductances, device, cell_bits),
        adc=adc_tables(design, device),
        provenance=bundle.provenance.model_copy(update={"device": record}),
    )
