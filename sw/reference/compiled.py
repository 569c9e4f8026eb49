"""Read noise by machine code that Numba makes: the integers of :mod:`sw.reference.noise`, in a third of the
time.

NumPy goes through memory once for each of some ninety operations of a conversion; here values stay in
registers. Numba is optional, and loading it takes as long as NumPy takes for a hundred million conversions.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

__all__ = ["kernel"]

COUNTER_BITS = 16
MASK = 2**COUNTER_BITS - 1


@cache
def kernel(rounds: int, dtype: str) -> Callable[..., None] | None:
    """The noise of some match lines of one row tile, added to their currents; None where Numba is missing.

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
    try:
        import numba
    except ImportError:
        return None
    half, byte = numba.uint16, numba.uint16(255)
    real: Any = numba.from_dtype(np.dtype(dtype))
    zero = real(0)

    @numba.njit(nogil=True)
    def noisy(keys, first, factor, summand, largest, currents, results):
        for line in range(currents.shape[0]):
            counter = first + line
            high, low = half(counter >> COUNTER_BITS), half(counter & MASK)
            for image in range(currents.shape[1]):
                x, y = high, low
                for number in range(rounds):  # a constant, so that it is unrolled
                    turned = half(half(x >> half(7)) | half(x << half(9)))
                    x = half(turned + y) ^ keys[number, image]
                    y = half(half(y << half(2)) | half(y >> half(14))) ^ x
                total = half(x & byte) + half(x >> half(8)) + half(y & byte) + half(y >> half(8))
                value = np.floor(real(half(total)) * factor + summand) + currents[line, image]
                results[line, image] = min(max(value, zero), largest)

    return noisy
