"""Statistics of the device models, held against the laws that they are made from.

``engram check devices`` prints them as a table. Every figure comes from the steps that programming
takes, with as many samples as asked for; where a law's normal distribution would reach below 0 S it is cut
there, as the model does, before both are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import erf, exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.durations import written_duration
from sw.reference.noise import conversion_noise, image_keys
from sw.rram.check.nodal import nodal_currents
from sw.rram.devices.device import Device
from sw.rram.devices.error import programmed_conductances
from sw.rram.devices.mapping import code_siemens
from sw.rram.devices.stuck import draw_stuck_cells
from sw.rram.laws.line_resistance import effective_conductances
from sw.rram.laws.read_noise import read_noise, tile_variances
from sw.rram.laws.retention import drifted
from sw.rram.laws.write_verify import written

__all__ = ["Compared", "error_statistics", "statistics_of", "stuck_statistics"]

PER_MICRO = 1e6
READ_SECONDS = (1.0, 3_600.0, 86_400.0, 31_557_600.0, 315_576_000.0)
TILE_ROWS = 128
RESISTIVE_TILE = (128, 32)
"""Word-line pairs and match lines."""
SEGMENT_OHMS = 2.5
READ_VOLTS = 0.2
RATES = {"p_stuck_hrs": 0.01, "p_stuck_lrs": 0.09, "p_broken_row": 0.01, "p_broken_col": 0.01}


@dataclass(frozen=True)
class Compared:
    """One figure of a law and of the model.

    Attributes
    ----------
    device
        Whose law it is.
    quantity, at
        What, and for which conductance, time or tile.
    unit
        Of law and model.
    law, model
        The figures.
    standard_error
        Of the model's figure, for this number of samples; 0 where nothing is sampled.
    """

    device: str
    quantity: str
    at: str
    unit: str
    law: float
    model: float
    standard_error: float

    @property
    def difference(self) -> float:
        """Of the model from the law, as a share of the law."""
        return self.model / self.law - 1


def statistics_of(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    """All figures that the device has laws for."""
    yield from error_statistics(device, samples, rng)
    yield from _drift_statistics(device, samples, rng)
    yield from _noise_statistics(device, samples, rng)
    yield from _write_statistics(device, samples, rng)
    yield _ir_drop(device, rng)


def error_statistics(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    """Programming error at both ends and in the middle of the window; none for exact or measured devices."""
    for target in _targets(device):
        sigma = float(device.sigma_siemens(np.array(target)))
        if device.error_polynomial is None or sigma == 0:
            continue
        got = programmed_conductances(np.full(samples, target), device, rng)
        where = f"{target * PER_MICRO:g} uS"
        mean, spread = _cut(target, sigma) if device.error_distribution == "normal" else (target, sigma)
        error = spread / sqrt(samples)
        yield Compared(
            device.name,
            "mean",
            where,
            "uS",
            mean * PER_MICRO,
            float(got.mean()) * PER_MICRO,
            error * PER_MICRO,
        )
        yield _spread(device, "programming error", where, spread, got)


def _drift_statistics(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    law = device.retention
    start = np.full(samples, device.g_lrs_siemens)
    for seconds in READ_SECONDS if law is not None else ():
        assert law is not None
        if not law.valid_from_seconds <= seconds <= law.valid_to_seconds:
            continue
        shift = drifted(start, law, seconds, rng) - start
        mean, sigma = law.moments(seconds)
        where = written_duration(seconds)
        if mean:
            error = sigma / sqrt(samples)
            yield Compared(
                device.name,
                "drift",
                where,
                "uS",
                mean * PER_MICRO,
                float(shift.mean()) * PER_MICRO,
                error * PER_MICRO,
            )
        yield _spread(device, "spread of drift", where, sigma, shift)


def _noise_statistics(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    if device.read_noise is None:
        return
    design = _design(TILE_ROWS, 100, rows=TILE_ROWS, cols=100)
    window = device.g_lrs_siemens - device.g_hrs_siemens
    lsb = code_siemens(design, device)
    noise = read_noise(tile_variances(device.read_noise, design, window / lsb), rng)
    images = np.arange(-(-samples // design.templates), dtype=np.uint32)
    got = conversion_noise(noise, image_keys(noise.key, images), design.templates) * lsb
    sigma = device.read_noise.sigma_of_window * window * sqrt(TILE_ROWS)
    yield _spread(device, "read noise", f"{TILE_ROWS} rows", sigma, got.ravel())


def _write_statistics(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    if device.pulses is None:
        return
    for target in _targets(device):
        targets = np.full((2, -(-samples // 200), 100), target)
        window = device.g_hrs_siemens, device.g_lrs_siemens
        done = written(targets, np.full(targets.shape, np.nan), device.pulses, *window, rng)
        sigma = float(device.sigma_siemens(np.array(target)))
        got = done.conductances[~done.failed]
        yield _spread(device, "write-verify error", f"{target * PER_MICRO:g} uS", sigma, got)


def _ir_drop(device: Device, rng: np.random.Generator) -> Compared:
    """Of a tile with resistive lines, the current that differs most from the nodal equations' one."""
    rows, cols = RESISTIVE_TILE
    conductances = rng.uniform(device.g_hrs_siemens, device.g_lrs_siemens, (2 * rows, cols))
    bits = rng.integers(0, 2, (10, rows))
    volts = READ_VOLTS * np.stack([1 - bits, bits], axis=2).reshape(len(bits), 2 * rows)
    nodal = nodal_currents(conductances, volts, SEGMENT_OHMS, SEGMENT_OHMS).ravel()
    model = (volts @ effective_conductances(conductances, SEGMENT_OHMS, SEGMENT_OHMS)).ravel()
    worst = int(np.abs(model / nodal - 1).argmax())
    where = f"{rows} x {cols}, {SEGMENT_OHMS:g} ohm"
    return Compared(
        device.name,
        "IR drop",
        where,
        "uA",
        float(nodal[worst]) * PER_MICRO,
        float(model[worst]) * PER_MICRO,
        0.0,
    )


