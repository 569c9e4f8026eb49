"""Programming error: where a device is after write-verify, drawn from the law of its source.

Around its target a device is normal; or, where a source says so, log-normal near the HRS and normal near the
LRS, with the same mean and standard deviation.
"""

import numpy as np
from numpy.typing import NDArray

from sw.rram.devices.device import Device

__all__ = ["programmed_conductances"]


def programmed_conductances(
    targets: NDArray[np.float64], device: Device, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Conductances in siemens after write-verify, never below 0, for targets in siemens."""
    sigma, deviate = _sigma(targets, device), rng.standard_normal(targets.shape)
    normal = np.maximum(targets + sigma * deviate, 0.0)
    if device.error_distribution == "normal":
        return normal
    low = (targets > 0) & (targets < (device.g_hrs_siemens + device.g_lrs_siemens) / 2)
    relative = np.divide(sigma, targets, out=np.zeros_like(targets), where=low)
    log_sigma = np.sqrt(np.log1p(relative**2))
    return np.where(low, targets * np.exp(log_sigma * deviate - log_sigma**2 / 2), normal)


def _sigma(targets: NDArray[np.float64], device: Device) -> NDArray[np.float64]:
    """Of every target; binary cells have only the two states, and their law is evaluated at those alone."""
    states = np.array([device.g_hrs_siemens, device.g_lrs_siemens])
    high = targets == states[1]
    if np.all(high | (targets == states[0])):
        return device.sigma_siemens(states)[high.astype(np.intp)]
    return device.sigma_siemens(targets)
