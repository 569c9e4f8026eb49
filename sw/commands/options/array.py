"""Options of every command that programs an array: those of the effects, and of coping with them.

A command has one parameter of the type ``ArrayOptions`` in their place and is decorated with
:func:`sw.commands.options.declared.takes_options`.
"""

import inspect
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import BaseModel

from sw.commands.options.declared import OptionsOf, Recorded
from sw.errors import EngramError
from sw.rram.adc.converters import AdcModel
from sw.rram.devices.device import Device
from sw.rram.devices.files import device_named
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Coping
from sw.rram.effects.effect import Option
from sw.rram.effects.known import EFFECTS, check_effects
from sw.rram.laws.samples import COLUMNS
from sw.validation import validated

__all__ = ["Array", "ArrayOptions", "OverridingOptions", "changed_array", "chosen_array"]


class Array(NamedTuple):
    """The array that a command programs: its devices, and the conditions of programming and reading."""

    device: Device
    conditions: Conditions


DEVICE = Option(
    "--device",
    "device",
    str,
    "cmo-hfox",
    f"RRAM device: {', '.join(DEVICES)}; or your own: a TOML file with its parameters, of which "
    "'engram program --device-example' prints one, or a CSV file of measured conductances with the columns "
    f"{', '.join(COLUMNS)}.",
)
OTHERS = (
    Option(
        "--full-scale",
        "adc.full_scale",
        str,
        "nominal",
        "Range of the ADCs: nominal, the whole; auto, from validation data.",
    ),
    Option(
        "--spare-lines",
        "coping.spare_lines",
        int,
        0,
        "Match lines besides those of the templates, for broken segments.",
    ),
    Option(
        "--polarity/--no-polarity",
        "coping.polarity",
        bool,
        False,
        "Swap word lines of pairs where that hides stuck devices.",
    ),
    Option(
        "--calibrate-adc/--no-calibrate-adc",
        "coping.calibrate_adc",
        bool,
        False,
        "Trim the ADCs with reference match lines.",
    ),
)
"""Options of no single effect: how the array copes with effects, and the range of its ADCs."""


def _in_order(options: Iterable[Option]) -> tuple[Option, ...]:
    """The device, then options in the order of the conditions that they set.

    An option that sets none, but a field of the device, stays behind the one before it. The order is that of
    help texts and of axes; the numbers of an exploration's points follow from it.
    """
    fields: list[str] = []
    for name, value in Conditions():
        parts = type(value).model_fields if isinstance(value, BaseModel) else ()
        fields += [f"{name}.{part}" for part in parts] or [name]
    place, placed = 0, []
    for option in options:
        place = fields.index(option.sets) if option.sets in fields else place
        placed.append((place, option))
    return DEVICE, *(option for _, option in sorted(placed, key=itemgetter(0)))


OPTIONS = _in_order((*(option for effect in EFFECTS for option in effect.options), *OTHERS))


def chosen_array(**given: Any) -> Array:
    """The array that :data:`OPTIONS` describe; those that are not given have their defaults.

    Raises
    ------
    EngramError
        If a value is out of range, or asks for what the device has no law for; the message names it.
    """
    bound = inspect.signature(chosen_array).bind(**given)
    bound.apply_defaults()
    return changed_array(Array(DEVICES[DEVICE.default], Conditions()), bound.arguments)


def changed_array(array: Array, given: Mapping[str, Any]) -> Array:
    """The array with those of :data:`OPTIONS` changed that were given, and all else as it is.

    Raises
    ------
    EngramError
        As :func:`chosen_array`.
    """
    device, conditions = array
    adc, coping = conditions.adc, conditions.coping
    if given.get("adc_bits") == 0:
        _check_ideal_adc(given)
        adc, coping = AdcModel(), coping.model_copy(update={"calibrate_adc": False})
    if DEVICE.name in given:
        device = device_named(given[DEVICE.name])
    own = {field: value for field, value in _fields("device", given).items() if value is not None}
    device = device.with_(**own)
    adc = validated(AdcModel, dict(adc) | _fields("adc", given), "adc")
    coping = validated(Coping, dict(coping) | _fields("coping", given), "coping")
    fields = dict(conditions) | _fields("", given) | {"adc": adc, "coping": coping}
    conditions = validated(Conditions, fields, "conditions")
    check_effects(device, conditions)
    return Array(device, conditions)


def _fields(table: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of one part of the array, as the given options set them; the device's name is none of them."""
    options = (option for option in OPTIONS if option.table == table and option is not DEVICE)
    return {option.field: option.read(given[option.name]) for option in options if option.name in given}


def _parameter(option: Option) -> inspect.Parameter:
    shown = typer.Option(option.flag, help=option.help, rich_help_panel="Array")
    marks = (shown, Recorded.by_name) if option is DEVICE else (shown,)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=option.default,
        annotation=Annotated[option.kind, *marks],
    )


# Typer, axes and recorded commands read names, types, defaults and help from the signature.
_signature = inspect.Signature([_parameter(option) for option in OPTIONS])
chosen_array.__signature__ = _signature  # type: ignore[attr-defined]


def _check_ideal_adc(given: Mapping[str, Any]) -> None:
    """Refuse options of the ADCs that the ideal one has no use for."""
    for option in OPTIONS:
        of_adc = (option.table == "adc" and option.name != "adc_bits") or option.name == "calibrate_adc"
        value = given.get(option.name, option.default)
        if of_adc and value != option.default:
            raise EngramError(
                f"--{option.name.replace('_', '-')} must be left out with --adc-bits 0, the ideal ADC, which "
                f"has no codes, got {value}; leave it out, or give the ADCs 1 to 12 bits"
            )


ArrayOptions = Annotated[dict[str, Any], OptionsOf(_signature.parameters.values())]
"""Those of :func:`chosen_array` that were given, for a parameter of a command or a field of a request."""
OverridingOptions = Annotated[dict[str, Any], OptionsOf(_signature.parameters.values(), by_hand=True)]
"""The same for :func:`changed_array`, where one that was given may have the value of its default."""
