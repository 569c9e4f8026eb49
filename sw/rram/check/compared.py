"""Compared: one figure of a model beside that of its law, and the error that so many samples leave."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.rram.devices.device import Device

__all__ = ["PER_MICRO", "Compared", "mean_figure", "sample_design", "spread_figure"]

PER_MICRO = 1e6


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


def mean_figure(
    device: Device, what: str, where: str, law: float, sigma: float, got: NDArray[np.floating]
) -> Compared:
    """Mean of samples whose law has that mean and standard deviation, all in siemens; in microsiemens."""
    model, error = float(got.mean()), sigma / sqrt(got.size)
    return Compared(device.name, what, where, "uS", law * PER_MICRO, model * PER_MICRO, error * PER_MICRO)


def spread_figure(device: Device, what: str, where: str, law: float, got: NDArray[np.floating]) -> Compared:
    """Standard deviation of samples in siemens, in microsiemens; its error follows from the fourth moment."""
    model = float(got.std())
    kurtosis = float(np.mean(((got - got.mean()) / model) ** 4))
    error = model * sqrt((kurtosis - 1) / (4 * got.size))
    return Compared(device.name, what, where, "uS", law * PER_MICRO, model * PER_MICRO, error * PER_MICRO)


def sample_design(features: int, templates: int, *, rows: int, cols: int) -> DesignPoint:
    """An 8-bit array whose features are pixels."""
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
