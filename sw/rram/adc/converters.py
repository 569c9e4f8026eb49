"""Converters: what the ADCs of a chip are like, and the tables that they give.

An ADC amplifies what a match line's current exceeds the lowest one by, adds its offset, rounds and saturates;
then its nonlinearity moves the code.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sw.bundle.checks import MAX_ADC_OFFSET, MAX_SHIFT
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference.adc import GAIN_BITS, AdcTables
from sw.rram.adc.kinds import KINDS, KindName
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import current_codes
from sw.rram.laws.linearity import code_inl

__all__ = ["MAX_LSB", "AdcModel", "ChipConverters", "FullScale", "draw_converters", "full_scale_of"]

MAX_GAIN = 2**GAIN_BITS - 1
NO_INL = np.zeros((0, 0, 0), np.int16)

MAX_LSB = 4_096
"""Of what is counted in LSB: the whole range, at 12 bits."""
Share = Annotated[float, Field(ge=0, le=0.2, allow_inf_nan=False)]


class FullScale(BaseModel):
    """Currents of the first and of the last code, counted in matching cells of a tile.

    Parameters
    ----------
    lowest
        Per row tile, the number of matching cells whose current gives the first code; devices that conduct
        less than the nominal HRS can bring it below 0.
    span
        Matching cells from the first code to the last one, the same in all tiles, so that a match counts the
        same everywhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lowest: tuple[Annotated[float, Field(ge=-4_096, le=4_096)], ...]
    span: Annotated[float, Field(ge=1, le=4_096)]


