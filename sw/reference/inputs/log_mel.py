"""The log-mel rule: a recording to a map of bands by frames, in whole numbers, the same on every machine.

A frame is ``window`` samples every ``hop``. For each, with tables of :mod:`sw.reference.inputs.mel_tables`:

1. ``y = (x * hann + half) >> 14``;
2. real and imaginary part of every bin of the discrete Fourier transform, ``(sum of y * wave + half) >> 14``;
3. energy of a bin, the sum of their squares; of a band, the sum of the bins' energies times its triangle;
4. level of a band: how many steps of ``range / 255`` dB its energy reaches.

Levels are then moved so that the loudest of the recording is 255, or that of a full-scale tone, and clamped
to 0 .. 255. All sums stay below 2**53, where they run in floats, or below 2**63.
"""

from functools import lru_cache
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sw.reference.exact import exact_matmul
from sw.reference.inputs.mel_tables import TRIG_BITS, WEIGHT_BITS, hann, mel_weights, steps, waves

__all__ = ["LogMel"]

SAMPLE_BITS = 15
"""Of a sample's magnitude, int16."""
TOP = 255
CHUNK_FRAMES = 4_096
"""Frames per step, which bounds memory to some ten MB."""


class _Tables(NamedTuple):
    hann: NDArray[np.int64]
    cosines: NDArray[np.int64]
    sines: NDArray[np.int64]
    weights: NDArray[np.int64]
    steps: NDArray[np.int64]


class LogMel(BaseModel):
    """How recordings become maps; times in samples.

    Parameters
    ----------
    rate
        Samples per second.
    samples
        Of a recording: a longer one is cut, a shorter one followed by silence.
    window, hop
        Of a frame, and from one to the next.
    bands
        Triangles on the mel scale, rows of the map from low to high.
    lowest_hz, highest_hz
        Ends of the lowest and of the highest band.
    range_db
        From 0 to 255.
    level
        What 255 is: the loudest place of each ``recording``, so that no volume counts, or an ``absolute``
        tone of full scale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: Annotated[int, Field(ge=100, le=384_000)]
    samples: Annotated[int, Field(ge=16, le=2**20)]
    window: Annotated[int, Field(ge=16, le=4_096)]
    hop: Annotated[int, Field(ge=1, le=2**16)]
    bands: Annotated[int, Field(ge=1, le=256)] = 32
    lowest_hz: Annotated[int, Field(ge=0)] = 60
    highest_hz: Annotated[int, Field(ge=1)]
    range_db: Annotated[int, Field(ge=10, le=160)] = 60
    level: Literal["recording", "absolute"] = "recording"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.window > self.samples:
            raise ValueError(
                f"a window of {self.window} samples must fit into the {self.samples} of a recording"
            )
        if not self.lowest_hz < self.highest_hz <= self.rate // 2:
            raise ValueError(
                f"bands must lie from 0 to half the rate, {self.rate // 2} Hz, got {self.lowest_hz} to "
                f"{self.highest_hz} Hz"
            )
        empty = np.flatnonzero(~_weights(self).any(axis=0))
        if len(empty):
            raise ValueError(
                f"every band must have a bin of {self.rate / self.window:.3g} Hz, {len(empty)} of "
                f"{self.bands} have "
                "none: take fewer bands or a longer window"
            )
        return self

    @property
    def frames(self) -> int:
        """Columns of a map."""
        return 1 + (self.samples - self.window) // self.hop

    def apply(self, recordings: NDArray[np.int16]) -> NDArray[np.uint8]:
        """Maps (N, bands, frames) of recordings (N, L), int16."""
        fitted = np.zeros((len(recordings), self.samples), np.int16)
        length = min(self.samples, recordings.shape[1])
        fitted[:, :length] = recordings[:, :length]
        made = np.empty((len(fitted), self.bands, self.frames), np.uint8)
        step = max(1, CHUNK_FRAMES // self.frames)
        for start in range(0, len(fitted), step):
            part = slice(start, start + step)
            made[part] = self._maps(fitted[part])
        return made

    def _maps(self, recordings: NDArray[np.int16]) -> NDArray[np.int64]:
        tables = _tables(self)
        frames = np.lib.stride_tricks.sliding_window_view(recordings, self.window, axis=1)[:, :: self.hop]
        windowed = _rounded(frames.reshape(-1, self.window) * tables.hann)
        bound = self.window << SAMPLE_BITS + TRIG_BITS
        parts = (_rounded(exact_matmul(windowed, wave, bound)) for wave in (tables.cosines, tables.sines))
        energies = sum(part * part for part in parts) @ tables.weights  # (N frames, bands)
        levels = np.searchsorted(tables.steps, energies, side="right")
        maps = levels.reshape(len(recordings), self.frames, self.bands).transpose(0, 2, 1)
        return np.clip(maps - self._top(maps) + TOP, 0, TOP)

    def _top(self, maps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Levels that become 255, (N, 1, 1); of silence a level so high that it stays 0."""
        if self.level == "recording":
            return np.maximum(maps.max(axis=(1, 2), keepdims=True), TOP)
        tone = (
            2**WEIGHT_BITS * (self.window << SAMPLE_BITS - 2) ** 2
        )  # Hann halves, and two bins share a tone
        return np.searchsorted(_tables(self).steps, [[[tone]]], side="right")


def _rounded(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return (values + (1 << TRIG_BITS - 1)) >> TRIG_BITS


@lru_cache(maxsize=4)
def _weights(rule: LogMel) -> NDArray[np.int64]:
    return mel_weights(rule.rate, rule.window, rule.bands, rule.lowest_hz, rule.highest_hz)


@lru_cache(maxsize=4)
def _tables(rule: LogMel) -> _Tables:
    weights = _weights(rule)
    used = np.flatnonzero(weights.any(axis=1))
    bins = range(int(used[0]), int(used[-1]) + 1)
    largest = 2 ** (2 * SAMPLE_BITS + WEIGHT_BITS) * rule.window**2  # by Parseval, of all bins together
    steps_of = steps(rule.range_db, TOP, largest)
    return _Tables(hann(rule.window), *waves(rule.window, bins), weights[bins.start : bins.stop], steps_of)
