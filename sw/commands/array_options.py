"""Options of every command that programs an array: declared once, as the parameters of :func:`chosen_array`.

A command has one parameter `array` in their place and is decorated with :func:`takes_array`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer

from sw.design import validated
from sw.rram.conditions import Conditions
from sw.rram.converters import AdcModel
from sw.rram.device import Device
from sw.rram.presets import DEVICES, device_named

__all__ = ["Array", "chosen_array", "takes_array"]


class Array(NamedTuple):
    """What a command programs: which devices, and how."""

    device: Device
    conditions: Conditions


def chosen_array(
    device: Annotated[str, typer.Option("--device", help=f"RRAM device: {', '.join(DEVICES)}.")] = "cmo-hfox",
    cell_bits: Annotated[int, typer.Option("--cell-bits", help="Width of a conductance code, 1 to 8.")] = 4,
    adc_bits: Annotated[
        int, typer.Option("--adc-bits", help="Resolution of the ADCs, 1 to 12; 0 is the ideal ADC.")
    ] = 8,
    p_stuck_hrs: Annotated[
        float | None, typer.Option("--p-stuck-hrs", help="Probability that a device is stuck in the HRS.")
    ] = None,
    p_stuck_lrs: Annotated[
        float | None, typer.Option("--p-stuck-lrs", help="Probability that a device is stuck in the LRS.")
    ] = None,
    p_broken_row: Annotated[
        float | None, typer.Option("--p-broken-row", help="Probability that a word line of a tile is open.")
    ] = None,
    p_broken_col: Annotated[
        float | None, typer.Option("--p-broken-col", help="Probability that a match line of a tile is open.")
    ] = None,
) -> Array:
    """What the options say; raises EngramError naming the one that is out of range."""
    broken = {
        "p_stuck_hrs": p_stuck_hrs,
        "p_stuck_lrs": p_stuck_lrs,
        "p_broken_row": p_broken_row,
        "p_broken_col": p_broken_col,
    }
    given = {name: probability for name, probability in broken.items() if probability is not None}
    model = device_named(device).with_(**given)
    adc = validated(AdcModel, {"bits": adc_bits or None}, "adc")
    return Array(model, validated(Conditions, {"cell_bits": cell_bits, "adc": adc}, "conditions"))


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
