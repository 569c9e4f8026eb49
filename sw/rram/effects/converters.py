"""Converters and codes: mismatch of the ADCs, and what rounding to codes loses.

These effects act where conductances become codes and currents are converted, which
:mod:`sw.rram.chip.programming` always does; here is what a person can say about them.
"""

from collections.abc import Iterator

import numpy as np

from sw.rram.adc.converters import MAX_LSB, AdcModel
from sw.rram.check.compared import Compared
from sw.rram.check.converters import converter_statistics
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Option

__all__ = ["AdcMismatch", "AdcResolution", "CellResolution", "with_bits"]

FINEST_CELL_BITS = 8
FINEST_ADC_BITS = 12
MAX_UNIT_SIGMA = 0.2
MISMATCHES = ("gain_sigma", "offset_sigma_lsb", "unit_sigma")


class AdcMismatch(Effect):
    """ADCs that differ from each other and are bent."""

    name = "adc_mismatch"
    options = (
        Option(
            "--adc-kind",
            "adc.kind",
            str,
            "sar",
            "sar: binary-weighted capacitors in each ADC; ramp: one ramp for a tile.",
        ),
        Option(
            "--adc-gain-sigma",
            "adc.gain_sigma",
            float,
            0.0,
            "Spread of the ADCs' gain: relative standard deviation.",
        ),
        Option(
            "--adc-offset-sigma-lsb",
            "adc.offset_sigma_lsb",
            float,
            0.0,
            "Spread of the ADCs' offset: standard deviation in LSB.",
        ),
        Option(
            "--adc-unit-sigma",
            "adc.unit_sigma",
            float,
            0.0,
            "Spread of a unit capacitor or ramp step, which bends the ADCs' curve.",
        ),
    )

    def off(self, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
        """All ADCs are alike and linear."""
        return device, conditions.with_(adc=conditions.adc.model_dump() | dict.fromkeys(MISMATCHES, 0.0))

    def depends_on_columns(self, device: Device, conditions: Conditions) -> bool:
        """Match lines that share an ADC share its errors."""
        return any(getattr(conditions.adc, name) for name in MISMATCHES)

    def common_figures(self, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Spread of gain, offset and nonlinearity."""
        return converter_statistics(samples, rng)


class AdcResolution(Effect):
    """Rounding of currents to ADC codes."""

    name = "adc_resolution"
    options = (
        Option(
            "--adc-bits",
            "adc.bits",
            int,
            8,
            "Bits of the ADCs, 1 to 12; 0 is the ideal ADC.",
            lambda bits: bits or None,
        ),
    )

    def off(self, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
        """The finest ADC of the model, 12 bits; the ideal one stays."""
        adc = conditions.adc
        return device, conditions.with_(adc=adc if adc.bits is None else with_bits(adc, FINEST_ADC_BITS))


class CellResolution(Effect):
    """Rounding of conductances to codes."""

    name = "cell_resolution"
    options = (Option("--cell-bits", "cell_bits", int, 4, "Width of a conductance code, 1 to 8."),)

    def off(self, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
        """The widest codes, 8 bits."""
        return device, conditions.with_(cell_bits=FINEST_CELL_BITS)


def with_bits(adc: AdcModel, bits: int) -> AdcModel:
    """ADCs with another resolution: offset, trim step and bent steps keep their size in the range.

    They do so up to the limits of the model. What the ideal ADC has is counted in the new LSB.
    """
    finer = 1.0 if adc.bits is None else 2.0 ** (bits - adc.bits)
    changes = {
        "bits": bits,
        "offset_sigma_lsb": min(adc.offset_sigma_lsb * finer, MAX_LSB),
        "trim_step_lsb": min(adc.trim_step_lsb * finer, MAX_LSB),
        "unit_sigma": min(adc.unit_sigma * finer**0.5, MAX_UNIT_SIGMA),
    }
    return adc.model_copy(update=changes)
