"""Coping: what the controller of an array does about stuck devices and mismatched converters."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Coping"]


class Coping(BaseModel):
    """Which means are used; the default is none.

    Parameters
    ----------
    spare_lines
        Match lines of a row of tiles besides those of the templates.
    polarity
        Whether the two word lines of a pair may be swapped; without effect on window cells.
    calibrate_adc
        Whether the ADCs are trimmed with reference match lines, see :mod:`sw.rram.calibration`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spare_lines: Annotated[int, Field(ge=0, le=1_024)] = 0
    polarity: bool = False
    calibrate_adc: bool = False
