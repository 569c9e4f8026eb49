"""Arithmetic that the PLL dividers of all families share: exact frequencies, ranges, the refusal."""

from fractions import Fraction

from sw.errors import EngramError


def _exact(megahertz: float) -> Fraction:
    """To the hertz, as a fraction: floats could not tell whether a divider is a whole number."""
    return Fraction(round(megahertz * 1_000_000), 1_000_000)


def _within(value: Fraction, limits: tuple[int, int]) -> bool:
    return limits[0] <= value <= limits[1]


def _no_dividers(family: str, input_mhz: float, output_mhz: float) -> EngramError:
    return EngramError(
        f"no {family} PLL setting makes exactly {output_mhz:g} MHz from {input_mhz:g} MHz; "
        "choose another clock, in the board's file or with --clock-mhz"
    )
