"""Accuracies and the confusion matrix."""

import numpy as np

from sw.evaluation.scores import accuracy, confusion_matrix


def test_confusion_matrix_by_hand():
    truth, labels = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2])
    got = confusion_matrix(truth, labels, 4)
    assert got.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]]
    assert accuracy(labels, truth) == 4 / 6


def test_labels_of_eight_bits_do_not_wrap_in_the_confusion_matrix():
    truth = np.full(3, 200, np.uint8)
    assert confusion_matrix(truth, np.array([200, 1, 200]), 201)[200, 200] == 2
