"""Stage 5, classifier: codes to scores, winner-take-all, class and margin."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.reference.compiled import winner, worth_it

__all__ = ["Decision", "decide", "template_scores", "winners", "winners_of_codes"]


class Decision(NamedTuple):
    """Answer for N images.

    Attributes
    ----------
    template
        int64, (N,), index of the winning template.
    label
        int64, (N,), its class.
    margin
        int64, (N,), its score minus the best score of any other class.
    accepted
        bool, (N,), whether the margin is at least the configured one; if not, the answer is "no class".
    """

    template: NDArray[np.int64]
    label: NDArray[np.int64]
    margin: NDArray[np.int64]
    accepted: NDArray[np.bool_]


def template_scores(codes: NDArray) -> NDArray:
    """Score per template: the sum of its codes over the row tiles, (N, row tiles, T) to (N, T)."""
    return codes.sum(axis=1)


def winners(scores: NDArray) -> NDArray[np.int64]:
    """Winner-take-all: the template (N,) with the highest score (N, T); ties go to the lowest index."""
    return scores.argmax(axis=1)


def winners_of_codes(codes: NDArray) -> NDArray[np.int64]:
    """:func:`winners` of codes (N, row tiles, T) that are exact floats."""
    if not worth_it():
        return winners(template_scores(codes))
    lines = np.ascontiguousarray(codes.transpose(1, 2, 0))
    sums, highest = np.empty((2, lines.shape[2]), lines.dtype)
    found = np.empty(lines.shape[2], np.int64)
    winner(lines.dtype.name)(lines, sums, highest, found)
    return found


def decide(scores: NDArray[np.int64], templates_per_class: int, margin: int) -> Decision:
    """The winning template, its class and by how much it wins.

    Parameters
    ----------
    scores
        int64, (N, T), at least two classes.
    templates_per_class
        Template t belongs to class ``t // templates_per_class``.
    margin
        Smallest accepted margin.
    """
    template = winners(scores)
    label = template // templates_per_class
    per_class = scores.reshape(len(scores), -1, templates_per_class).max(axis=2)
    best = np.take_along_axis(per_class, label[:, np.newaxis], axis=1)[:, 0]
    others = per_class.copy()  # with the winner's class below every score, as no score is negative
    np.put_along_axis(others, label[:, np.newaxis], -1, axis=1)
    distance = best - others.max(axis=1)
    return Decision(template, label, distance, distance >= margin)
