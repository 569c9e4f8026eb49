"""Space: the axes of an exploration, their values, and the points that they span."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sw.design.layer import Count
from sw.errors import EngramError
from sw.texts import read_toml
from sw.validation import validated

__all__ = ["SIZES", "Kinds", "Point", "Sizes", "Space", "Value", "read_space", "values_of"]

Value = int | float | str | bool
Kinds = Mapping[str, type]
"""Type of the values of every axis."""

MOST_VALUES = 1_000
RANGE = re.compile(r"(\d+)\.\.(\d+)(?:([*+])(\d+))?")


class Sizes(BaseModel):
    """Sizes that are axes, with the values that they may have.

    Parameters
    ----------
    rows, cols
        Word-line pairs and match lines of a tile.
    cols_per_adc
        Match lines that share an ADC.
    adc_bits
        Resolution of the ADCs; 0 is the ideal one.
    cell_bits
        Width of a conductance code.
    templates_per_class, thresholds
        Of the classifier; others than the bundle's are made anew.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rows: Count = 1
    cols: Count = 1
    cols_per_adc: Count = 1
    adc_bits: Annotated[int, Field(ge=0, le=12)] = 0
    cell_bits: Annotated[int, Field(ge=1, le=8)] = 1
    templates_per_class: Annotated[int, Field(ge=1, le=64)] = 1
    thresholds: Annotated[int, Field(ge=1, le=15)] = 1


SIZES = tuple(Sizes.model_fields)


@dataclass(frozen=True)
class Point:
    """One value of every axis."""

    axes: tuple[str, ...]
    values: tuple[Value, ...]

    def __getitem__(self, axis: str) -> Value:
        return self.values[self.axes.index(axis)]

    def as_dict(self) -> dict[str, Value]:
        """Values by axis."""
        return dict(zip(self.axes, self.values, strict=True))

    def __str__(self) -> str:
        return ",".join(f"{axis}={value}" for axis, value in self.as_dict().items())


@dataclass(frozen=True)
class Space:
    """Values by axis, every combination of which is a point.

    Parameters
    ----------
    axes
        At least one value each, no two alike.
    given
        Axes whose values somebody asked for; those of the others may turn out to be impossible.
    """

    axes: dict[str, tuple[Value, ...]]
    given: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Number of combinations, those included that cannot exist."""
        return prod(len(values) for values in self.axes.values())

    def points(self) -> Iterator[Point]:
        """All combinations; the last axis changes fastest."""
        names = tuple(self.axes)
        return (Point(names, values) for values in product(*self.axes.values()))


def values_of(text: str, kind: type, axis: str) -> tuple[Value, ...]:
    """Values of an option: separated by commas; of integers also ``3..10``, ``32..1024*2``, ``16..64+16``.

    Raises
    ------
    EngramError
        If a value is not of the axis's type.
    """
    found: list[Value] = []
    for part in text.split(","):
        word = part.strip()
        ranged = RANGE.fullmatch(word) if kind is int else None
        found += _range(ranged, axis) if ranged else [_value(word, kind, axis)]
    return _checked(found, kind, axis)


def read_space(path: Path, kinds: Kinds) -> dict[str, tuple[Value, ...]]:
    """Axes of a TOML file: a key for each, with a value, a list, or the text of an option.

    Raises
    ------
    EngramError
        If the file cannot be read, has an unknown key, or a value that the axis cannot have.
    """
    axes = {}
    for name, content in read_toml(path).items():
        if name not in kinds:
            raise EngramError(f"{path}: unknown key {name!r}; known: {', '.join(kinds)}")
        kind = kinds[name]
        try:
            if isinstance(content, str):
                axes[name] = values_of(content, kind, name)
            else:
                axes[name] = _checked(content if isinstance(content, list) else [content], kind, name)
        except EngramError as error:
            raise EngramError(f"{path}: {error}") from None
    return axes


def _range(match: re.Match[str], axis: str) -> list[Value]:
    first, last, step = int(match[1]), int(match[2]), int(match[4] or 1)
    grows = step > 1 and first > 0 if match[3] == "*" else step > 0
    if first > last or not grows:
        raise EngramError(f"{axis}: a range must go upwards, such as 3..10 or 32..1024*2, got {match[0]!r}")
    found: list[Value] = []
    while first <= last:
        found.append(first)
        first = first * step if match[3] == "*" else first + step
        if len(found) > MOST_VALUES:
            raise EngramError(f"{axis}: at most {MOST_VALUES:,} values are supported, got {match[0]!r}")
    return found


def _value(word: str, kind: type, axis: str) -> Value:
    if kind is bool:
        if word not in ("true", "false"):
            raise EngramError(f"{axis}: values must be true or false, got {word!r}")
        return word == "true"
    try:
        return int(word) if kind is int else float(word) if kind is float else word
    except ValueError:
        what = {int: "whole numbers", float: "numbers"}[kind]
        raise EngramError(f"{axis}: values must be {what}, separated by commas, got {word!r}") from None


def _checked(values: list[Any], kind: type, axis: str) -> tuple[Value, ...]:
    if not values:
        raise EngramError(f"{axis}: at least one value must be given, got none")
    found: list[Value] = []
    for value in values:
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind or not isinstance(value, Value):
            raise EngramError(f"{axis}: values must be of type {kind.__name__}, got {value!r}")
        if axis in SIZES:
            validated(Sizes, {axis: value}, "space")
        found.append(value)
    return tuple(dict.fromkeys(found))
