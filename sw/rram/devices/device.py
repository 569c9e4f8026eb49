"""RRAM devices: a window of conductances, the programming error, and what else the source of a device gives.

Values outside the range for which a source gives its programming error are refused, and so are effects that
a device has no law for.
"""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sw.errors import EngramError
from sw.rram.laws.endurance import Endurance
from sw.rram.laws.measured import Measured
from sw.rram.laws.read_noise import NoiseLaw
from sw.rram.laws.retention import Retention
from sw.rram.laws.siemens import LEAST_LRS_SIEMENS, Siemens
from sw.rram.laws.write_verify import Pulses
from sw.validation import validated

__all__ = ["PROBABILITIES", "Device"]

MICRO = 1e-6
HEADROOM_SIGMAS = 3.0
PROBABILITIES = ("p_stuck_hrs", "p_stuck_lrs", "p_broken_row", "p_broken_col")
"""Probabilities of faults: parameters that the user may set for any device."""

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Coefficient = Annotated[float, Field(allow_inf_nan=False)]


class Device(BaseModel):
    """One kind of RRAM device.

    Parameters
    ----------
    name
        What people call it.
    g_hrs_siemens, g_lrs_siemens
        Target conductances of the high- and the low-resistance state; the window. What no cell can have is
        refused, see :mod:`sw.rram.laws.siemens`.
    error_polynomial
        Programming error after write-verify: standard deviation in microsiemens as a polynomial of the target
        conductance in microsiemens, constant term first. ``(0,)`` is exact programming. None only for a
        device with measured conductances.
    error_distribution
        ``normal``; or ``lognormal-hrs``: log-normal, with the same mean and standard deviation, for targets
        in the lower half of the window.
    valid_from_siemens, valid_to_siemens
        Conductances for which the source gives the error; None is the end of the window.
    headroom_siemens
        What the codes of binary cells reach above the LRS, so that clipping does not hide its error; None is
        3 sigma of the programming error.
    p_stuck_hrs, p_stuck_lrs
        Probability that a device stays in the high- or the low-resistance state, whatever is written.
    p_broken_row, p_broken_col
        Probability that a word line, or a match line, of a tile is open; see :mod:`sw.rram.devices.stuck`.
    measured
        Measured conductances, in place of laws for programming error and retention.
    retention, read_noise, pulses, endurance
        Laws of what the source gives; None for what it does not give. See the modules of the laws.
    source
        Publication, and what was taken from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    g_hrs_siemens: Siemens
    g_lrs_siemens: Siemens
    error_polynomial: Annotated[tuple[Coefficient, ...], Field(min_length=1)] | None = None
    error_distribution: Literal["normal", "lognormal-hrs"] = "normal"
    valid_from_siemens: Siemens | None = None
    valid_to_siemens: Siemens | None = None
    headroom_siemens: Siemens | None = None
    p_stuck_hrs: Probability = 0.0
    p_stuck_lrs: Probability = 0.0
    p_broken_row: Probability = 0.0
    p_broken_col: Probability = 0.0
    measured: Measured | None = None
    retention: Retention | None = None
    read_noise: NoiseLaw | None = None
    pulses: Pulses | None = None
    endurance: Endurance | None = None
    source: str

    @model_validator(mode="after")
    def _consistent(self) -> "Device":
        low, high = self.valid_siemens
        for name in ("g_hrs_siemens", "g_lrs_siemens"):
            value = getattr(self, name)
            if low < high and not low <= value <= high:
                raise ValueError(
                    f"{name} must lie within {low:g} to {high:g}, the range of {self.source}, got {value:g}"
                )
        if self.g_hrs_siemens >= self.g_lrs_siemens:
            raise ValueError(
                f"g_hrs_siemens must be below g_lrs_siemens, got {self.g_hrs_siemens:g} and "
                f"{self.g_lrs_siemens:g}"
            )
        if self.g_lrs_siemens < LEAST_LRS_SIEMENS:
            raise ValueError(
                f"g_lrs_siemens must be at least {LEAST_LRS_SIEMENS:g}, got {self.g_lrs_siemens:g}; "
                "values are in siemens, 60 uS is 6e-5"
            )
        if self.p_stuck_hrs + self.p_stuck_lrs > 1:
            raise ValueError(
                "p_stuck_hrs + p_stuck_lrs must be at most 1, "
                f"got {self.p_stuck_hrs:g} + {self.p_stuck_lrs:g}"
            )
        self._check_error()
        return self

    def _check_error(self) -> None:
        if (self.error_polynomial is None) == (self.measured is None):
            both = "none" if self.measured is None else "both"
            raise ValueError(f"either error_polynomial or measured conductances must be given, got {both}")
        if self.measured is not None and (self.retention is not None or self.pulses is not None):
            raise ValueError(
                "measured conductances take the place of retention and pulses, got both; leave the laws out"
            )
        if self.error_polynomial is not None:
            window = np.linspace(self.g_hrs_siemens, self.g_lrs_siemens, 33)
            if np.any(np.polynomial.polynomial.polyval(window / MICRO, self.error_polynomial) < 0):
                raise ValueError(
                    f"error_polynomial must not be negative within the window, got {self.error_polynomial}"
                )

    @property
    def valid_siemens(self) -> tuple[float, float]:
        """Conductances for which the source gives the programming error."""
        low, high = self.valid_from_siemens, self.valid_to_siemens
        return (
            self.g_hrs_siemens if low is None else low,
            self.g_lrs_siemens if high is None else high,
        )

    def sigma_siemens(self, g_siemens: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation of the programmed conductance, in siemens, for targets in siemens.

        Raises
        ------
        EngramError
            If a target lies outside the window that the source covers.
        """
        low, high = self.valid_siemens
        slack = 1e-9 * high  # 50 * 1e-6 is a little less than 50e-6
        if np.any(g_siemens < low - slack) or np.any(g_siemens > high + slack):
            raise EngramError(
                f"device {self.name!r}: g_siemens must lie within {low:g} to {high:g}, "
                f"got {np.min(g_siemens):g} to {np.max(g_siemens):g}; choose targets inside the window"
            )
        if self.error_polynomial is None:
            assert self.measured is not None
            return self.measured.sigma_siemens(np.asarray(g_siemens))
        sigma = np.polynomial.polynomial.polyval(np.asarray(g_siemens) / MICRO, self.error_polynomial)
        return np.asarray(MICRO * sigma, np.float64)

    @property
    def code_headroom_siemens(self) -> float:
        """Siemens by which the range of codes of binary cells goes beyond the LRS."""
        if self.headroom_siemens is not None:
            return self.headroom_siemens
        return HEADROOM_SIGMAS * float(self.sigma_siemens(np.array(self.g_lrs_siemens)))

    def exact(self) -> "Device":
        """This device without programming error; its codes stay as they are.

        Measured devices are all at the median of their level, which still drifts.
        """
        if self.error_polynomial is not None and not any(self.error_polynomial):
            return self
        headroom = self.code_headroom_siemens
        if self.measured is not None:
            return self.with_(measured=self.measured.exact(), headroom_siemens=headroom)
        return self.with_(error_polynomial=(0.0,), headroom_siemens=headroom)

    def with_(self, **changes: object) -> "Device":
        """Copy with `changes`, checked like a new one; raises EngramError naming the parameter."""
        return validated(Device, {**dict(self), **changes}, f"device {self.name!r}")
