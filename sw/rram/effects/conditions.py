"""Conditions: how an array is programmed and read, whatever device it is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sw.rram.adc.converters import AdcModel
from sw.rram.effects.coping import Coping
from sw.rram.laws.retention import TEN_YEARS_SECONDS
from sw.validation import validated

__all__ = ["Conditions"]

Ohms = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class Conditions(BaseModel):
    """How an array is programmed, and when and with what it is read.

    Parameters
    ----------
    cell_bits
        Width of a conductance code.
    adc
        The converters.
    read_time_seconds
        Time from programming to reading, up to ten years; 0 is at once.
    temperature_kelvin
        At which the devices rest until then; None is the temperature at which the device was measured.
    cycles
        Times that each device has been programmed, this one included.
    read_noise
        Whether every conversion has noise.
    write_verify
        Whether programming goes pulse by pulse; if not, its error is drawn from the device's law.
    word_line_ohms, match_line_ohms
        Resistance of a line from one cell to the next; 0 is a perfect line.
    coping
        What the controller does about stuck cells and mismatched converters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell_bits: Annotated[int, Field(ge=1, le=8)] = 4
    adc: AdcModel = AdcModel()
    read_time_seconds: Annotated[float, Field(ge=0, le=TEN_YEARS_SECONDS, allow_inf_nan=False)] = 0.0
    temperature_kelvin: Annotated[float, Field(ge=200, le=500, allow_inf_nan=False)] | None = None
    cycles: Annotated[int, Field(ge=1, le=10**12)] = 1
    read_noise: bool = False
    write_verify: bool = False
    word_line_ohms: Ohms = 0.0
    match_line_ohms: Ohms = 0.0
    coping: Coping = Coping()

    def with_(self, **changes: object) -> "Conditions":
        """Copy with `changes`, checked like a new one; raises EngramError naming the parameter."""
        return validated(Conditions, {**self.model_dump(), **changes}, "conditions")
