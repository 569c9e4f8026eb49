"""Converters: what the ADCs of a chip are like."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AdcModel"]


class AdcModel(BaseModel):
    """The ADCs of an array.

    Parameters
    ----------
    bits
        Resolution; None is the ideal ADC, which passes the current through.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Annotated[int, Field(ge=1, le=12)] | None = 8
