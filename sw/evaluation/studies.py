"""Studies: the same chips under many conditions, to see what an effect costs and what helps against it.

All points of a study program the same chips (seed and chip number are the same, and every effect has random
numbers of its own), so two points differ by what the study changes and by nothing else.
"""

import csv
import io
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError
from sw.evaluation.distribution import accuracy_interval, mean_interval
from sw.files import write_atomically
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import TEN_YEARS_SECONDS, Conditions
from sw.rram.effects.converters import with_bits
from sw.rram.effects.known import EFFECTS, check_effects

__all__ = [
    "ALL",
    "NOTHING",
    "READ_SECONDS",
    "Outcome",
    "Point",
    "Rows",
    "Study",
    "points_of",
    "rows_of",
    "write_csv",
]

Rows = list[dict[str, Any]]
"""What a study found, point by point."""

READ_SECONDS = 1.0, TEN_YEARS_SECONDS
READ_TIMES = 9
"""Evenly spaced in their logarithm: about one per decade."""
ADC_BITS = range(3, 11)
STUCK_SHARES = (0.01, 0.05, 0.1)
"""Half of the stuck cells in each state."""
SPARE_SHARE = 0.2
"""Spare match lines per template, where the conditions have none."""
NOTHING = "nothing"
ALL = "all"


class Study(StrEnum):
    """Kinds of studies."""

    effects = "effects"
    time = "time"
    coping = "coping"


class Point(NamedTuple):
    """One setting of a study.

    Attributes
    ----------
    factors
        What the study varies, by name.
    device, conditions
        What is programmed, and how.
    """

    factors: dict[str, Any]
    device: Device
    conditions: Conditions


class Outcome(NamedTuple):
    """A point and the accuracies (chips,) of its chips."""

    point: Point
    accuracies: NDArray[np.float64]


def points_of(study: Study, device: Device, conditions: Conditions, templates: int) -> list[Point]:
    """Settings of a study around the given ones, in the order in which they run.

    effects
        Everything as given, then each effect switched off in turn, those that are on, then all of them.
    time
        Read times from one second to ten years, or those that the device covers of them, each with ADCs of 3
        to 10 bits, whose mismatch is the same share of the range, see
        :func:`sw.rram.effects.converters.with_bits`.
    coping
        1, 5 and 10 % of stuck cells, each without coping, with spare match lines, with polarity, with ADC
        calibration, and with all three.

    Raises
    ------
    EngramError
        If the device has no law for what the study asks.
    """
    match study:
        case Study.effects:
            points = _effects(device, conditions)
        case Study.time:
            points = _time(device, conditions)
        case Study.coping:
            points = _coping(device, conditions, templates)
    for point in points:
        check_effects(point.device, point.conditions)
    return points


def _effects(device: Device, conditions: Conditions) -> list[Point]:
    points = [Point({"without": NOTHING}, device, conditions)]
    nothing_left = device, conditions
    for effect in EFFECTS:
        changed = effect.off(device, conditions)
        if changed != (device, conditions):
            points.append(Point({"without": effect.name}, *changed))
            nothing_left = effect.off(*nothing_left)
    return [*points, Point({"without": ALL}, *nothing_left)]


def _time(device: Device, conditions: Conditions) -> list[Point]:
    first, last = _covered_seconds(device, conditions)
    return [
        Point(
            {"read_time_seconds": seconds, "adc_bits": bits},
            device,
            conditions.with_(read_time_seconds=seconds, adc=with_bits(conditions.adc, bits)),
        )
        for seconds in np.geomspace(first, last, READ_TIMES).tolist()
        for bits in ADC_BITS
    ]


def _covered_seconds(device: Device, conditions: Conditions) -> tuple[float, float]:
    """First and last time to read at; :func:`check_effects` is for devices that have no law of time."""
    first, last = READ_SECONDS
    if device.measured is not None:
        covered = device.measured.covered_seconds()
    elif device.retention is not None:
        covered = device.retention.covered_seconds(conditions.temperature_kelvin)
    else:
        return READ_SECONDS
    first, last = max(first, covered[0]), min(last, covered[1])
    if first >= last:
        raise EngramError(
            f"the study of time needs a device that covers several times from {READ_SECONDS[0]:g} to "
            f"{READ_SECONDS[1]:g} s, {device.name!r} covers {covered[0]:g} to {covered[1]:g} s; "
            "take another device"
        )
    return first, last


def _coping(device: Device, conditions: Conditions, templates: int) -> list[Point]:
    spares = conditions.coping.spare_lines or max(1, round(SPARE_SHARE * templates))
    none = {"spare_lines": 0, "polarity": False, "calibrate_adc": False}
    means = {"spare_lines": spares, "polarity": True, "calibrate_adc": True}
    ways = {NOTHING: none, **{name: none | {name: value} for name, value in means.items()}, ALL: means}
    return [
        Point(
            {"stuck_share": share, "coping": name},
            device.with_(p_stuck_hrs=share / 2, p_stuck_lrs=share / 2),
            conditions.with_(coping=way),
        )
        for share in STUCK_SHARES
        for name, way in ways.items()
    ]


def rows_of(study: Study, outcomes: Iterable[Outcome], images: int) -> Rows:
    """Factors and results of every point, accuracies as shares of so many images.

    Of the effects also `cost`: how much accuracy each takes from the same chips, with its 95 % interval. The
    limits of intervals are None where there is only one chip.
    """
    outcomes = list(outcomes)
    rows = []
    for point, accuracies in outcomes:
        low, high = accuracy_interval(accuracies, images) or (None, None)
        row = {
            **point.factors,
            "chips": len(accuracies),
            "accuracy_mean": float(accuracies.mean()),
            "accuracy_mean_low": low,
            "accuracy_mean_high": high,
            "accuracy_min": float(accuracies.min()),
            "accuracy_p5": float(np.percentile(accuracies, 5)),
            "accuracy_max": float(accuracies.max()),
        }
        if study is Study.effects:
            differences = accuracies - outcomes[0].accuracies
            # Nothing left out costs nothing, on any chips.
            none = point is outcomes[0].point
            low, high = (0.0, 0.0) if none else mean_interval(differences, 1 / images) or (None, None)
            row |= {"cost": float(differences.mean()), "cost_low": low, "cost_high": high}
        rows.append(row)
    return rows


def write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    """Write rows with equal keys, a line each below a header; raises EngramError if that cannot be done."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
