"""Retention: relaxation and drift of programmed conductances until they are read.

The law is logarithmic in time: after t seconds the conductances of devices programmed alike have moved by
``shift * ln t`` on average, with a standard deviation of ``sigma + sigma_slope * ln t``. What a device drifts
is normal, and it keeps its place in that distribution: the same deviate at all times.

Temperature speeds the law up, by Arrhenius: t seconds at T are as many at the reference temperature as
``t * exp(Ea / k * (1 / T_reference - 1 / T))``.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from sw.errors import EngramError
from sw.rram.laws.law import Law
from sw.rram.laws.siemens import SignedSiemens

__all__ = ["TEN_YEARS_SECONDS", "Retention", "drifted"]

TEN_YEARS_SECONDS = 3_652.5 * 86_400

BOLTZMANN_EV_PER_KELVIN = 8.617333262e-5
"""CODATA 2018."""
ROUNDING = 1e-9
"""Of times, relative."""

Seconds = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]


class Retention(Law):
    """Drift of a device, whatever state it is in.

    Parameters
    ----------
    shift_siemens_per_ln_second
        Mean shift for every factor of e in time since programming; negative when conductance falls.
    sigma_siemens, sigma_siemens_per_ln_second
        Standard deviation of the shift after one second, and its growth for every factor of e in time.
    valid_from_seconds, valid_to_seconds
        Times for which the source gives the law, at its own temperature.
    activation_energy_ev, reference_kelvin
        Of the process behind the drift, and the temperature at which the law was measured; both or none.
    """

    example = """\
[retention]                             # G moves by shift * ln t, sigma + slope * ln t, t in s
shift_siemens_per_ln_second = -0.1e-6
sigma_siemens = 0.4e-6
sigma_siemens_per_ln_second = 0.04e-6
valid_from_seconds = 1.0
valid_to_seconds = 3.16e8
activation_energy_ev = 1.1              # both or none: for --temperature-kelvin
reference_kelvin = 300.0
"""

    shift_siemens_per_ln_second: SignedSiemens
    sigma_siemens: SignedSiemens
    sigma_siemens_per_ln_second: SignedSiemens
    valid_from_seconds: Seconds = 1.0
    valid_to_seconds: Seconds = TEN_YEARS_SECONDS
    activation_energy_ev: Annotated[float, Field(ge=0, le=10)] | None = None
    reference_kelvin: Annotated[float, Field(ge=200, le=500)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Retention":
        if self.valid_from_seconds > self.valid_to_seconds:
            raise ValueError(
                f"valid_from_seconds must be at most valid_to_seconds, got {self.valid_from_seconds:g} "
                f"and {self.valid_to_seconds:g}"
            )
        if (self.activation_energy_ev is None) != (self.reference_kelvin is None):
            raise ValueError("activation_energy_ev and reference_kelvin must be given together, got only one")
        for seconds in (self.valid_from_seconds, self.valid_to_seconds):
            if self.moments(seconds)[1] < 0:
                raise ValueError(
                    f"sigma_siemens + sigma_siemens_per_ln_second * ln t must not be negative, "
                    f"got {self.moments(seconds)[1]:g} at {seconds:g} s"
                )
        return self

    def moments(self, seconds: float) -> tuple[float, float]:
        """Mean and standard deviation of the shift, in siemens, after a time at the law's temperature."""
        decays = float(np.log(seconds))
        sigma = self.sigma_siemens + self.sigma_siemens_per_ln_second * decays
        return self.shift_siemens_per_ln_second * decays, sigma

    def equivalent_seconds(self, read_time_seconds: float, temperature_kelvin: float | None) -> float:
        """Time at the law's temperature, None, that does what the read time at another one does.

        Raises
        ------
        EngramError
            If the law has no activation energy or does not reach so far.
        """
        seconds = read_time_seconds * self._acceleration(temperature_kelvin)
        first, last = self.valid_from_seconds, self.valid_to_seconds
        if not first * (1 - ROUNDING) <= seconds <= last * (1 + ROUNDING):
            at = (
                ""
                if temperature_kelvin is None
                else f", {seconds:.3g} s at the law's {self.reference_kelvin:g} K"
            )
            raise EngramError(
                f"read_time_seconds must lie within {self.valid_from_seconds:g} to "
                f"{self.valid_to_seconds:g}, the times of the retention law, or be 0 for at once, "
                f"got {read_time_seconds:g}{at}"
            )
        return seconds

    def covered_seconds(self, temperature_kelvin: float | None) -> tuple[float, float]:
        """First and last read time at a temperature; raises EngramError as :meth:`equivalent_seconds`."""
        factor = self._acceleration(temperature_kelvin)
        return self.valid_from_seconds / factor, self.valid_to_seconds / factor

    def _acceleration(self, kelvin: float | None) -> float:
        if kelvin is None:
            return 1.0
        if self.activation_energy_ev is None or self.reference_kelvin is None:
            raise EngramError(
                f"temperature_kelvin needs a retention law with an activation energy, got {kelvin:g}; "
                "add activation_energy_ev and reference_kelvin to [retention] of a device file"
            )
        exponent = self.activation_energy_ev / BOLTZMANN_EV_PER_KELVIN
        exponent *= 1 / self.reference_kelvin - 1 / kelvin
        return float(np.exp(min(exponent, 300.0)))


def drifted(
    conductances: NDArray[np.float64], law: Retention, seconds: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Conductances in siemens, never below 0, so many seconds after they were as given.

    The seconds are those of the law's temperature, see :meth:`Retention.equivalent_seconds`.
    """
    mean, sigma = law.moments(seconds)
    return np.maximum(conductances + mean + sigma * rng.standard_normal(conductances.shape), 0.0)
