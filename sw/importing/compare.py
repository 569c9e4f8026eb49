"""The source against our integers on the same images, layer by layer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.importing.layers import Map
from sw.importing.source import Source
from sw.importing.student import Student
from sw.reference import pipeline
from sw.reference.frontend import forward
from sw.reference.quantiser import word_line_values
from sw.reference.trace import Mismatch

__all__ = ["Compared", "Comparison", "compare"]

STEP_IMAGES = 100
"""Images at once: bounds memory."""
HEAD = "head"


@dataclass
class Compared:
    """One layer, or the head with the classes as values.

    Attributes
    ----------
    name
        Of the node that the layer comes from.
    tensor
        The source's tensor that is compared.
    values, differences
        How many were compared, and how many of them differ.
    ties
        Of classes that differ, how many have the same score as the source's class: its floats round sums that
        are equal to different ones, while integers stay equal and the lower class wins.
    first
        The first that differs.
    """

    name: str
    tensor: str
    values: int = 0
    differences: int = 0
    ties: int = 0
    first: Mismatch | None = None

    @property
    def words(self) -> str:
        """For people."""
        text = f"{self.name}: {self.differences:,} of {self.values:,} values differ"
        if self.ties:
            text += (
                f", {self.ties:,} of them of classes with equal scores, which the network's floats tell apart"
            )
        return text

    def take(self, expected: NDArray, got: NDArray, before: int) -> None:
        """Compare values of some images, (N, ...), ahead of which there were `before` others."""
        wrong = expected != got
        self.values += wrong.size
        self.differences += int(wrong.sum())
        if self.first is None and wrong.any():
            place = tuple(int(each) for each in np.argwhere(wrong)[0])
            image = before + place[0]
            self.first = Mismatch(image, self.name, place[1:], int(expected[place]), int(got[place]))


@dataclass
class Comparison:
    """All layers, first to last, and what the source says of the images.

    Attributes
    ----------
    layers
        Those that the source has too, and the head where it is templates.
    labels
        int64, (N,), classes by the source.
    """

    layers: list[Compared]
    labels: NDArray[np.int64]

    @property
    def values(self) -> int:
        """Values compared."""
        return sum(layer.values for layer in self.layers)

    @property
    def differences(self) -> int:
        """Values that differ."""
        return sum(layer.differences for layer in self.layers)

    @property
    def head(self) -> Compared | None:
        """The classes, where they are compared."""
        return self.layers[-1] if self.layers[-1].name == HEAD else None

    @property
    def first(self) -> Mismatch | None:
        """The first difference of the first layer that has one."""
        return next((layer.first for layer in self.layers if layer.first is not None), None)


def compare(
    student: Student,
    bundle: Bundle,
    images: NDArray[np.uint8],
    *,
    with_classes: bool,
    done: Callable[[int], None] = lambda images: None,
) -> Comparison:
    """Run both and compare.

    Parameters
    ----------
    student
        Knows the source.
    bundle
        With the student's front end and feature thresholds.
    images
        uint8, (N, H, W) or (N, H, W, C).
    with_classes
        Whether the bundle's templates are the head of the source, so that classes must be equal too.
    done
        Hears how many more images are finished.

    Raises
    ------
    EngramError
        If the source cannot be run.
    """
    source = Source(student.graph, student.rule, student.image)
    outputs = [(place, made) for place, made in enumerate(student.layers) if made.output is not None]
    last = student.features
    rows = [Compared(made.name, made.output.tensor) for _, made in outputs if made.output is not None]
    rows.append(Compared(last.made[-1].name, last.source.tensor))
    if with_classes:
        rows.append(Compared(HEAD, source.classes))
    tensors = list(dict.fromkeys([row.tensor for row in rows] + [source.classes]))
    labels = []
    for start in range(0, len(images), STEP_IMAGES):
        step = images[start : start + STEP_IMAGES]
        theirs = source.run(step, tensors)
        ours = forward(step, bundle.design, bundle.frontend)
        for row, (place, made) in zip(rows, outputs, strict=False):
            assert made.output is not None
            row.take(_integers(theirs[row.tensor], made.output), ours[place], start)
        bits = word_line_values(ours[-1], bundle.feature_thresholds)
        rows[len(outputs)].take(_bits(theirs[last.source.tensor], student), bits, start)
        logits = theirs[source.classes].reshape(len(step), -1)
        chosen = np.argmax(logits, axis=1) if logits.shape[1] > 1 else logits[:, 0] > 0
        labels.append(chosen.astype(np.int64))
        if with_classes:
            scores = pipeline.run_levels(bundle, bits).scores
            answers = np.argmax(scores, axis=1)
            rows[-1].take(labels[-1], answers, start)
            every = np.arange(len(step))
            equal = scores[every, labels[-1]] == scores[every, answers]
            rows[-1].ties += int((equal & (labels[-1] != answers)).sum())
        done(len(step))
    return Comparison(rows, np.concatenate(labels))


def _integers(values: NDArray, source: Map) -> NDArray[np.int64]:
    """Integers u of a tensor, which has floats ``u * gain + offset`` with the errors of float32."""
    values = source.layout.to_map(values)
    if source.halves:
        values = np.concatenate([np.maximum(values, 0), np.maximum(-values, 0)], axis=1)
    gain, offset = (
        np.array([float(each) for each in numbers]).reshape(-1, 1, 1)
        for numbers in (source.gain, source.offset)
    )
    return np.rint((values.astype(np.float64) - offset) / gain).astype(np.int64)


def _bits(values: NDArray, student: Student) -> NDArray[np.uint8]:
    """Word-line bits of the source's last map, (N, F)."""
    features = student.features
    reached = (
        _integers(values, features.source)[..., np.newaxis] >= np.array(features.levels)
        if features.source.top
        else features.source.layout.to_map(values)[..., np.newaxis] > 0
    )
    return reached.transpose(0, 2, 3, 1, 4).reshape(len(values), -1).astype(np.uint8)
