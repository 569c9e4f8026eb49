"""Accuracy class by class: recalls, balanced accuracy, and when people are told."""

import io

import numpy as np
import pytest
from rich.console import Console

from sw.bundle.inputs import Inputs
from sw.data.parts import Dataset, Part
from sw.evaluation.classes import ClassReport, balanced_accuracy, classes_of, recalls, unequal

MATRIX = np.array([[8, 2, 0, 0], [3, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]])
"""Class 1 is never found, class 2 has no images, class 3 is found half the time."""
HEADINGS = {"ideal": "ideal array", "rram_min": "worst chip"}


def dataset(train, validation, test):
    parts = []
    for counts in (train, validation, test):
        labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
        parts.append(Part(np.zeros((len(labels), 2, 2), np.uint8), labels))
    return Dataset("own.npz", *parts, classes=len(train))


def shown(table):
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    return out.getvalue()


def test_recall_is_a_share_of_the_class_and_its_mean_counts_classes_alike():
    np.testing.assert_array_equal(recalls(MATRIX), [0.8, 0, np.nan, 0.5])
    assert balanced_accuracy(MATRIX) == pytest.approx((0.8 + 0 + 0.5) / 3)
    perfect = np.diag([90, 10])
    assert balanced_accuracy(perfect) == 1
    assert balanced_accuracy(np.array([[90, 0], [10, 0]])) == 0.5  # though accuracy is 90 %


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (([9, 9], [1, 1], [5, 5]), False),
        (([14, 9], [1, 1], [5, 5]), False),
        (([15, 9], [1, 1], [5, 5]), True),
        (([9, 9], [1, 1], [6, 4]), False),
        (([9, 9], [1, 1], [8, 5]), True),
        (([9, 9], [1, 1], [5, 0]), True),
    ],
)
def test_classes_are_unequal_from_half_more_on_in_training_or_test(parts, told):
    data = dataset(*parts)
    assert unequal(data) is told
    truth = data.test.labels
    assert classes_of(data, truth, {"ideal": truth}, 2).told is told


def test_a_class_that_is_never_found_is_told_of_in_words():
    data = dataset([9, 9], [1, 1], [3, 3])
    report = classes_of(data, data.test.labels, {"ideal": data.test.labels, "rram_min": np.zeros(6, int)}, 2)
    assert report.told and not report.unequal
    assert report.lines(HEADINGS) == ["worst chip: class 1 is never found, 3 images got other answers"]
    several = ClassReport({"ideal": np.array([[0, 2], [1, 0]])}, unequal=False)
    assert several.lines(HEADINGS) == [
        "ideal array: classes 0, 1 are never found, 3 images got other answers"
    ]


def test_json_has_every_class_and_none_without_images():
    values = ClassReport({"ideal": MATRIX}, unequal=True).values()
    assert values == {
        "images": [10, 3, 0, 2],
        "ideal": {
            "balanced_accuracy": pytest.approx(1.3 / 3),
            "recall": [0.8, 0.0, None, 0.5],
            "never_found": [1],
        },
    }


def test_table_has_a_row_for_each_class_and_the_mean():
    text = shown(
        ClassReport({"ideal": MATRIX, "rram_min": MATRIX[::-1, ::-1]}, True).table("title", HEADINGS)
    )
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line[0] == "│"]
    assert rows[0] == ["0", "10", "80.00%", "50.00%"]
    assert rows[2] == ["2", "0", "-", "0.00%"]
    assert rows[-1] == ["balanced", "15", "43.33%", "43.33%"]


def test_of_many_classes_those_that_are_found_least_have_rows():
    matrix = np.diag(np.full(30, 4))
    matrix[17] = np.roll(matrix[17], 1)
    text = shown(ClassReport({"ideal": matrix}, False).table("title", HEADINGS))
    rows = [line.split()[1] for line in text.splitlines() if line.startswith("│")]
    assert "17" in rows and len(rows) == 20 + 2 and rows[-2:] == ["...", "balanced"]


def test_names_stand_behind_the_numbers():
    names = Inputs(class_names=("ant", "bee", "cat", "dog"))
    report = ClassReport({"ideal": MATRIX}, True, names)
    rows = [
        line.split()[1:3] for line in shown(report.table("title", HEADINGS)).splitlines() if line[0] == "│"
    ]
    assert rows[:2] == [["0", "ant"], ["1", "bee"]]
    assert report.lines(HEADINGS) == ["ideal array: class 1 bee is never found, 3 images got other answers"]
