"""Stage 4, adc: match-line currents to codes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint

__all__ = ["AdcTables", "convert", "full_scale_tables"]

GAIN_BITS = 12


@dataclass(frozen=True, eq=False)
class AdcTables:
    """Transfer characteristic of every ADC instance; empty tables and shift 0 for the ideal ADC.

    Attributes
    ----------
    gain, offset
        int32, (row tiles, ADCs per row tile); gain is unsigned, below 2**12.
    shift
        Right shift after gain and offset, the same for all.
    inl
        int16, (row tiles, ADCs per row tile, 2**bits), integral nonlinearity: what is added to each code; or
        empty, (0, 0, 0), for ADCs without.
    """

    gain: NDArray[np.int32]
    offset: NDArray[np.int32]
    shift: int
    inl: NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 0, 0), np.int16))


def full_scale_tables(design: DesignPoint, lowest: int, highest: int) -> AdcTables:
    """Tables of identical ADCs that spread the currents `lowest` .. `highest` over all codes.

    ``code = round((current - lowest) * (2**bits - 1) / (highest - lowest))`` with the ratio held in 12 bits.

    Parameters
    ----------
    design
        Gives the resolution and the number of ADCs.
    lowest, highest
        Currents, in conductance codes, of the first and the last code; ``lowest < highest``.
    """
    if design.adc_bits is None:
        empty = np.zeros((0, 0), np.int32)
        return AdcTables(empty, empty, 0)
    assert 0 <= lowest < highest, (lowest, highest)
    ratio = (2**design.adc_bits - 1) / (highest - lowest)
    shift = 0
    while round(ratio * 2 ** (shift + 1)) < 2**GAIN_BITS:
        shift += 1
    gain = round(ratio * 2**shift)
    offset = -lowest * gain + (1 << shift >> 1)
    shape = (design.row_tiles, design.adcs_per_row_tile)
    return AdcTables(np.full(shape, gain, np.int32), np.full(shape, offset, np.int32), shift)


def convert(currents: NDArray[np.int64], tables: AdcTables, design: DesignPoint) -> NDArray[np.int64]:
    """``code = clamp((current * gain + offset) >> shift, 0, 2**bits - 1)``; the ideal ADC passes through.

    An ADC with nonlinearity then gives ``clamp(code + inl[code], 0, 2**bits - 1)``.

    Parameters
    ----------
    currents
        int64, (N, row tiles, T).
    tables
        Gain and offset of the ADC that reads each match line, see :meth:`DesignPoint.adc_of_match_line`.
    design
        Gives resolution and sharing.

    Returns
    -------
    ndarray
        int64, (N, row tiles, T).
    """
    if design.adc_bits is None:
        return currents
    reader = [design.adc_of_match_line(line) for line in range(currents.shape[2])]
    gain = tables.gain.astype(np.int64)[:, reader]
    offset = tables.offset.astype(np.int64)[:, reader]
    codes = np.clip((currents * gain + offset) >> tables.shift, 0, design.max_adc_code)
    if not tables.inl.size:
        return codes
    tiles = np.arange(currents.shape[1])[:, np.newaxis]
    return np.clip(codes + tables.inl[tiles, reader, codes], 0, design.max_adc_code)
