"""Durations as people write them: ``90s``, ``10min``, ``2h``, ``1d``, ``10y``."""

import math
import re

from sw.errors import EngramError

__all__ = ["seconds_of", "written_duration"]

UNITS = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0, "y": 365.25 * 86_400.0}


def seconds_of(text: str, what: str) -> float:
    """Seconds of a duration; `what` is what the message calls it.

    Raises
    ------
    EngramError
        If it is no number followed by a unit; 0 needs none.
    """
    match = re.fullmatch(r"([0-9.]+(?:e[+-]?[0-9]+)?)\s*([a-z]*)", text.strip().lower())
    try:
        number = float(match[1]) if match else math.nan
    except ValueError:
        number = math.nan
    unit = match[2] if match else ""
    if not number < math.inf or (unit not in UNITS and (unit or number)):
        raise EngramError(
            f"{what} must be a number and a unit of {', '.join(UNITS)}, such as 1d or 10y, got {text!r}"
        )
    return number * UNITS.get(unit, 1.0)


def written_duration(seconds: float) -> str:
    """The duration in the largest unit of which it has at least one, in up to three digits."""
    fitting = [unit for unit, size in UNITS.items() if seconds >= size]
    unit = fitting[-1] if fitting else "s"
    return f"{seconds / UNITS[unit]:.3g}{unit}"
