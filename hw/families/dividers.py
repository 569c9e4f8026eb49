"""Arithmetic that the PLL dividers of all families share: ranges, the choice, the refusal."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TypeVar

from constraints.boards import hertz
from sw.errors import EngramError

__all__ = ["chosen", "preferred", "within"]

Dividers = TypeVar("Dividers")


def within(value: Fraction | int, limits: tuple[int, int]) -> bool:
    """Whether a frequency in hertz lies between two in MHz."""
    return limits[0] * 1_000_000 <= value <= limits[1] * 1_000_000


def preferred(settings: Iterable[tuple[int, Dividers]]) -> Mapping[int, Dividers]:
    """The first dividers of every output in hertz, of settings in the order of preference."""
    made: dict[int, Dividers] = {}
    for output, setting in settings:
        made.setdefault(output, setting)
    return made


def chosen(
    made: Mapping[int, Dividers],
    family: str,
    input_mhz: float,
    output_mhz: float,
    detector_mhz: tuple[int, int],
) -> Dividers:
    """The dividers for an output, of all outputs in hertz that a PLL makes from an input.

    Raises
    ------
    EngramError
        If the PLL does not make it: with the nearest outputs below and above, or with the range of its phase
        detector where it makes nothing at all.
    """
    wanted = hertz(output_mhz)
    if wanted in made:
        return made[wanted]
    refusal = f"no {family} PLL setting makes exactly {_mhz(wanted)} MHz from {_mhz(hertz(input_mhz))} MHz"
    if not made:
        low, high = detector_mhz
        raise EngramError(
            f"{refusal}; its phase detector needs {low} to {high} MHz; choose another oscillator"
        )
    near = [
        f"{_mhz(found)} MHz"
        for found in (
            max((output for output in made if output < wanted), default=None),
            min((output for output in made if output > wanted), default=None),
        )
        if found is not None
    ]
    raise EngramError(
        f"{refusal}; the nearest that one makes: {' and '.join(near)}; choose another clock, in the board's "
        "file or with --clock-mhz"
    )


def _mhz(frequency: int) -> str:
    """A frequency in hertz as a person types it in MHz."""
    return f"{frequency / 1_000_000:.6f}".rstrip("0").rstrip(".")