def stuck_statistics(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    """Rates of stuck cells and broken lines, at :data:`RATES`; every tile is a single cell."""
    design = _design(-(-samples // 1_000), 1_000, rows=1, cols=1)
    stuck = draw_stuck_cells(design, device.with_(**RATES), rng)
    broken_row = np.mean(stuck.open[0] ^ stuck.open[1])  # one of the two word lines, and no match line
    row, col = RATES["p_broken_row"], RATES["p_broken_col"]
    working = (1 - row) * (1 - col)
    figures = (
        ("stuck in HRS", RATES["p_stuck_hrs"] * working, stuck.hrs.mean(), stuck.hrs.size),
        ("stuck in LRS", RATES["p_stuck_lrs"] * working, stuck.lrs.mean(), stuck.lrs.size),
        ("one broken word line", 2 * row * (1 - row) * (1 - col), broken_row, stuck.open[0].size),
        ("both devices cut off", col + (1 - col) * row**2, stuck.open.all(axis=0).mean(), stuck.open[0].size),
    )
    for quantity, law, model, count in figures:
        yield Compared("any", quantity, "", "", law, float(model), sqrt(law * (1 - law) / count))


def _targets(device: Device) -> tuple[float, float, float]:
    low, high = device.g_hrs_siemens, device.g_lrs_siemens
    return low, (low + high) / 2, high


def _spread(device: Device, what: str, where: str, law: float, got: NDArray[np.floating]) -> Compared:
    """Standard deviation of samples, in microsiemens, with its standard error from their fourth moment."""
    model = float(got.std())
    kurtosis = float(np.mean(((got - got.mean()) / model) ** 4))
    error = model * sqrt((kurtosis - 1) / (4 * got.size))
    return Compared(device.name, what, where, "uS", law * PER_MICRO, model * PER_MICRO, error * PER_MICRO)


def _cut(mean: float, sigma: float) -> tuple[float, float]:
    """Mean and standard deviation of a normal distribution whose negative values are 0."""
    place = mean / sigma
    above = (1 + erf(place / sqrt(2))) / 2
    density = exp(-(place**2) / 2) / sqrt(2 * pi)
    first = mean * above + sigma * density
    second = (mean**2 + sigma**2) * above + mean * sigma * density
    return first, sqrt(second - first**2)


def _design(features: int, templates: int, *, rows: int, cols: int) -> DesignPoint:
    """Pixels as features, an 8-bit array."""
    classes = 100 if templates % 100 == 0 else 2
    return DesignPoint(
        name="statistics",
        height=1,
        width=features,
        classes=classes,
        templates_per_class=templates // classes,
        rows=rows,
        cols=cols,
        row_lanes=1,
        cell_bits=8,
    )
