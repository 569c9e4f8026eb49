"""Measured conductances in place of laws: a table of samples by level and time.

The lowest level is the HRS, the highest one the LRS. A device has a quantile, drawn once, which it keeps at
all times and would have at every level: its conductance is that quantile of the samples. Between levels,
which only window cells need, and between times, logarithmically, quantiles are interpolated; nothing is
extrapolated.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError
from sw.rram.laws.samples import Samples, samples_of

__all__ = ["Measured", "read_measured"]

MAX_QUANTILES = 4_096


@dataclass(frozen=True, eq=False)
class Measured:
    """Distribution of measured conductances.

    Attributes
    ----------
    times
        float64, (times,), seconds, rising.
    quantiles
        float64, (levels, times, Q): quantiles ``(q + 1/2) / Q`` of the samples, in siemens.
    sha256
        Of the file.
    """

    times: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    sha256: str

    @property
    def medians(self) -> NDArray[np.float64]:
        """Median of every level at the first time, in siemens: what targets mean. Rises with the level."""
        return np.median(self.quantiles[:, 0], axis=-1)

    def at(self, seconds: float) -> NDArray[np.float64]:
        """Quantiles of every level, (levels, Q), at a time; 0 is the first one that was measured.

        Raises
        ------
        EngramError
            If the time was not measured.
        """
        if seconds == 0:
            return self.quantiles[:, 0]
        first, last = self.covered_seconds()
        if not first <= seconds <= last:
            raise EngramError(
                f"read_time_seconds must lie within the measured times, {first:g} to {last:g}, or be 0 for "
                f"the first of them, got {seconds:g}"
            )
        after = min(int(np.searchsorted(self.times, seconds, side="right")), len(self.times) - 1)
        if after == 0:
            return self.quantiles[:, 0]
        before = after - 1
        share = np.log(seconds / self.times[before]) / np.log(self.times[after] / self.times[before])
        return (1 - share) * self.quantiles[:, before] + share * self.quantiles[:, after]

    def covered_seconds(self) -> tuple[float, float]:
        """First and last time."""
        return float(self.times[0]), float(self.times[-1])

    def conductances(
        self, targets: NDArray[np.float64], seconds: float, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Conductances in siemens at a time of devices written to `targets`; raises EngramError as `at`."""
        table = self.at(seconds)
        place = rng.random(targets.shape) * table.shape[1] - 0.5
        place = np.clip(place, 0, table.shape[1] - 1)
        below = np.minimum(place.astype(np.intp), max(table.shape[1] - 2, 0))
        above = np.minimum(below + 1, table.shape[1] - 1)
        level, up, share = self._levels(targets)
        found = []
        for row in (level, up):
            low, high = table[row, below], table[row, above]
            found.append(low + (place - below) * (high - low))
        return found[0] + share * (found[1] - found[0])

    def sigma_siemens(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation in siemens at the first time of devices written to `targets`."""
        level, up, share = self._levels(targets)
        sigma = self.quantiles[:, 0].std(axis=-1)
        return sigma[level] + share * (sigma[up] - sigma[level])

    def exact(self) -> "Measured":
        """Every device at the median of its level, at each time at that of the time."""
        if self.quantiles.shape[-1] == 1:
            return self
        return Measured(self.times, np.median(self.quantiles, axis=-1, keepdims=True), self.sha256)

    def _levels(
        self, targets: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Level below, level above, and share of the way between them, for each target in siemens."""
        place = np.interp(targets, self.medians, np.arange(len(self.medians)))
        level = place.astype(np.intp)
        return level, np.minimum(level + 1, len(self.medians) - 1), place - level


def read_measured(path: Path) -> Measured:
    """Read a CSV file with the columns level, time_seconds, g_siemens, one measured device per line.

    Raises
    ------
    EngramError
        If the file cannot be read, is no such file (:mod:`sw.rram.laws.samples`), or lacks a level at some
        time; the line is named. Nothing is filled in.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EngramError(f"cannot read {path}: {error.strerror}") from None
    samples, lines = samples_of(content, path)
    levels = sorted({level for level, _ in samples})
    times = sorted({time for _, time in samples})
    if len(levels) < 2:
        raise EngramError(f"{path} must hold at least two levels, HRS and LRS, got {len(levels)}")
    for level in levels:
        for time in times:
            if (level, time) not in samples:
                line = next(line for (_, other), line in lines.items() if other == time)
                raise EngramError(
                    f"{path}: level {level:g} must be measured at {time:g} s too, as in line {line}, it is "
                    "not; a hole is not filled in: add the lines or leave that time out"
                )
    table = np.array([[_quantiles(samples, level, time) for time in times] for level in levels])
    measured = Measured(np.array(times), table, hashlib.sha256(content).hexdigest())
    falls = np.flatnonzero(np.diff(measured.medians) <= 0)
    if len(falls):
        one, other = levels[falls[0]], levels[falls[0] + 1]
        raise EngramError(
            f"{path}: the median conductance must rise with the level, that of level {other:g} is not above "
            f"that of level {one:g} at {times[0]:g} s; the lowest level is the HRS"
        )
    return measured


def _quantiles(samples: Samples, level: float, time: float) -> NDArray[np.float64]:
    """Quantiles of one level at one time, as many as the largest group of samples has."""
    count = min(MAX_QUANTILES, max(len(group) for group in samples.values()))
    group = np.sort(samples[level, time])
    places = (np.arange(count) + 0.5) / count * len(group) - 0.5
    return np.interp(places, np.arange(len(group)), group)
