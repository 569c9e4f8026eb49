"""Statistics of the converters, held against the laws that they are made from.

The laws are those of independent units, relative to the full scale, to first order in their mismatch: a level
in the middle of N = 2**bits units errs by what half of them do on either side; a step of a ramp by its own
unit; and where all weights of a SAR converter change, from N / 2 - 1 units to N / 2 others, by N - 1 of them.
"""

from collections.abc import Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.rram.adc.converters import AdcModel, draw_converters
from sw.rram.adc.kinds import KINDS, ConverterKind
from sw.rram.check.compared import Compared
from sw.rram.devices.presets import DEVICES
from sw.rram.laws.linearity import linearity

__all__ = ["converter_statistics"]

BITS = 6
MODEL = AdcModel(bits=BITS, gain_sigma=0.02, offset_sigma_lsb=0.5, unit_sigma=0.02)
STEP_CONVERTERS = 10_000
"""Converters at once, which bounds memory to some tens of MB."""


def converter_statistics(samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    """Spread of gain, offset, INL and DNL of so many converters."""
    design = DesignPoint(
        name="statistics",
        height=1,
        width=-(-samples // 1_000),
        classes=100,
        templates_per_class=10,
        rows=1,
        cols=1_000,
        cols_per_adc=1,
        row_lanes=1,
        adc_bits=BITS,
    )
    drawn = draw_converters(design, DEVICES["ideal"], MODEL.model_copy(update={"unit_sigma": 0.0}), rng)
    top = design.max_adc_code
    yield _spread("any ADC", "gain", "", "", MODEL.gain_sigma, drawn.gain.ravel() / top - 1)
    yield _spread("any ADC", "offset", "", "LSB", MODEL.offset_sigma_lsb, drawn.offset_lsb.ravel())
    units = 2**BITS
    for name, kind in KINDS.items():
        inl, dnl = _middle(kind, samples, rng)
        where, spread = f"code {units // 2} of {units}", MODEL.unit_sigma
        law = spread * sqrt(kind.changing_units(units) - 1 / units)
        yield _spread(f"{name} ADC", "INL", where, "LSB", spread * sqrt(units) / 2, inl)
        yield _spread(f"{name} ADC", "DNL", where, "LSB", law, dnl)


def _middle(
    kind: ConverterKind, samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """INL of the middle code, and DNL of the one before it, whose upper end that is."""
    inl, dnl = [], []
    for start in range(0, samples, STEP_CONVERTERS):
        count = min(STEP_CONVERTERS, samples - start)
        found = linearity(kind.levels(BITS, MODEL.unit_sigma, count, rng))
        inl.append(found.inl_lsb[:, 2 ** (BITS - 1) - 1])
        dnl.append(found.dnl_lsb[:, 2 ** (BITS - 1) - 2])
    return np.concatenate(inl), np.concatenate(dnl)


def _spread(device: str, what: str, where: str, unit: str, law: float, got: NDArray[np.float64]) -> Compared:
    model = float(got.std())
    return Compared(device, f"spread of {what}", where, unit, law, model, model / sqrt(2 * got.size))
