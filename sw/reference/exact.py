"""Integers in floating point, in a width that cannot round: for BLAS, and for NumPy's fastest loops."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["exact_dtype", "exact_matmul"]

FLOAT32_EXACT = 2**24
FLOAT64_EXACT = 2**53


def exact_dtype(bound: int) -> type[np.float32] | type[np.float64]:
    """The narrowest floating-point type that holds every integer of magnitude up to `bound`.

    IEEE 754 holds all integers up to 2**24 (binary32) and 2**53 (binary64) exactly; so sums, products and
    differences of integers do not round as long as each intermediate value keeps within the bound. The same
    goes for such integers times a power of two, which :func:`numpy.floor` then shifts to the right.
    """
    assert bound < FLOAT64_EXACT, bound
    return np.float32 if bound < FLOAT32_EXACT else np.float64


def exact_matmul(left: NDArray, right: NDArray, bound: int) -> NDArray[np.int64]:
    """``left @ right`` of integer arrays, without rounding.

    Every partial sum of a product of integers is an integer of magnitude at most `bound`, whatever the order
    of the additions. So the product may run in the floating-point BLAS, which is much faster than NumPy's
    integer loop.

    Parameters
    ----------
    left, right
        Integer arrays with shapes that ``@`` accepts.
    bound
        Upper bound of the sum of absolute products over the contracted axis.
    """
    dtype = exact_dtype(bound)
    return np.matmul(left.astype(dtype, copy=False), right.astype(dtype, copy=False)).astype(np.int64)
