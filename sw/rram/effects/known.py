"""The effects of a chip, and what is asked of all of them."""

from collections.abc import Iterator

import numpy as np

from sw.errors import EngramError
from sw.rram.check.compared import Compared
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.converters import AdcMismatch, AdcResolution, CellResolution
from sw.rram.effects.effect import Effect
from sw.rram.effects.endurance import Wear
from sw.rram.effects.ir_drop import IrDrop
from sw.rram.effects.programming_error import ProgrammingError
from sw.rram.effects.read_noise import Noise
from sw.rram.effects.retention import Drift
from sw.rram.effects.stuck import Stuck

__all__ = ["EFFECTS", "check_effects", "depends_on_columns", "device_figures"]

EFFECTS: tuple[Effect, ...] = (
    ProgrammingError(),
    Stuck(),
    Drift(),
    Wear(),
    Noise(),
    IrDrop(),
    AdcMismatch(),
    AdcResolution(),
    CellResolution(),
)
"""In the order in which they act at each of their moments, see :class:`sw.rram.effects.effect.Effect`, and in
which studies show them. Chips change with the order."""


def check_effects(device: Device, conditions: Conditions) -> None:
    """Refuse effects that the device has no law for; raises EngramError naming the parameter."""
    needs = {effect.needs.condition: effect.needs for effect in EFFECTS if effect.needs is not None}
    # In the order of the conditions, so that the first complaint does not depend on the order of the effects.
    for name, value in conditions:
        need = needs.get(name)
        if need is None or value == Conditions.model_fields[name].default:
            continue
        if all(getattr(device, law) is None for law in need.laws):
            raise EngramError(
                f"{name} must be left out for device {device.name!r}, whose source gives no {need.what}, "
                f"got {value}; take another device, or give [{need.laws[0]}] in a device file"
            )
    for effect in EFFECTS:
        effect.check(device, conditions)


def depends_on_columns(device: Device, conditions: Conditions) -> bool:
    """Whether any effect depends on which match lines lie in one tile, and on who shares an ADC."""
    return any(effect.depends_on_columns(device, conditions) for effect in EFFECTS)


def device_figures(device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
    """All figures that the device has laws for, of single devices first, then of arrays."""
    for effect in EFFECTS:
        yield from effect.device_figures(device, samples, rng)
    for effect in EFFECTS:
        yield from effect.array_figures(device, samples, rng)
