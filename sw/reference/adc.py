"""Stage 4, adc: match-line currents to codes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.reference.compiled import conversion, worth_it
from sw.reference.exact import exact_dtype

__all__ = ["AdcTables", "Converters", "convert", "full_scale_tables"]

GAIN_BITS = 12


@dataclass(frozen=True, eq=False)
class AdcTables:
    """Transfer characteristic of every ADC instance; ``AdcTables()`` is the ideal ADC.

    Attributes
    ----------
    gain, offset
        int32, (row tiles, ADCs per row tile), or empty for the ideal ADC; gain is unsigned, below 2**12.
    shift
        Right shift after gain and offset, one for all ADCs.
    inl
        int16, (row tiles, ADCs per row tile, 2**bits), integral nonlinearity: what is added to each code; or
        empty, (0, 0, 0), for ADCs without.
    """

    gain: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    offset: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    shift: int = 0
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
        return AdcTables()
    assert 0 <= lowest < highest, (lowest, highest)
    # The largest gain of 12 bits says the ratio best; half a code makes the shift, which rounds down, round.
    ratio = (2**design.adc_bits - 1) / (highest - lowest)
    shift = 0
    while round(ratio * 2 ** (shift + 1)) < 2**GAIN_BITS:
        shift += 1
    gain = round(ratio * 2**shift)
    offset = -lowest * gain + (1 << shift >> 1)
    shape = (design.row_tiles, design.adcs_per_row_tile)
    return AdcTables(np.full(shape, gain, np.int32), np.full(shape, offset, np.int32), shift)


class Converters:
    """The ADCs of one chip, ready to convert again and again.

    ``code = clamp((current * gain + offset) >> shift, 0, 2**bits - 1)``; an ADC with nonlinearity then gives
    ``clamp(code + inl[code], 0, 2**bits - 1)``; the ideal ADC passes through. Gain and offset are held in
    units of ``2**-shift``, so that rounding down is the shift. Numbers are float32 where neither a product, a
    sum nor a score of any of these ADCs can reach 2**24, which 12-bit gains leave to currents of 12 bits, and
    float64 where one can; see :func:`sw.reference.exact.exact_dtype`.

    Parameters
    ----------
    tables
        Gain, offset and nonlinearity of the ADC that reads each match line, see
        :meth:`DesignPoint.adc_of_match_line`.
    design
        Gives resolution and sharing.
    """

    def __init__(self, tables: AdcTables, design: DesignPoint) -> None:
        self._ideal, self._top = design.adc_bits is None, design.max_adc_code
        if self._ideal:
            return
        reader = [design.adc_of_match_line(line) for line in range(design.templates)]
        gain, offset = (table.astype(np.int64)[:, reader] for table in (tables.gain, tables.offset))
        if all(np.all(part == part[:, :1]) for part in (gain, offset)):
            gain, offset = gain[:, :1], offset[:, :1]  # ADCs that are alike take NumPy half the time
        highest = gain * design.max_current
        bound = max(int(np.abs(part).max()) for part in (offset, highest, highest + offset))
        dtype = exact_dtype(max(bound, design.max_score))
        self._gain, self._offset = (np.ldexp(part.astype(dtype), -tables.shift) for part in (gain, offset))
        self._bends = bool(tables.inl.size)
        if not self._bends:
            return
        # One row of all ADCs' codes, so that a single look-up serves all of them.
        self._bent = np.clip(np.arange(self._top + 1) + tables.inl, 0, self._top).astype(dtype).ravel()
        adcs = np.arange(design.row_tiles)[:, np.newaxis] * design.adcs_per_row_tile + reader
        self._first_bent = (adcs * (self._top + 1))[:, :, np.newaxis]

    def codes(self, currents: NDArray) -> NDArray:
        """Codes (N, row tiles, T) of currents up to the design's largest, as exact floats."""
        if self._ideal:
            return currents
        codes = self._compiled(currents) if worth_it() else self._straight(currents)
        if not self._bends:
            return codes
        places = codes.transpose(1, 2, 0).astype(np.intp) + self._first_bent
        return self._bent.take(places).transpose(2, 0, 1)

    def _straight(self, currents: NDArray) -> NDArray:
        """Codes before nonlinearity."""
        codes = currents * self._gain
        codes += self._offset
        np.floor(codes, out=codes)
        return np.clip(codes, 0, self._top, out=codes)

    def _compiled(self, currents: NDArray) -> NDArray:
        """The same, line by line in one go."""
        lines = currents.transpose(1, 2, 0)
        dtype = np.result_type(currents, self._gain)
        codes = np.empty(lines.shape, dtype)
        tables = (np.broadcast_to(part, lines.shape[:2]) for part in (self._gain, self._offset))
        gain, offset = (np.ascontiguousarray(part, dtype) for part in tables)
        kernel, top = conversion(dtype.name), dtype.type(self._top)
        for tile, of_tile in enumerate(lines):
            kernel(gain[tile], offset[tile], top, np.ascontiguousarray(of_tile, dtype), codes[tile])
        return codes.transpose(2, 0, 1)


def convert(currents: NDArray[np.int64], tables: AdcTables, design: DesignPoint) -> NDArray[np.int64]:
    """Codes int64 (N, row tiles, T) of currents int64 (N, row tiles, T) of any size, see :class:`Converters`.

    Float64 holds every product of a 12-bit gain and a current below 2**40.
    """
    if design.adc_bits is None:
        return currents
    return Converters(tables, design).codes(currents.astype(np.float64)).astype(np.int64)
