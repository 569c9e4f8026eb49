"""Options of ``engram explore`` that are axes: sizes, and everything that :func:`chosen_array` takes.

The request has one field of the type ``AxesOptions`` in their place.
"""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from sw.commands.options.array import chosen_array
from sw.commands.options.declared import OptionsOf
from sw.design import DesignPoint
from sw.explore.space.settings import Array
from sw.explore.space.space import SIZES, Kinds, Space, Value, read_space, values_of

__all__ = ["KINDS", "AxesOptions", "array_of", "space_of"]

BUNDLE = "bundle"
OPTIONS = inspect.signature(chosen_array).parameters
SIZE_TEXTS = {
    "rows": "Rows of a tile",
    "cols": "Match lines of a tile",
    "cols_per_adc": "Match lines that share an ADC",
    "adc_bits": "Bits of the ADCs, 1 to 12; 0 is the ideal ADC",
    "cell_bits": "Bits of a conductance code, 1 to 8",
    "templates_per_class": "Templates per class; other numbers than the bundle's are made anew",
    "thresholds": "Thresholds per feature; other numbers than the bundle's are made anew",
}
DEFAULTS = {
    "rows": "32..512*2",
    "cols": "16,32,64",
    "cols_per_adc": "1,4,16",
    "adc_bits": "4..8",
    "cell_bits": "2,4",
}
"""Values of axes that are not given; templates and thresholds are then the bundles' own."""


def _kind(annotation: Any) -> type:
    """Type of the values of an option of :func:`chosen_array`."""
    base = get_args(annotation)[0]
    return next((part for part in get_args(base) if part is not type(None)), base)


KINDS: Kinds = {
    **dict.fromkeys(SIZES, int),
    **{name: _kind(option.annotation) for name, option in OPTIONS.items() if name not in SIZES},
}
"""Axes that a person can name, and the type of their values."""


def space_of(axes: dict[str, str | bool], file: Path | None, designs: dict[str, DesignPoint]) -> Space:
    """The space of options and a TOML file; options go before the file, and both before the defaults.

    Raises
    ------
    EngramError
        If the file cannot be read, or a value is one that its axis cannot have.
    """
    found = read_space(file, KINDS) if file else {}
    for axis, text in axes.items():
        found[axis] = (text,) if isinstance(text, bool) else values_of(text, KINDS[axis], axis)
    own: dict[str, Iterable[Value]] = {
        BUNDLE: designs,
        "device": [OPTIONS["device"].default],
        "templates_per_class": sorted({design.templates_per_class for design in designs.values()}),
        "thresholds": sorted({design.thresholds_per_feature for design in designs.values()}),
        **{axis: values_of(text, int, axis) for axis, text in DEFAULTS.items()},
    }
    order = [BUNDLE, *(axis for axis in KINDS if axis in found or axis in own)]
    values = {axis: tuple(found.get(axis, own.get(axis, ()))) for axis in order}
    return Space(values, frozenset(found))


def array_of(values: dict[str, Value]) -> Array:
    """Device and conditions for values by axis; raises EngramError where they do not fit together."""
    given: dict[str, Any] = values
    device, conditions = chosen_array(**given)
    return device, conditions


def _option(axis: str) -> inspect.Parameter:
    """An axis as an option; several values are separated by commas, integers may be a range."""
    if axis in SIZES:
        default = DEFAULTS.get(axis, "the bundle's")
        option = typer.Option(
            f"--{axis.replace('_', '-')}",
            help=f"{SIZE_TEXTS[axis]}.",
            metavar="N,N..",
            show_default=default,
            rich_help_panel="Axes",
        )
        annotation: Any = Annotated[str | None, option]
    else:
        given = get_args(OPTIONS[axis].annotation)[1]
        kept = OPTIONS[axis].default
        option = typer.Option(
            given.default,  # where Typer keeps the flag of an annotated option
            help=given.help,
            metavar=None if KINDS[axis] is bool else "V,V..",
            show_default=str(kept) if kept is not None and kept is not False else False,
            rich_help_panel="Array, each an axis too",
        )
        annotation = Annotated[bool | None if KINDS[axis] is bool else str | None, option]
    return inspect.Parameter(
        axis, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation
    )


AxesOptions = Annotated[dict[str, str | bool], OptionsOf(_option(axis) for axis in KINDS)]
"""Axes that were given, for a field of the request: texts by axis, of some True or False."""
