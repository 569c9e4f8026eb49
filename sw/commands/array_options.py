"""Options of every command that programs an array."""

from typing import Annotated

import typer

from sw.rram.device import DEVICES, Device, device_named

__all__ = [
    "AdcBitsOption",
    "CellBitsOption",
    "DeviceOption",
    "StuckHrsOption",
    "StuckLrsOption",
    "adc_bits_of",
    "chosen_device",
]

DeviceOption = Annotated[str, typer.Option("--device", help=f"RRAM device: {', '.join(DEVICES)}.")]
CellBitsOption = Annotated[int, typer.Option("--cell-bits", help="Width of a conductance code, 1 to 8.")]
AdcBitsOption = Annotated[
    int, typer.Option("--adc-bits", help="Resolution of the ADCs, 1 to 12; 0 is the ideal ADC.")
]
StuckHrsOption = Annotated[
    float, typer.Option("--p-stuck-hrs", help="Probability that a device is stuck in the HRS.")
]
StuckLrsOption = Annotated[
    float, typer.Option("--p-stuck-lrs", help="Probability that a device is stuck in the LRS.")
]


def chosen_device(name: str, p_stuck_hrs: float, p_stuck_lrs: float) -> Device:
    """The preset with stuck cells; raises EngramError naming the option that is out of range."""
    return device_named(name).with_(p_stuck_hrs=p_stuck_hrs, p_stuck_lrs=p_stuck_lrs)


def adc_bits_of(option: int) -> int | None:
    """None, the ideal ADC, for 0."""
    return option or None
