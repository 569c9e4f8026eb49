"""Stages 3 to 5 of noisy chips by machine code that Numba makes: the same integers as NumPy's.

NumPy goes through memory once for each of some ninety operations of a noisy conversion; here values stay in
registers and the nearest cache, and all of a classification takes about half the time. Numba is optional, and
loading it with three kernels takes a second or two.
"""

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

__all__ = ["PATIENCE", "conversion", "expect", "noisy_lines", "winner", "worth_it"]

COUNTER_BITS = 16
MASK = 2**COUNTER_BITS - 1
PATIENCE = 2**28
"""Noisy conversions that a process makes by NumPy before it loads the kernels. As many again save what their
loading takes, and a process that has made so many is likely to make as many again."""
_made = 0


def expect(conversions: int) -> None:
    """Count noisy conversions towards :data:`PATIENCE`, made or known to come."""
    global _made
    _made += conversions


def worth_it() -> bool:
    """Whether the kernels are to be used in this process."""
    return _made > PATIENCE and _installed()


@cache
def _installed() -> bool:
    return importlib.util.find_spec("numba") is not None


@cache
def noisy_lines(rounds: int, dtype: str) -> Callable[..., None]:
    """The noise of some match lines of one row tile, added to their currents.

    It writes ``clamp(current + floor(bytes * factor + summand), 0, largest)``, where `bytes` is the sum of
    the four bytes of the conversion's words. Its arguments are the keys of all rounds, uint16 (rounds, N);
    the counter of the first line, whose successors follow; factor, summand and largest; and currents and
    results, which must be different arrays, C-contiguous (T, N).

    Parameters
    ----------
    rounds
        Of a conversion.
    dtype
        Name of the type of all but keys and counter, in which nothing on the way may round.
    """
    import numba

    half, byte = numba.uint16, numba.uint16(255)
    real: Any = numba.from_dtype(np.dtype(dtype))
    zero = real(0)

    @numba.njit(nogil=True)
    def kernel(keys, first, factor, summand, largest, currents, results):
        images = currents.shape[1]
        high, low = np.empty((2, images), np.uint16)
        for line in range(currents.shape[0]):
            counter = first + line
            high[:], low[:] = half(counter >> COUNTER_BITS), half(counter & MASK)
            # Round by round and not image by image: 16 images then share a register, a third of the time.
            for number in range(rounds):
                for image in range(images):
                    x, y = high[image], low[image]
                    turned = half(half(x >> half(7)) | half(x << half(9)))
                    x = half(turned + y) ^ keys[number, image]
                    high[image], low[image] = x, half(half(y << half(2)) | half(y >> half(14))) ^ x
            for image in range(images):
                x, y = high[image], low[image]
                total = half(x & byte) + half(x >> half(8)) + half(y & byte) + half(y >> half(8))
                value = np.floor(real(half(total)) * factor + summand) + currents[line, image]
                results[line, image] = min(max(value, zero), largest)

    return kernel


@cache
def conversion(dtype: str) -> Callable[..., None]:
    """Codes of some match lines, ``clamp(floor(current * gain + offset), 0, top)``.

    Its arguments are gain and offset of every line, (T,), the highest code, and currents and results, which
    must be different arrays, C-contiguous (T, N), all of the type of that name.
    """
    import numba

    zero = numba.from_dtype(np.dtype(dtype))(0)

    @numba.njit(nogil=True)
    def kernel(gain, offset, top, currents, results):
        for line in range(currents.shape[0]):
            times, plus = gain[line], offset[line]
            for image in range(currents.shape[1]):
                value = np.floor(currents[line, image] * times + plus)
                results[line, image] = min(max(value, zero), top)

    return kernel


@cache
def winner(dtype: str) -> Callable[..., None]:
    """Winner-take-all: the template with the highest sum of codes, the lowest index of equal ones.

    Its arguments are codes of the type of that name, C-contiguous (row tiles, T, N), an array (N,) of that
    type for sums, one for the highest of them, and one of int64 for the winners, which are all overwritten.
    """
    import numba

    zero = numba.from_dtype(np.dtype(dtype))(0)

    @numba.njit(nogil=True)
    def kernel(codes, sums, highest, winners):
        tiles, templates, images = codes.shape
        for image in range(images):
            highest[image], winners[image] = zero - 1, 0  # no code is negative
        for template in range(templates):
            for image in range(images):
                sums[image] = zero
            for tile in range(tiles):
                for image in range(images):
                    sums[image] += codes[tile, template, image]
            for image in range(images):
                if sums[image] > highest[image]:
                    highest[image], winners[image] = sums[image], template

    return kernel
