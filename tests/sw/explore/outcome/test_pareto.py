"""The front is what a definition says, for ties and equal rows too."""

import numpy as np
import pytest

from sw.explore.outcome.pareto import pareto_front


def by_definition(losses):
    front = []
    for row, own in enumerate(losses):
        beaten = any(np.all(other <= own) and np.any(other < own) for other in losses)
        first = all(np.any(other != own) for other in losses[:row])
        if not beaten and first:
            front.append(row)
    return front


@pytest.mark.parametrize("objectives", [1, 2, 4])
def test_front_is_the_definition(objectives):
    losses = np.random.default_rng(objectives).integers(0, 6, (120, objectives)).astype(float)
    assert pareto_front(losses) == by_definition(losses)


def test_values_of_any_size_are_told_apart():
    losses = np.array([[1e-30, 5.0], [2e-30, 4.0], [1e30, 4.0]])
    assert pareto_front(losses) == [0, 1]


def test_nothing_has_an_empty_front():
    assert pareto_front(np.empty((0, 3))) == []
