"""Conductances that a device can have: what is refused as another unit."""

from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["LEAST_LRS_SIEMENS", "MOST_SIEMENS", "Siemens", "SignedSiemens", "unit_hint"]

MOST_SIEMENS = 1e-3
"""Largest conductance of a cell. It is 13 quanta of conductance, 2 e^2 / h = 77.5 uS (CODATA 2018), of which
a filament has a few, and four times the widest window of a preset (225 uS, Milo et al. 2021). Read at 0.2 V,
such a cell takes 0.2 mA, more than writing one does (0.15 mA, 2T2R in 40 nm)."""
LEAST_LRS_SIEMENS = 1e-9
"""Smallest conductance of the low-resistance state, 1 gigaohm. Assumed: the states of the presets lie between
8 and 225 uS, and what is a million times less was divided by a million twice."""


def unit_hint(value: float) -> str:
    """What to write for a conductance above :data:`MOST_SIEMENS`, by the unit that it may be in."""
    if value >= 1_000:
        return f"if {value:g} is in ohms, write {1 / value:g}"
    unit, factor = ("micro", 1e-6) if value >= 1 else ("milli", 1e-3)
    return f"if {value:g} is in {unit}siemens, write {value * factor:g}"


def _plausible(value: float) -> float:
    """The value, if a cell can have it; ValueError with what to write otherwise."""
    if abs(value) > MOST_SIEMENS:
        raise ValueError(
            f"a conductance of a cell must be at most {MOST_SIEMENS:g} siemens, got {value:g}; "
            f"{unit_hint(abs(value))}"
        )
    return value


SignedSiemens = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_plausible)]
"""Change of a conductance, in siemens."""
Siemens = Annotated[SignedSiemens, Field(ge=0)]
"""Conductance of a cell, in siemens."""
