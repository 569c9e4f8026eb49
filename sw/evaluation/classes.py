"""Accuracy class by class, for data whose classes are not of one size: recall, balanced accuracy.

Accuracy counts images, so a rare class hardly shows in it. Recall is the share of a class's images that are
answered right; balanced accuracy is the mean of the recalls (Brodersen et al. 2010), in which all classes
count alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.data.parts import Dataset
from sw.evaluation.scores import confusion_matrix

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["ClassReport", "balanced_accuracy", "classes_of", "recalls", "unequal"]

UNEQUAL = 1.5
"""Ratio of the largest class to the smallest from which recalls are shown to people. Sets that count as
balanced stay below: of MNIST it is 1.24 in training and 1.27 in the test."""
MOST_ROWS = 20
"""Of more classes those that are found least are listed."""


def recalls(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the images of each class that are answered right, float64 (K,); NaN without images.

    `matrix` is as :func:`sw.evaluation.scores.confusion_matrix` gives it.
    """
    images = matrix.sum(axis=1)
    return np.divide(matrix.diagonal(), images, out=np.full(len(matrix), np.nan), where=images > 0)


def balanced_accuracy(matrix: NDArray[np.int64]) -> float:
    """Mean of the recalls of the classes that have images."""
    return float(np.nanmean(recalls(matrix)))


def unequal(dataset: Dataset) -> bool:
    """Whether classes differ in size, in training (with validation) or in the test."""
    trained = np.concatenate([dataset.train.labels, dataset.validation.labels])
    counts = [np.bincount(labels, minlength=dataset.classes) for labels in (trained, dataset.test.labels)]
    return any(each.max() > UNEQUAL * each.min() for each in counts)


@dataclass(frozen=True, eq=False)
class ClassReport:
    """Answers class by class.

    Attributes
    ----------
    matrices
        Confusion matrices (K, K) of the same images, by what answered: ``ideal`` and others.
    unequal
        Whether the data set's classes differ in size.
    inputs
        Knows the names of the classes.
    """

    matrices: Mapping[str, NDArray[np.int64]]
    unequal: bool
    inputs: Inputs = NOTHING_TOLD

    @property
    def images(self) -> NDArray[np.int64]:
        """Images of each class, (K,)."""
        return next(iter(self.matrices.values())).sum(axis=1)

    @property
    def told(self) -> bool:
        """Whether people are to be told: classes differ in size, or one is never found."""
        return self.unequal or any(_never_found(matrix) for matrix in self.matrices.values())

    def values(self) -> dict[str, Any]:
        """The JSON object: images by class; for each that answered, recall by class, None without images."""
        return {
            "images": self.images.tolist(),
            **{
                name: {
                    "balanced_accuracy": balanced_accuracy(matrix),
                    "recall": [None if np.isnan(share) else share for share in recalls(matrix).tolist()],
                    "never_found": _never_found(matrix),
                }
                for name, matrix in self.matrices.items()
            },
        }

    def table(self, title: str, headings: Mapping[str, str]) -> "Table":
        """Recall by class and balanced accuracy, a column for each that answered."""
        from rich.table import Table

        table = Table(title=title)
        for heading in ("class", "images", *(headings[name] for name in self.matrices)):
            table.add_column(heading, justify="right")
        columns = [recalls(matrix) for matrix in self.matrices.values()]
        worst = np.argsort(columns[0], kind="stable")  # classes without images, NaN, come last
        for label in sorted(worst[:MOST_ROWS].tolist()):
            shares = ("-" if np.isnan(column[label]) else f"{column[label]:.2%}" for column in columns)
            table.add_row(self.inputs.name_of(label), f"{self.images[label]:,}", *shares)
        if len(worst) > MOST_ROWS:
            table.add_row("...", "", *("better" for _ in columns))
        table.add_section()
        balanced = (f"{balanced_accuracy(matrix):.2%}" for matrix in self.matrices.values())
        table.add_row("balanced", f"{self.images.sum():,}", *balanced)
        return table

    def lines(self, headings: Mapping[str, str]) -> list[str]:
        """A sentence for each that never found some class."""
        said = []
        for name, matrix in self.matrices.items():
            missed = _never_found(matrix)
            if missed:
                one = len(missed) == 1
                named = ", ".join(map(self.inputs.name_of, missed[:MOST_ROWS])) + (
                    ", ..." if len(missed) > MOST_ROWS else ""
                )
                said.append(
                    f"{headings[name]}: class{'' if one else 'es'} {named} {'is' if one else 'are'} never "
                    f"found, {int(self.images[missed].sum())} images got other answers"
                )
        return said


def classes_of(dataset: Dataset, truth: NDArray, answers: Mapping[str, NDArray], classes: int) -> ClassReport:
    """Report of answers (N,) by name to images of true classes (N,)."""
    matrices = {name: confusion_matrix(truth, labels, classes) for name, labels in answers.items()}
    return ClassReport(matrices, unequal(dataset), dataset.inputs)


def _never_found(matrix: NDArray[np.int64]) -> list[int]:
    """Classes with images of which none is answered right."""
    return np.flatnonzero(recalls(matrix) == 0).tolist()
