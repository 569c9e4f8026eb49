"""The affine rule that makes uint8 values of what a sensor gives: the same bits on every host and chip.

``value = clamp(floor(x * multiplier * 2**-shift + offset * 2**-7), 0, 255)``; the offset has the half that
rounds.

Integers of up to 32 bits are computed exactly, so for them it is ``(x * multiplier + (offset << (shift - 7)))
>> shift``. Floats take the same steps in binary64, of which each is exact or rounded correctly (IEEE 754), so
no library and no processor can give other values.
"""

from math import frexp, isfinite, ldexp
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LARGEST_INTEGER", "Affine"]

MULTIPLIER_BITS = 15
OFFSET_BITS = 7
"""Of the offset behind the point: integers differ by 1 at least, so no shift of theirs is smaller."""
LARGEST_INTEGER = 2**31
"""Magnitude up to which integers are computed exactly: no sum has more than the 53 bits of binary64."""
MAX_OFFSET = 2**52
TOP = 255
CHUNK = 2**20
"""Values per step, which bounds memory."""


class Affine(BaseModel):
    """A scale and an offset, as integers.

    Parameters
    ----------
    multiplier
        Of 15 bits, so that an FPGA's multiplier takes it.
    shift
        To the right; integers have 7 at least.
    offset
        In units of 1/128, with the half that rounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    multiplier: Annotated[int, Field(ge=1, lt=2**MULTIPLIER_BITS)]
    shift: Annotated[int, Field(ge=-1024, le=1024)]
    offset: Annotated[int, Field(ge=-MAX_OFFSET, le=MAX_OFFSET)]

    @classmethod
    def between(cls, lowest: float, highest: float) -> Self:
        """The rule that makes 0 of `lowest` and 255 of `highest`.

        Raises
        ------
        ValueError
            If they are not finite and in order, or differ by so little that a value has no 8 bits.
        """
        scale = TOP / (highest - lowest) if lowest < highest else 0.0
        if not (isfinite(scale) and scale > 0):
            raise ValueError(f"no scale between {lowest} and {highest}")
        mantissa, exponent = frexp(scale)  # the mantissa is 0.5 or more, below 1
        multiplier, shift = round(ldexp(mantissa, MULTIPLIER_BITS)), MULTIPLIER_BITS - exponent
        if multiplier == 2**MULTIPLIER_BITS:
            multiplier, shift = multiplier // 2, shift - 1
        zero = -lowest * ldexp(multiplier, -shift) + 0.5
        if not abs(zero) < MAX_OFFSET >> OFFSET_BITS:
            raise ValueError(f"{lowest} and {highest} differ by too little")
        return cls(multiplier=multiplier, shift=shift, offset=round(zero * 2**OFFSET_BITS))

    @property
    def words(self) -> str:
        """For people, as a formula."""
        zero = ldexp(self.offset, -OFFSET_BITS) - 0.5
        sign = "-" if zero < 0 else "+"
        return f"x * {ldexp(self.multiplier, -self.shift):.6g} {sign} {abs(zero):.6g}, rounded"

    def apply(self, values: NDArray) -> tuple[NDArray[np.uint8], int]:
        """Values of a sensor, integers up to :data:`LARGEST_INTEGER` or finite floats, as uint8.

        Returns
        -------
        ndarray, int
            uint8 of the same shape, and how many were clipped because they lie below 0 or above 255.
        """
        flat = values.reshape(-1)
        made, clipped = np.empty(flat.shape, np.uint8), 0
        zero = ldexp(self.offset, -OFFSET_BITS)
        for start in range(0, flat.size, CHUNK):
            part = slice(start, start + CHUNK)
            with np.errstate(over="ignore"):  # an infinity is clipped as any large value
                scaled = np.ldexp(flat[part].astype(np.float64) * self.multiplier, -self.shift)
            whole = np.floor(scaled + zero)
            clipped += int(np.count_nonzero((whole < 0) | (whole > TOP)))
            made[part] = np.clip(whole, 0, TOP)
        return made.reshape(values.shape), clipped
