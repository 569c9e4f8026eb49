"""Calibration: trims of offset and gain that a controller finds by reading reference match lines.

Every tile has one match line more, with a device in the LRS and one in the HRS in each pair, as in a template
that is known. By the word lines that it drives, the controller chooses how many of the cells match, and so a
current between no match and all match. Where a device is stuck, its pair is stored the other way round; only
where both are stuck alike the current is off. A reference line of window cells holds half the levels, with
bounds far from the two levels that it is driven with. Broken reference lines are not modelled.

The ADCs of a tile read its line in turn, at several currents and several times at each. What they say on
average is a straight line over what they should say, and gives offset and gain, which are trimmed at the
converter's input in steps. What stays: the rest of the step; noise, rounding and nonlinearity of the
readings; and the programming error of the reference line, which moves all ADCs of a tile alike and so changes
no comparison of templates within it. Calibration takes place right after programming.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.reference.adc import convert
from sw.reference.noise import NOISE_SIGMA, ReadNoise
from sw.rram.adc.converters import AdcModel, ChipConverters, full_scale_of
from sw.rram.devices.device import Device
from sw.rram.devices.error import programmed_conductances
from sw.rram.devices.mapping import conductance_codes, current_codes

__all__ = ["REFERENCE_CURRENTS", "calibrated", "reference_currents"]

REFERENCE_CURRENTS = 16
"""Currents at which every ADC is read, spread over the middle three quarters of its range."""
EDGE = 1 / 8
GAIN_TRIM = 0.5, 2.0
"""Range of the trim of the gain."""
ROUNDING_LSB = 12**-0.5
"""Standard deviation of a rounding error."""
RESOLVED_SHARE = 0.5
"""Of the spread of the gains; what reference lines tell of a gain must be less uncertain than that."""


def calibrated(
    converters: ChipConverters,
    design: DesignPoint,
    device: Device,
    model: AdcModel,
    noise: ReadNoise | None,
    rng: np.random.Generator,
) -> ChipConverters:
    """The ADCs of a chip with their trims set; the ideal ADC is left as it is.

    Readings at the first or the last code are not used, as the current may lie beyond. An ADC with no others
    is not trimmed. Coarse ADCs round more than their gains differ: a gain is trimmed only where rounding
    leaves it less uncertain than half the gains' spread, which the designer of the converters knows; else it
    is taken as nominal, and the offset is what readings differ by on average.

    Parameters
    ----------
    converters
        As drawn.
    design, device, model
        What they were drawn from; the model gives the step of the trims and the number of readings.
    noise
        Noise of the array's conversions, which those of calibration have too.
    rng
        Generator of the chip for this.
    """
    if design.adc_bits is None:
        return converters
    matches = _matches(design, model)
    currents = reference_currents(design, device, matches, rng)
    codes = _read(currents, converters, design, noise, model.calibration_reads, rng)
    top = design.max_adc_code
    full_scale = full_scale_of(design, model)
    ideal = (matches - np.array(full_scale.lowest)[:, np.newaxis]) * (top / full_scale.span)
    offset, gain = _fitted(codes, ideal[:, np.newaxis], model.gain_sigma)
    step = model.trim_step_lsb
    offset_trim = np.rint(offset / step) * step
    gain_trim = np.clip(1 + np.rint((gain - 1) * top / step) * step / top, *GAIN_TRIM)
    return replace(
        converters,
        gain=converters.gain / gain_trim,
        offset_lsb=(converters.offset_lsb - offset_trim) / gain_trim,
    )


def reference_currents(
    design: DesignPoint, device: Device, matches: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Currents of the reference lines, int64 (row tiles, column tiles, M), in conductance codes.

    Parameters
    ----------
    design, device
        Gives the tiles; and conductances, programming error and stuck cells.
    matches
        Cells that match, (row tiles, M): the first ones of the tile.
    rng
        Generator of the chip for this.
    """
    low, high = current_codes(design, device)
    shape = design.features, design.col_tiles
    cells = np.stack([np.full(shape, low), np.full(shape, high)])
    if design.cell == "binary":
        states = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
        targets = np.broadcast_to(states[:, np.newaxis, np.newaxis], (2, *shape))
        if device.measured is not None:
            siemens = device.measured.conductances(targets, 0.0, rng)
        else:
            siemens = programmed_conductances(targets, device, rng)
        draw = rng.random(shape)
        p_hrs, p_lrs = device.p_stuck_hrs**2, device.p_stuck_lrs**2
        siemens = np.where(draw < p_hrs, device.g_hrs_siemens, siemens)
        siemens = np.where(draw >= 1 - p_lrs, device.g_lrs_siemens, siemens)
        cells = conductance_codes(siemens, design, device).astype(np.int64)
    currents = np.empty((design.row_tiles, design.col_tiles, matches.shape[1]), np.int64)
    for tile, driven in enumerate(matches):
        start = tile * design.rows
        rows = np.arange(design.rows_in_tile(tile))[:, np.newaxis] < driven
        mismatching, matching = cells[:, start : start + len(rows)]
        currents[tile] = matching.T @ rows + mismatching.T @ ~rows
    return currents


