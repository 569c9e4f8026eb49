"""Settings: what a point is made of, and which points cannot exist."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.explore.space.made import made_of
from sw.explore.space.space import Point, Space, Value
from sw.rram.adc.converters import draw_converters
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import array_design, current_codes
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.known import depends_on_columns
from sw.templates.sizes import design_for

__all__ = [
    "Array",
    "Setting",
    "Settings",
    "Variant",
    "possible",
    "sampled",
    "sizes_matter",
    "sizes_of",
]

Array = tuple[Device, Conditions]
IN_DESIGN = ("rows", "cols", "cols_per_adc")
TRIES = 200
CLASSIFIER = ("bundle", "thresholds", "templates_per_class")


class Variant(NamedTuple):
    """A bundle with templates of some kind: those it has, or others."""

    bundle: str
    thresholds: int
    templates_per_class: int


class Setting(NamedTuple):
    """Parts of a point: templates, design, device, conditions.

    Attributes
    ----------
    point, variant
        Which it is, and whose templates it has.
    design
        All sizes, with the widths of the conditions.
    device, conditions
        What is programmed, and how.
    """

    point: Point
    variant: Variant
    design: DesignPoint
    device: Device
    conditions: Conditions


def sizes_matter(device: Device, conditions: Conditions) -> bool:
    """Whether the answers depend on the columns of a tile and on who shares an ADC.

    They do not where lines are whole and perfect and ADCs are alike: then a match line is what it is,
    wherever it lies.
    """
    coping = conditions.coping
    arranged = coping.calibrate_adc or coping.spare_lines > 0
    return arranged or depends_on_columns(device, conditions)


def sizes_of(design: DesignPoint) -> dict[str, int]:
    """Fields of a design that a point changes and templates do not depend on."""
    return {name: getattr(design, name) for name in (*IN_DESIGN, "row_lanes")}


class Settings:
    """Makes points of bundles; parts that points share are made once.

    Parameters
    ----------
    designs
        Of the bundles, by what the axis ``bundle`` calls them.
    array
        Device and conditions for values of all axes that are not of the design; raises EngramError where they
        do not fit together.
    """

    def __init__(
        self, designs: Mapping[str, DesignPoint], array: Callable[[dict[str, Value]], Array]
    ) -> None:
        self._designs = designs
        self.array = array
        self._array = cache(lambda values: array(dict(values)))
        self._sized = cache(self._design)
        self._checked: set[tuple[Any, ...]] = set()

    def of(self, point: Point) -> Setting:
        """The setting of a point; raises EngramError if it cannot exist."""
        values = point.as_dict()
        variant = Variant(*(values.pop(axis) for axis in CLASSIFIER))  # type: ignore[arg-type]
        sizes = tuple(values.pop(axis) for axis in IN_DESIGN)
        design = self._sized(variant, sizes)
        of_array = tuple(values.items())
        device, conditions = self._array(of_array)
        design = array_design(design, conditions.cell_bits, conditions.adc.bits)
        # ADCs that are alike are the same ones whatever the columns, and checking them takes long
        alike = variant.bundle, design.rows, design.features, of_array
        if alike not in self._checked:
            _check_converters(design, device, conditions)
            if not sizes_matter(device, conditions):
                self._checked.add(alike)
        return Setting(point, variant, design, device, conditions)

    def _design(self, variant: Variant, sizes: tuple[Any, ...]) -> DesignPoint:
        array = dict(zip(IN_DESIGN, sizes, strict=True))
        if array["cols_per_adc"] > array["cols"]:
            raise EngramError(
                "cols_per_adc must be at most cols, as many match lines as a tile has, "
                f"got {array['cols_per_adc']} and {array['cols']}"
            )
        trained = self._designs[variant.bundle]
        made = made_of(trained, variant.thresholds, variant.templates_per_class)
        wanted = variant.thresholds, variant.templates_per_class
        return design_for(trained, made.kind, *wanted, array, made.thresholds_by)


def possible(
    space: Space, settings: Settings, points: Iterable[Point]
) -> tuple[list[Setting], dict[str, int]]:
    """Settings of those points that can exist, and how many cannot, by why.

    Raises
    ------
    EngramError
        If there is none, or a value that was given is in none of them.
    """
    found: list[Setting] = []
    refused: Counter[str] = Counter()
    reasons: dict[tuple[str, Value], str] = {}
    for point in points:
        try:
            found.append(settings.of(point))
        except EngramError as error:
            why = str(error)
            refused[why.partition(", got")[0]] += 1
            for axis, value in point.as_dict().items():
                reasons.setdefault((axis, value), why)
    if not found:
        raise EngramError(f"no point of the space can exist: {next(iter(reasons.values()))}")
    there = {pair for setting in found for pair in setting.point.as_dict().items()}
    for axis in space.given:
        for value in space.axes[axis]:
            if (axis, value) not in there:
                raise EngramError(f"{axis} {value} can never be: {reasons[axis, value]}")
    return found, dict(refused)


def sampled(space: Space, settings: Settings, seed: int) -> list[Setting]:
    """A point that can exist for every value, for spaces too large to look at all points.

    Raises
    ------
    EngramError
        If none of :data:`TRIES` points, drawn at random, with a value that was given can exist.
    """
    rng, found = np.random.default_rng(seed), []
    for axis, values in space.axes.items():
        for value in values:
            for _ in range(TRIES):
                drawn = {name: choices[rng.integers(len(choices))] for name, choices in space.axes.items()}
                drawn[axis] = value
                try:
                    found.append(settings.of(Point(tuple(drawn), tuple(drawn.values()))))
                    break
                except EngramError as error:
                    why = str(error)
            else:
                if axis in space.given:
                    raise EngramError(f"{axis} {value} cannot be in {TRIES} points that were tried: {why}")
    if not found:
        raise EngramError(f"no point of the space can exist: {why}")
    return found


def _check_converters(design: DesignPoint, device: Device, conditions: Conditions) -> None:
    """Raise EngramError where codes cannot tell the states apart, or ADCs cannot be put in integers."""
    adc = conditions.adc
    if adc.full_scale == "auto":
        adc = adc.model_copy(update={"full_scale": "nominal"})
    current_codes(design, device)
    if adc.bits is not None:
        draw_converters(design, device, adc, np.random.default_rng(0)).tables()
