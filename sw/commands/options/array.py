"""Options of every command that programs an array: declared once, as the parameters of :func:`chosen_array`.

A command has one parameter `array` in their place and is decorated with :func:`takes_array`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer

from sw.durations import seconds_of
from sw.errors import EngramError
from sw.rram.adc.converters import AdcModel
from sw.rram.chip.effects import check_effects
from sw.rram.devices.device import PROBABILITIES, Device
from sw.rram.devices.files import device_named
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.coping import Coping
from sw.rram.laws.measured import COLUMNS
from sw.validation import validated

__all__ = ["Array", "chosen_array", "takes_array"]


class Array(NamedTuple):
    """What a command programs: which devices, and how."""

    device: Device
    conditions: Conditions


def _option(flag: str, text: str) -> Any:
    return typer.Option(flag, help=text, rich_help_panel="Array")


def chosen_array(
    device: Annotated[
        str,
        _option(
            "--device",
            f"RRAM device: {', '.join(DEVICES)}; or your own: a TOML file with its parameters, of which "
            "'engram program --device-example' prints one, or a CSV file of measured conductances with the "
            f"columns {', '.join(COLUMNS)}.",
        ),
    ] = "cmo-hfox",
    cell_bits: Annotated[int, _option("--cell-bits", "Width of a conductance code, 1 to 8.")] = 4,
    adc_bits: Annotated[int, _option("--adc-bits", "Bits of the ADCs, 1 to 12; 0 is the ideal ADC.")] = 8,
    adc_kind: Annotated[
        str, _option("--adc-kind", "sar: binary-weighted capacitors in each ADC; ramp: one ramp for a tile.")
    ] = "sar",
    adc_gain_sigma: Annotated[
        float, _option("--adc-gain-sigma", "Spread of the ADCs' gain: relative standard deviation.")
    ] = 0.0,
    adc_offset_sigma_lsb: Annotated[
        float, _option("--adc-offset-sigma-lsb", "Spread of the ADCs' offset: standard deviation in LSB.")
    ] = 0.0,
    adc_unit_sigma: Annotated[
        float,
        _option("--adc-unit-sigma", "Spread of a unit capacitor or ramp step, which bends the ADCs' curve."),
    ] = 0.0,
    full_scale: Annotated[
        str, _option("--full-scale", "Range of the ADCs: nominal, the whole; auto, from validation data.")
    ] = "nominal",
    read_time: Annotated[
        str,
        _option(
            "--read-time", "Time from programming to reading, such as 1s, 10min, 1h, 1d, 10y; 0 is at once."
        ),
    ] = "0",
    temperature_kelvin: Annotated[
        float | None,
        _option("--temperature-kelvin", "Temperature until then, for devices with an activation energy."),
    ] = None,
    cycles: Annotated[
        int, _option("--cycles", "Times each device has been programmed, for devices with an endurance law.")
    ] = 1,
    noise: Annotated[bool, _option("--noise/--no-noise", "Read noise in every conversion.")] = False,
    write_verify: Annotated[
        bool,
        _option("--write-verify", "Program pulse by pulse, instead of drawing errors from the device's law."),
    ] = False,
    p_stuck_hrs: Annotated[
        float | None, _option("--p-stuck-hrs", "Probability that a device is stuck in the HRS.")
    ] = None,
    p_stuck_lrs: Annotated[
        float | None, _option("--p-stuck-lrs", "Probability that a device is stuck in the LRS.")
    ] = None,
    p_broken_row: Annotated[
        float | None, _option("--p-broken-row", "Probability that a word line of a tile is open.")
    ] = None,
    p_broken_col: Annotated[
        float | None, _option("--p-broken-col", "Probability that a match line of a tile is open.")
    ] = None,
    word_line_ohms: Annotated[
        float, _option("--word-line-ohms", "Resistance of a word line from one cell to the next.")
    ] = 0.0,
    match_line_ohms: Annotated[
        float, _option("--match-line-ohms", "Resistance of a match line from one cell to the next.")
    ] = 0.0,
    spare_lines: Annotated[
        int,
        _option("--spare-lines", "Match lines besides those of the templates, for broken segments."),
    ] = 0,
    polarity: Annotated[
        bool, _option("--polarity/--no-polarity", "Swap word lines of pairs where that hides stuck devices.")
    ] = False,
    calibrate_adc: Annotated[
        bool, _option("--calibrate-adc/--no-calibrate-adc", "Trim the ADCs with reference match lines.")
    ] = False,
) -> Array:
    """What the options say; raises EngramError naming the one that is out of range or asks for too much."""
    if adc_bits == 0:
        _check_ideal_adc(
            {
                "adc_kind": adc_kind,
                "adc_gain_sigma": adc_gain_sigma,
                "adc_offset_sigma_lsb": adc_offset_sigma_lsb,
                "adc_unit_sigma": adc_unit_sigma,
                "full_scale": full_scale,
                "calibrate_adc": calibrate_adc,
            }
        )
    broken = zip(PROBABILITIES, (p_stuck_hrs, p_stuck_lrs, p_broken_row, p_broken_col), strict=True)
    given = {name: probability for name, probability in broken if probability is not None}
    model = device_named(device).with_(**given)
    adc = {
        "bits": adc_bits or None,
        "kind": adc_kind,
        "gain_sigma": adc_gain_sigma,
        "offset_sigma_lsb": adc_offset_sigma_lsb,
        "unit_sigma": adc_unit_sigma,
        "full_scale": full_scale,
    }
    conditions = validated(
        Conditions,
        {
            "cell_bits": cell_bits,
            "adc": validated(AdcModel, adc, "adc"),
            "read_time_seconds": seconds_of(read_time, "--read-time"),
            "temperature_kelvin": temperature_kelvin,
            "cycles": cycles,
            "read_noise": noise,
            "write_verify": write_verify,
            "word_line_ohms": word_line_ohms,
            "match_line_ohms": match_line_ohms,
            "coping": validated(
                Coping,
                {"spare_lines": spare_lines, "polarity": polarity, "calibrate_adc": calibrate_adc},
                "coping",
            ),
        },
        "conditions",
    )
    check_effects(model, conditions)
    return Array(model, conditions)


def _check_ideal_adc(values: dict[str, Any]) -> None:
    """Refuse options of the ADCs that the ideal one has no use for."""
    options = inspect.signature(chosen_array).parameters
    for name, value in values.items():
        if value != options[name].default:
            raise EngramError(
                f"--{name.replace('_', '-')} must be left out with --adc-bits 0, the ideal ADC, which has no "
                f"codes, got {value}; leave it out, or give the ADCs 1 to 12 bits"
            )


def takes_array(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: its parameter `array` becomes the options of :func:`chosen_array`."""
    options = inspect.signature(chosen_array).parameters
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        parameters += options.values() if name == "array" else [parameter]

    @functools.wraps(command)
    def expanded(**arguments: Any) -> None:
        chosen = {name: arguments.pop(name) for name in options}
        command(array=chosen_array(**chosen), **arguments)

    # Typer asks for both, inspect.signature() and typing.get_type_hints().
    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del expanded.__wrapped__
    return expanded