class AdcModel(BaseModel):
    """The ADCs of an array.

    The mismatches are the user's: they depend on the area that is spent. The defaults are converters without.

    Parameters
    ----------
    bits
        Resolution; None is the ideal ADC, which passes the current through.
    kind
        ``sar``: every ADC has binary-weighted capacitors. ``ramp``: all ADCs of a tile compare with one ramp
        of equal steps.
    gain_sigma
        Standard deviation of the gain from ADC to ADC, relative.
    offset_sigma_lsb
        Standard deviation of the offset from ADC to ADC, in LSB.
    unit_sigma
        Standard deviation of one unit capacitor, or of one step of the ramp, relative.
    full_scale
        Which currents the codes span. ``nominal``: all that a full tile can have, from no match to all match.
        ``auto``: to be chosen from validation data, see :mod:`sw.rram.chip.full_scale`; or the choice itself.
    trim_step_lsb
        Resolution of the trim of offset and full scale that calibration sets, in LSB.
    calibration_reads
        Conversions per reference current that calibration averages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Annotated[int, Field(ge=1, le=12)] | None = 8
    kind: KindName = "sar"
    gain_sigma: Share = 0.0
    offset_sigma_lsb: Annotated[float, Field(ge=0, le=MAX_LSB, allow_inf_nan=False)] = 0.0
    unit_sigma: Share = 0.0
    full_scale: Literal["nominal", "auto"] | FullScale = "nominal"
    trim_step_lsb: Annotated[float, Field(gt=0, le=MAX_LSB, allow_inf_nan=False)] = 0.25
    calibration_reads: Annotated[int, Field(ge=1, le=4_096)] = 16


@dataclass(frozen=True, eq=False)
class ChipConverters:
    """The ADCs of one chip before they are put in integers; all empty for the ideal ADC.

    Attributes
    ----------
    lowest
        float64, (row tiles, 1), current at the lower end of the range, in conductance codes.
    gain
        float64, (row tiles, ADCs per row tile), ADC codes per conductance code.
    offset_lsb
        float64, (row tiles, ADCs per row tile).
    inl
        int16, (row tiles, ADCs per row tile, 2**bits), or empty; see :class:`sw.reference.adc.AdcTables`.
    """

    lowest: NDArray[np.float64]
    gain: NDArray[np.float64]
    offset_lsb: NDArray[np.float64]
    inl: NDArray[np.int16]

    def tables(self) -> AdcTables:
        """Integers for them, with as many bits of gain as the largest gain and offset leave room for.

        Raises
        ------
        EngramError
            If a gain or an offset does not fit at all.
        """
        if not self.gain.size:
            empty = np.zeros((0, 0), np.int32)
            return AdcTables(empty, empty, 0)
        shift = 0
        while shift < MAX_SHIFT and self._fits(shift + 1):
            shift += 1
        if np.rint(self.gain.max()) > MAX_GAIN:
            raise EngramError(
                f"gains of the ADCs must be at most {MAX_GAIN} ADC codes per conductance code, got "
                f"{self.gain.max():.0f}; use fewer ADC bits, more cell bits, a wider range or a smaller "
                "gain_sigma"
            )
        gain, offset = self._integers(shift)
        if np.abs(offset).max() > MAX_ADC_OFFSET:
            raise EngramError(
                f"offsets of the ADCs must be at most {MAX_ADC_OFFSET}, full_scale needs "
                f"{np.abs(offset).max():.0f}; use fewer ADC bits, fewer cell bits or a wider range"
            )
        return AdcTables(gain.astype(np.int32), offset.astype(np.int32), shift, self.inl)

    def _fits(self, shift: int) -> bool:
        gain, offset = self._integers(shift)
        fits = np.all(np.rint(self.gain * 2**shift) == gain) and np.abs(offset).max() <= MAX_ADC_OFFSET
        return bool(fits)

    def _integers(self, shift: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        gain = np.minimum(np.rint(self.gain * 2**shift), MAX_GAIN)
        return gain, np.rint(self.offset_lsb * 2**shift - self.lowest * gain) + (1 << shift >> 1)


def full_scale_of(design: DesignPoint, model: AdcModel) -> FullScale:
    """The range of the model's converters, which must have been chosen.

    Raises
    ------
    EngramError
        If it is still to be chosen, or is that of another array.
    """
    if isinstance(model.full_scale, FullScale):
        if len(model.full_scale.lowest) != design.row_tiles:
            raise EngramError(
                f"full_scale must have a lowest current for each of the design's {design.row_tiles} row "
                f"tiles, got {len(model.full_scale.lowest)}; choose it again for this design"
            )
        return model.full_scale
    if model.full_scale == "auto":
        raise EngramError(
            "full_scale must be chosen from validation data before an array is programmed, got 'auto'; "
            "choose it with sw.rram.chip.full_scale, or take 'nominal'"
        )
    return FullScale(lowest=(0.0,) * design.row_tiles, span=design.rows_in_tile(0))


def draw_converters(
    design: DesignPoint, device: Device, model: AdcModel, rng: np.random.Generator
) -> ChipConverters:
    """The ADCs of one chip.

    All tiles have the same nominal gain, so a match counts the same everywhere. A last tile that is not full
    has less HRS current, and so a lower end of its range. A converter that differs in one thing keeps all
    others: each is drawn whatever its standard deviation is.

    Parameters
    ----------
    design
        Gives resolution, tiles and how many match lines share an ADC.
    device
        Gives the currents of a cell that matches and of one that does not.
    model
        The law of the mismatches.
    rng
        Generator of the chip for this.

    Raises
    ------
    EngramError
        If the codes are too narrow to tell the two states apart, or the range is not chosen.
    """
    low, high = current_codes(design, device)
    if design.adc_bits is None:
        none = np.zeros((0, 0))
        return ChipConverters(none, none, none, NO_INL)
    full_scale = full_scale_of(design, model)
    rows = np.array([design.rows_in_tile(tile) for tile in range(design.row_tiles)])
    lowest = rows * low + np.array(full_scale.lowest) * (high - low)
    shape = design.row_tiles, design.adcs_per_row_tile
    gain = (2**design.adc_bits - 1) / (full_scale.span * (high - low))
    return ChipConverters(
        lowest[:, np.newaxis],
        gain * np.maximum(1 + model.gain_sigma * rng.standard_normal(shape), 0),
        model.offset_sigma_lsb * rng.standard_normal(shape),
        _drawn_inl(design, design.adc_bits, model, rng),
    )


def _drawn_inl(
    design: DesignPoint, bits: int, model: AdcModel, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Nonlinearity in whole codes; empty where it changes none."""
    adcs, tiles = design.adcs_per_row_tile, design.col_tiles
    kind = KINDS[model.kind]
    own = tiles if kind.one_per_tile else adcs
    if model.unit_sigma == 0:
        return NO_INL
    levels = kind.levels(bits, model.unit_sigma, design.row_tiles * own, rng)
    inl = code_inl(levels).reshape(design.row_tiles, own, -1)
    if not inl.any():
        return NO_INL
    if kind.one_per_tile:
        first = [design.adc_of_match_line(tile * design.cols) for tile in range(tiles)]
        inl = inl[:, np.searchsorted(first, np.arange(adcs), side="right") - 1]
    return inl
