"""The way back from the record of a programmed chip to its device and conditions.

:mod:`sw.rram.chip.record` leaves out what is a default and what is None, so this must put them back.
"""

from typing import Any

from sw.bundle import Bundle
from sw.errors import EngramError
from sw.rram.chip.record import BASE
from sw.rram.devices.device import PROBABILITIES, Device
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.validation import validated

__all__ = ["recorded_conditions", "recorded_device"]


def recorded_conditions(chip: Bundle) -> Conditions:
    """Conditions under which a chip was programmed and is read; raises EngramError if they make no sense."""
    found = _nested(_record(chip))
    given = {name: found[name] for name in Conditions.model_fields if name in found}
    if chip.design.adc_bits is None:  # the ideal ADC has no number of bits, which a record leaves out
        given["adc"] = {**given.get("adc", {}), "bits": None}
    return validated(Conditions, given, f"conditions of chip {chip.design.name!r}")


def recorded_device(chip: Bundle) -> Device:
    """The device that a chip is made of.

    Raises
    ------
    EngramError
        If it is of measured cells, of which the record has a digest only, or of a preset that is no more.
    """
    record = _record(chip)
    name = record["preset"]
    own = _nested(record).get("device", {})
    faults = {field: record[field] for field in PROBABILITIES if field in record}
    if "measured" in own or not (own or name in DEVICES):
        raise EngramError(
            f"the chip of {chip.design.name!r} is made of {name!r}, whose cells its record does not hold; "
            "name the file of the device with --device"
        )
    if not own:
        return DEVICES[name].with_(**faults)
    base = {field: record[field] for field in BASE if field in record}
    return validated(Device, {**own, **base, **faults, "name": name}, f"device {name!r}")


def _record(chip: Bundle) -> dict[str, Any]:
    record = chip.provenance.device
    assert record is not None, "only a programmed chip has a record"
    return record


def _nested(record: dict[str, Any]) -> dict[str, Any]:
    """Tables of a record in place of its dotted names; keys that count from 0 make a list."""
    tree: dict[str, Any] = {}
    for name, value in record.items():
        *tables, last = name.split(".")
        place = tree
        for table in tables:
            place = place.setdefault(table, {})
        place[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: _listed(part) for name, part in value.items()}
    return list(parts.values()) if list(parts) == [str(place) for place in range(len(parts))] else parts
