"""RRAM devices: conductance window, programming error after write-verify, what can break.

Values outside the range for which a device's source gives its programming error are refused.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sw.design import validated
from sw.errors import EngramError

__all__ = ["Device"]

MICRO = 1e-6

Siemens = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Device(BaseModel):
    """One kind of RRAM device.

    Parameters
    ----------
    name
        Preset name.
    g_hrs_siemens, g_lrs_siemens
        Target conductances of the high- and the low-resistance state; the window.
    error_polynomial
        Programming error after write-verify: standard deviation in microsiemens as a polynomial of the target
        conductance in microsiemens, constant term first. ``(0,)`` is exact programming.
    valid_from_siemens, valid_to_siemens
        Conductances for which the source gives the error.
    p_stuck_hrs, p_stuck_lrs
        Probability that a device stays in the high- or the low-resistance state, whatever is written.
    p_broken_row, p_broken_col
        Probability that a word line, or a match line, of a tile is open; see :mod:`sw.rram.stuck`.
    source
        Publication, and what was taken from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    g_hrs_siemens: Siemens
    g_lrs_siemens: Siemens
    error_polynomial: Annotated[tuple[float, ...], Field(min_length=1)]
    valid_from_siemens: Siemens
    valid_to_siemens: Siemens
    p_stuck_hrs: Probability = 0.0
    p_stuck_lrs: Probability = 0.0
    p_broken_row: Probability = 0.0
    p_broken_col: Probability = 0.0
    source: str

    @model_validator(mode="after")
    def _consistent(self) -> "Device":
        low, high = self.valid_from_siemens, self.valid_to_siemens
        for name in ("g_hrs_siemens", "g_lrs_siemens"):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(
                    f"{name} must lie within {low:g} to {high:g}, the range of {self.source}, got {value:g}"
                )
        if self.g_hrs_siemens >= self.g_lrs_siemens:
            raise ValueError(
                f"g_hrs_siemens must be below g_lrs_siemens, got {self.g_hrs_siemens:g} and "
                f"{self.g_lrs_siemens:g}"
            )
        if self.p_stuck_hrs + self.p_stuck_lrs > 1:
            raise ValueError(
                "p_stuck_hrs + p_stuck_lrs must be at most 1, "
                f"got {self.p_stuck_hrs:g} + {self.p_stuck_lrs:g}"
            )
        window = np.linspace(self.g_hrs_siemens, self.g_lrs_siemens, 33)
        if np.any(np.polynomial.polynomial.polyval(window / MICRO, self.error_polynomial) < 0):
            raise ValueError(
                f"error_polynomial must not be negative within the window, got {self.error_polynomial}"
            )
        return self

    def sigma_siemens(self, g_siemens: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation of the programmed conductance, in siemens, for targets in siemens.

        Raises
        ------
        EngramError
            If a target lies outside the window that the source covers.
        """
        low, high = self.valid_from_siemens, self.valid_to_siemens
        slack = 1e-9 * high  # 50 * 1e-6 is a little less than 50e-6
        if np.any(g_siemens < low - slack) or np.any(g_siemens > high + slack):
            raise EngramError(
                f"device {self.name!r}: g_siemens must lie within {low:g} to {high:g}, "
                f"got {np.min(g_siemens):g} to {np.max(g_siemens):g}; choose targets inside the window"
            )
        sigma = np.polynomial.polynomial.polyval(np.asarray(g_siemens) / MICRO, self.error_polynomial)
        return np.asarray(MICRO * sigma, np.float64)

    def with_(self, **changes: object) -> "Device":
        """Copy with `changes`, checked like a new one; raises EngramError naming the parameter."""
        return validated(Device, {**self.model_dump(), **changes}, f"device {self.name!r}")
