"""Converters: what the ADCs of a chip are like."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AdcModel", "FullScale"]

Share = Annotated[float, Field(ge=0, le=0.2, allow_inf_nan=False)]


class FullScale(BaseModel):
    """Currents of the first and of the last code, counted in matching cells of a tile.

    Parameters
    ----------
    lowest
        Per row tile, the number of matching cells whose current gives the first code.
    span
        Matching cells from the first code to the last one, the same in all tiles, so that a match counts the
        same everywhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lowest: tuple[Annotated[float, Field(ge=0, le=4_096)], ...]
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
        ``auto``: to be chosen from validation data, see :mod:`sw.rram.full_scale`; or the choice itself.
    trim_step_lsb
        Resolution of the trim of offset and full scale that calibration sets, in LSB.
    calibration_reads
        Conversions per reference current that calibration averages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Annotated[int, Field(ge=1, le=12)] | None = 8
    kind: Literal["sar", "ramp"] = "sar"
    gain_sigma: Share = 0.0
    offset_sigma_lsb: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] = 0.0
    unit_sigma: Share = 0.0
    full_scale: Literal["nominal", "auto"] | FullScale = "nominal"
    trim_step_lsb: Annotated[float, Field(gt=0, le=64, allow_inf_nan=False)] = 0.25
    calibration_reads: Annotated[int, Field(ge=1, le=4_096)] = 16
