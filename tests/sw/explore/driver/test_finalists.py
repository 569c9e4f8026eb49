"""Which points of a front are built."""

from sw.explore.driver.finalists import finalists_of


def test_finalists_are_spread_over_the_front():
    front = [5, 3, 8, 1, 9]
    assert finalists_of(front, 1) == [5]
    assert finalists_of(front, 2) == [5, 9]
    assert finalists_of(front, 3) == [5, 8, 9]
    assert finalists_of(front, 9) == front
