"""Read noise: what changes from one read-out to the next, as one integer per conversion.

The noise of a match line is the sum of its devices' noise, which is independent: variances add up over the
rows of a tile. Additive noise is the same for every device; a cell drives one of its two devices. Window
cells have it as a share of the difference between a matching and a mismatching cell's current.
"""

from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sw.bundle.checks import MAX_SHIFT
from sw.design import DesignPoint
from sw.reference.noise import BYTES_MEAN, KEY_WORDS, SCALE_BITS, ReadNoise
from sw.rram.laws.law import Law
from sw.rram.laws.telegraph import Telegraph

__all__ = ["NoiseLaw", "read_noise", "tile_variances"]


class NoiseLaw(Law):
    """Noise of a device from one read-out to the next.

    Parameters
    ----------
    sigma_of_window
        Standard deviation of the additive noise, as a share of the window of conductances.
    telegraph
        Traps; None for none.
    """

    example = """\
[read_noise]
sigma_of_window = 0.01                  # share of the window, of every read-out
[read_noise.telegraph]
p_trap = 0.05                           # share of the devices with a trap
amplitude = 0.1                         # share of the conductance that it takes
p_captured = 0.5
p_slow = 0.5                            # share of the traps that do not change while a chip is read
"""

    sigma_of_window: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    telegraph: Telegraph | None = None


def tile_variances(
    law: NoiseLaw, design: DesignPoint, window_codes: float, trap_variance: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Variance of the noise of a match line in each row tile, (row tiles,), in conductance codes squared.

    Parameters
    ----------
    law
        Additive noise.
    design
        Gives the rows of each tile.
    window_codes
        Difference of a cell's two nominal currents, in conductance codes, not rounded.
    trap_variance
        That of every device's fast trap, (2, F, T), in conductance codes squared. The two devices of a cell
        are driven equally often, and all match lines share their tile's mean.
    """
    rows = np.array([design.rows_in_tile(tile) for tile in range(design.row_tiles)])
    variances = rows * (law.sigma_of_window * window_codes) ** 2
    if trap_variance is not None:
        per_row = trap_variance.mean(axis=(0, 2))
        variances = variances + np.add.reduceat(per_row, np.arange(0, design.features, design.rows))
    return variances


def read_noise(variances: NDArray[np.float64], rng: np.random.Generator) -> ReadNoise:
    """The noise with these variances, in conductance codes squared, (row tiles,).

    The shift is the one that leaves the scales the most bits. Each scale is then the one whose integers,
    rounding included, come nearest to the variance.
    """
    shift = _shift_for(float(variances.max()))
    key = rng.integers(0, 2**16, KEY_WORDS, dtype=np.uint16)
    values, of_tile = np.unique(variances, return_inverse=True)
    scales = np.array([_scale_for(float(variance), shift) for variance in values], np.int32)
    return ReadNoise(key, scales[of_tile], shift)


def _byte_sums() -> NDArray[np.float64]:
    """Probability of each sum of four bytes, 0 to 1020."""
    one = np.full(256, 1 / 256)
    two = np.convolve(one, one)
    return np.convolve(two, two)


SUMS = _byte_sums()


@lru_cache(maxsize=64)
def _shift_for(variance: float) -> int:
    """Largest shift at which a scale reaches the variance; rounding makes small noise smaller still."""
    shift = MAX_SHIFT
    while shift > 1 and _variance_of(2**SCALE_BITS - 1, shift) < variance:
        shift -= 1
    return shift


@lru_cache(maxsize=64)
def _scale_for(variance: float, shift: int) -> int:
    low, high = 0, 2**SCALE_BITS - 1
    while low < high:
        middle = (low + high) // 2
        if _variance_of(middle, shift) < variance:
            low = middle + 1
        else:
            high = middle
    below = max(low - 1, 0)
    return min((below, low), key=lambda scale: abs(_variance_of(scale, shift) - variance))


def _variance_of(scale: int, shift: int) -> float:
    """Of the integers that :func:`sw.reference.noise.conversion_noise` makes of the sums."""
    noise = ((np.arange(len(SUMS)) - BYTES_MEAN) * scale + (1 << shift >> 1)) >> shift
    return float(SUMS @ noise**2 - (SUMS @ noise) ** 2)
