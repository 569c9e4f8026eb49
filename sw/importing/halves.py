"""Signed maps at padded edges: one map of what is above 0 and one of what is below.

Around a map the source adds the value 0, hardware the lowest level. Where that is another value, as for -1
and +1 or for pixels less their mean, a map u becomes two: ``max(u, 0)`` and ``max(-u, 0)``, whose lowest
levels are both the value 0. The weights of the second are the negated ones of the first. That is exact, and
doubles the channels between two layers.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sw.importing.chain import Stair
from sw.importing.graph.graph import Node
from sw.importing.ladder import Ladder
from sw.importing.shapes import ungrouped

__all__ = ["in_halves"]

HALF = Fraction(1, 2)


def in_halves(
    ladder: Ladder, steps: NDArray[np.int64], stair: Stair, node: Node
) -> tuple[Ladder, NDArray[np.int64], tuple[Fraction, ...]]:
    """A layer with twice the channels, the upper halves first.

    Parameters
    ----------
    ladder
        The layer.
    steps
        (out, levels), where its levels begin.
    stair
        What the levels are worth.
    node
        The convolution that takes them.

    Returns
    -------
    Ladder, ndarray, tuple
        The new layer, its steps, and what one level of each of its channels is worth.

    Raises
    ------
    EngramError
        If the value 0 is not a level, nor in the middle of two that are all there are.
    """
    gain = tuple(stair.gain)
    zeros = [-offset / each for offset, each in zip(stair.offset, gain, strict=True)]
    if stair.top == 1 and set(zeros) == {HALF}:  # -1 and +1: one of two bits is 1, at an edge none
        above = [[*row] for row in steps]
        below = [[1 - row[0]] for row in steps]
        gain = tuple(each * HALF for each in gain)
    elif all(zero % 1 == 0 and 0 <= zero <= stair.top for zero in zeros):
        above = [[*row[int(zero) :]] for row, zero in zip(steps, zeros, strict=True)]
        # A sum that does not reach a step is, negated, at least one more than the negated step.
        below = [
            [1 - each for each in row[: int(zero)][::-1]] for row, zero in zip(steps, zeros, strict=True)
        ]
    else:
        raise node.refused(
            "its padding is the value 0, which is no level of its input; supported are inputs that have the "
            "level 0, or are -1 and +1"
        )
    lowest = np.concatenate([ladder.lowest, -ladder.highest])
    highest = np.concatenate([ladder.highest, -ladder.lowest])
    count = max(1, *map(len, above + below))
    full = np.repeat(highest[:, None] + 1, count, axis=1)
    for row, given in zip(full, above + below, strict=True):
        row[: len(given)] = given
    layer, weight = ungrouped(ladder.layer, ladder.weight)
    doubled = Ladder(
        ladder.name,
        layer.model_copy(update={"out_channels": 2 * len(weight)}),
        np.concatenate([weight, -weight]),
        np.concatenate([ladder.signs, -ladder.signs]),
        lowest,
        highest,
        full[..., np.newaxis, np.newaxis],
    )
    return doubled, full, gain * 2
