"""Effects: what makes a chip differ from the ideal one, and how to switch each of them off in turn."""

from typing import Literal, get_args

from sw.errors import EngramError
from sw.rram.adc.converters import MAX_LSB, AdcModel
from sw.rram.devices.device import PROBABILITIES, Device
from sw.rram.effects.conditions import Conditions

__all__ = ["EFFECTS", "Effect", "check_effects", "with_bits", "without"]

Effect = Literal[
    "programming",
    "stuck",
    "retention",
    "endurance",
    "read_noise",
    "ir_drop",
    "adc_mismatch",
    "adc_resolution",
    "cell_resolution",
]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
FINEST_CELL_BITS = 8
FINEST_ADC_BITS = 12
MAX_UNIT_SIGMA = 0.2
MISMATCHES = ("gain_sigma", "offset_sigma_lsb", "unit_sigma")


def without(effect: Effect, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
    """Device and conditions as given, but for one effect.

    ``programming``: every device reaches its target, see :meth:`sw.rram.devices.device.Device.exact`.
    ``stuck``: nothing is stuck or broken. ``retention``: read at once. ``endurance``: devices are fresh.
    ``read_noise``: none, and no traps. ``ir_drop``: perfect lines. ``adc_mismatch``: all ADCs alike and
    linear. ``adc_resolution``, ``cell_resolution``: the finest there is, 12 and 8 bits.
    """
    match effect:
        case "programming":
            return device.exact(), conditions.with_(write_verify=False)
        case "stuck":
            return device.with_(**dict.fromkeys(PROBABILITIES, 0.0)), conditions
        case "retention":
            return device, conditions.with_(read_time_seconds=0.0, temperature_kelvin=None)
        case "endurance":
            return device, conditions.with_(cycles=1)
        case "read_noise":
            return device, conditions.with_(read_noise=False)
        case "ir_drop":
            return device, conditions.with_(word_line_ohms=0.0, match_line_ohms=0.0)
        case "adc_mismatch":
            return device, conditions.with_(adc=conditions.adc.model_dump() | dict.fromkeys(MISMATCHES, 0.0))
        case "adc_resolution":
            adc = conditions.adc
            return device, conditions.with_(adc=adc if adc.bits is None else with_bits(adc, FINEST_ADC_BITS))
        case "cell_resolution":
            return device, conditions.with_(cell_bits=FINEST_CELL_BITS)


def check_effects(device: Device, conditions: Conditions) -> None:
    """Refuse effects that the device has no law for; raises EngramError naming the parameter."""
    asked = conditions.read_time_seconds > 0
    needs = {
        "read_time_seconds": (asked, device.retention or device.measured, "retention law", "retention"),
        "cycles": (conditions.cycles > 1, device.endurance, "endurance law", "endurance"),
        "read_noise": (conditions.read_noise, device.read_noise, "read noise", "read_noise"),
        "write_verify": (conditions.write_verify, device.pulses, "acceptance of write-verify", "pulses"),
    }
    for name, (wanted, law, what, table) in needs.items():
        if wanted and law is None:
            raise EngramError(
                f"{name} must be left out for device {device.name!r}, whose source gives no {what}, "
                f"got {getattr(conditions, name)}; take another device, or give [{table}] in a device file"
            )
    kelvin = conditions.temperature_kelvin
    if kelvin is not None and not asked:
        raise EngramError(
            f"temperature_kelvin must be left out without a read time, got {kelvin:g}; it acts on retention"
        )
    if kelvin is not None and device.retention is None:
        raise EngramError(
            "temperature_kelvin must be left out for measured conductances, which hold at the temperature of "
            f"their measurement, got {kelvin:g}"
        )
    if device.retention is not None and asked:
        device.retention.equivalent_seconds(conditions.read_time_seconds, kelvin)
    if device.measured is not None:
        device.measured.at(conditions.read_time_seconds)


def with_bits(adc: AdcModel, bits: int) -> AdcModel:
    """The same ADCs with another resolution: offset, trim step and bent steps keep their size in the range.

    They do so up to the limits of the model. What the ideal ADC has is counted in the new LSB.
    """
    finer = 1.0 if adc.bits is None else 2.0 ** (bits - adc.bits)
    changes = {
        "bits": bits,
        "offset_sigma_lsb": min(adc.offset_sigma_lsb * finer, MAX_LSB),
        "trim_step_lsb": min(adc.trim_step_lsb * finer, MAX_LSB),
        "unit_sigma": min(adc.unit_sigma * finer**0.5, MAX_UNIT_SIGMA),
    }
    return adc.model_copy(update=changes)
