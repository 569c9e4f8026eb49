"""Record of a programmed chip: everything that it takes to program the same one again, and what came out."""

from typing import Any

from pydantic import BaseModel

from sw.reference.pulse import WriteVerify
from sw.rram.devices.device import PROBABILITIES, Device
from sw.rram.devices.presets import DEVICES
from sw.rram.devices.stuck import StuckCells
from sw.rram.effects.conditions import Conditions
from sw.rram.laws.measured import Measured
from sw.rram.laws.write_verify import WRITE_EVENT_JOULES, Written

__all__ = ["Record", "chip_record", "flat", "write_record"]

Record = dict[str, str | int | float]
BASE = ("name", "source", "g_hrs_siemens", "g_lrs_siemens", "p_stuck_hrs", "p_stuck_lrs")
"""Fields of the device that every record has."""


def chip_record(
    device: Device, conditions: Conditions, seed: int, chip: int, stuck: StuckCells, done: Written | None
) -> Record:
    """The record ``provenance.device`` of a chip.

    Of conditions and broken lines, what differs from the defaults; of a device that is no preset, all
    parameters; of write-verify, pulses, failures and energy.
    """
    record: Record = {
        "preset": device.name,
        "source": device.source,
        "seed": seed,
        "chip": chip,
        "g_hrs_siemens": device.g_hrs_siemens,
        "g_lrs_siemens": device.g_lrs_siemens,
        "p_stuck_hrs": device.p_stuck_hrs,
        "p_stuck_lrs": device.p_stuck_lrs,
        "stuck_hrs": int(stuck.hrs.sum()),
        "stuck_lrs": int(stuck.lrs.sum()),
        "cell_bits": conditions.cell_bits,
    }
    if device.p_broken_row or device.p_broken_col:
        record |= {
            "p_broken_row": device.p_broken_row,
            "p_broken_col": device.p_broken_col,
            "open": int(stuck.open.sum()),
        }
    if not _is_preset(device):
        record |= flat("device.", {k: v for k, v in dict(device).items() if k not in BASE + PROBABILITIES})
    record |= flat("", conditions.model_dump(exclude={"cell_bits"}, exclude_defaults=True))
    if done is not None:
        record |= write_record(done)
    return record


def write_record(done: Written | WriteVerify) -> Record:
    """Pulses, failures and energy of write-verify."""
    pulses = done.sets + done.resets
    return {
        "write_sets": int(done.sets.sum()),
        "write_resets": int(done.resets.sum()),
        "write_pulses_of_one_device": int(pulses.max()),
        "write_failures": int(done.failed.sum()),
        "write_joules": float(pulses.sum()) * WRITE_EVENT_JOULES,
    }


def _is_preset(device: Device) -> bool:
    preset = DEVICES.get(device.name)
    if preset is None or device is preset:
        return preset is not None
    given = dict(device)
    return all(given[key] == value for key, value in dict(preset).items() if key not in PROBABILITIES)


def flat(prefix: str, value: Any) -> Record:
    """Nested values under dotted names; None is left out, truth is 0 or 1."""
    if value is None:
        return {}
    if isinstance(value, Measured):
        return {f"{prefix}sha256": value.sha256}
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        parts = [flat(f"{prefix}{name}.", part) for name, part in value.items()]
        return {name: leaf for part in parts for name, leaf in part.items()}
    return {prefix.removesuffix("."): int(value) if isinstance(value, bool) else value}
