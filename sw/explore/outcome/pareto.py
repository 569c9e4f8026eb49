"""The Pareto front: points that no other is at least as good as in everything, and better in something."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["pareto_front"]


def pareto_front(losses: NDArray[np.float64]) -> list[int]:
    """Rows of the front, in their order, of losses (points, objectives): less is better.

    Of equal rows the first one counts. The rows are gone through from the least sum of ranks upwards, so
    that whatever dominates a row comes before it.
    """
    if not len(losses):
        return []
    ranks = np.stack([np.unique(column, return_inverse=True)[1] for column in losses.T], axis=1)
    front: list[int] = []
    held = np.empty((0, ranks.shape[1]), ranks.dtype)
    for row in np.lexsort((np.arange(len(ranks)), ranks.sum(axis=1))):
        if not np.any(np.all(held <= ranks[row], axis=1)):
            front.append(int(row))
            held = np.concatenate([held, ranks[row : row + 1]])
    return sorted(front)
