"""Scores, winner, ties and margin."""

import numpy as np
import pytest

from sw.reference.classifier import decide, template_scores


def decide_by_hand(scores, per_class, margin):
    winner = 0
    for template, score in enumerate(scores):
        if score > scores[winner]:
            winner = template
    label = winner // per_class
    rival = max(score for template, score in enumerate(scores) if template // per_class != label)
    distance = scores[winner] - rival
    return winner, label, distance, distance >= margin


@pytest.mark.parametrize("per_class", [1, 3])
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("highest", [1, 3, 1_000])
def test_decisions(per_class, classes, highest):
    """Small scores make ties frequent."""
    rng = np.random.default_rng([per_class, classes, highest])
    scores = rng.integers(0, highest, (200, per_class * classes), endpoint=True)
    got = decide(scores, per_class, 2)
    for n, row in enumerate(scores.tolist()):
        assert tuple(part[n] for part in got) == decide_by_hand(row, per_class, 2)


@pytest.mark.parametrize(
    ("scores", "per_class", "winner", "label", "margin"),
    [
        ([5, 5, 5], 1, 0, 0, 0),
        ([4, 5, 5], 1, 1, 1, 0),
        ([0, 0], 1, 0, 0, 0),
        ([1, 9, 8, 2, 3, 7], 2, 1, 0, 1),
        ([9, 9, 1, 2], 2, 0, 0, 7),
        ([2, 7, 3, 7], 2, 1, 0, 0),
    ],
    ids=[
        "all equal",
        "two equal",
        "zeros",
        "own class second",
        "tie within the class",
        "tie between classes",
    ],
)
def test_ties_and_margins_by_hand(scores, per_class, winner, label, margin):
    got = decide(np.array([scores]), per_class, 0)
    assert (got.template[0], got.label[0], got.margin[0], got.accepted[0]) == (winner, label, margin, True)


def test_answers_below_the_margin_are_not_accepted():
    scores = np.array([[10, 7], [10, 8], [10, 10], [7, 10]])
    assert decide(scores, 1, 3).accepted.tolist() == [True, False, False, True]
    assert decide(scores, 1, 0).accepted.tolist() == [True] * 4


def test_scores_add_up_the_row_tiles():
    codes = np.array([[[1, 2], [3, 4], [5, 6]]])
    assert template_scores(codes).tolist() == [[9, 12]]
