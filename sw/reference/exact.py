"""Integer matrix products through floating-point BLAS, in a width that cannot round."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["exact_matmul"]

FLOAT32_EXACT = 2**24
FLOAT64_EXACT = 2**53


def exact_matmul(left: NDArray, right: NDArray, bound: int) -> NDArray[np.int64]:
    """``left @ right`` of integer arrays, without rounding.

    Every partial sum of a product of integers is an integer of magnitude at most `bound`, whatever the order
    of the additions; IEEE 754 holds all integers up to 2**24 (binary32) and 2**53 (binary64) exactly. So the
    product may run in the floating-point BLAS, which is much faster than NumPy's integer loop.

    Parameters
    ----------
    left, right
        Integer arrays with shapes that ``@`` accepts.
    bound
        Upper bound of the sum of absolute products over the contracted axis.
    """
    assert bound < FLOAT64_EXACT, bound
    dtype = np.float32 if bound < FLOAT32_EXACT else np.float64
    return np.matmul(left.astype(dtype), right.astype(dtype)).astype(np.int64)