def _matches(design: DesignPoint, model: AdcModel) -> NDArray[np.int64]:
    """Cells to match in every row tile, (row tiles, M), within what the tile has of the range."""
    full_scale = full_scale_of(design, model)
    rows = np.array([design.rows_in_tile(tile) for tile in range(design.row_tiles)], np.float64)
    low = np.clip(full_scale.lowest, 0, rows)
    high = np.clip(np.array(full_scale.lowest) + full_scale.span, low, rows)
    places = np.linspace(EDGE, 1 - EDGE, REFERENCE_CURRENTS)
    return np.rint(low[:, np.newaxis] + (high - low)[:, np.newaxis] * places).astype(np.int64)


def _read(
    currents: NDArray[np.int64],
    converters: ChipConverters,
    design: DesignPoint,
    noise: ReadNoise | None,
    reads: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Mean code that every ADC reads, (row tiles, ADCs per row tile, M); NaN where one was at an end."""
    lines = np.arange(design.templates)
    seen = currents[:, lines // design.cols].transpose(2, 0, 1)
    readings = np.broadcast_to(seen, (1 if noise is None else reads, *seen.shape))
    if noise is not None:
        sigma = NOISE_SIGMA * noise.scale / 2.0**noise.shift
        readings = readings + np.rint(sigma[:, np.newaxis] * rng.standard_normal(readings.shape))
    largest = np.array([[design.max_current_in_tile(tile)] for tile in range(design.row_tiles)])
    within = np.clip(readings, 0, largest).astype(np.int64)
    codes = convert(within.reshape(-1, *seen.shape[1:]), converters.tables(), design)
    reader = [design.adc_of_match_line(line) for line in range(design.templates)]
    first = np.unique(reader, return_index=True)[1]
    codes = codes.reshape(*readings.shape)[..., first]
    inside = np.all((codes > 0) & (codes < design.max_adc_code), axis=0)
    return np.where(inside, codes.mean(axis=0), np.nan).transpose(1, 2, 0)


def _fitted(
    codes: NDArray[np.float64], ideal: NDArray[np.float64], gain_sigma: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offset in LSB and relative gain by least squares over the last axis, without the NaNs.

    The gain is 1 where rounding leaves it too uncertain for gains with that standard deviation.
    """
    used = ~np.isnan(codes)
    count = np.maximum(used.sum(axis=-1), 1)
    got, wanted = np.where(used, codes, 0), np.where(used, ideal, 0)
    mean_got, mean_wanted = got.sum(axis=-1) / count, wanted.sum(axis=-1) / count
    far = np.where(used, ideal - mean_wanted[..., np.newaxis], 0)
    square = (far**2).sum(axis=-1)
    resolved = RESOLVED_SHARE * gain_sigma * np.sqrt(square) > ROUNDING_LSB
    gain = np.where(resolved, (far * got).sum(axis=-1) / np.where(resolved, square, 1), 1.0)
    return mean_got - gain * mean_wanted, gain
