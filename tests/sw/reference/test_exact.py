"""exact_matmul at the borders of binary32 and binary64."""

import numpy as np
import pytest

from sw.reference.exact import exact_dtype, exact_matmul


def by_hand(left, right):
    return [
        [sum(int(a) * int(b) for a, b in zip(row, column, strict=True)) for column in right.T] for row in left
    ]


@pytest.mark.parametrize("seed", range(5))
def test_random_products_equal_python_integers(seed):
    rng = np.random.default_rng(seed)
    left, right = rng.integers(-200, 200, (4, 30)), rng.integers(-200, 200, (30, 3))
    got = exact_matmul(left, right, 30 * 200 * 200)
    assert got.dtype == np.int64
    assert got.tolist() == by_hand(left, right)


@pytest.mark.parametrize("bound", [2**24 - 1, 2**24, 2**24 + 1, 2**30 + 1, 2**53 - 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_at_the_bound_are_exact(bound, sign):
    """2**24 + 1 is the first integer that binary32 cannot hold."""
    left = np.array([[bound // 2, bound - bound // 2 - 1, 1]])
    right = np.array([[sign], [sign], [sign]])
    assert exact_matmul(left, right, bound).tolist() == [[sign * bound]]


def test_many_small_products_that_add_up_beyond_binary32():
    left, right = np.full((1, 70_000), 255), np.full((70_000, 1), 1)
    right[0] = 2
    assert exact_matmul(left, right, 255 * 70_001).tolist() == [[255 * 70_001]]


def test_a_bound_beyond_binary64_is_a_programming_mistake():
    with pytest.raises(AssertionError):
        exact_matmul(np.ones((1, 1), int), np.ones((1, 1), int), 2**53)


def test_stacks_of_matrices():
    left, right = np.arange(12).reshape(2, 2, 3), np.arange(6).reshape(2, 3, 1)
    got = exact_matmul(left, right, 1_000)
    assert got.tolist() == [by_hand(left[k], right[k]) for k in range(2)]


@pytest.mark.parametrize(
    ("bound", "dtype"),
    [(0, np.float32), (2**24 - 1, np.float32), (2**24, np.float64), (2**53 - 1, np.float64)],
)
def test_the_narrowest_type_that_holds_the_bound(bound, dtype):
    assert exact_dtype(bound) is dtype
    assert int(dtype(bound)) == bound
