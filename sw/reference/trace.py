"""Every value that hardware is compared with, and the first place where two traces differ."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mismatch", "Trace", "first_mismatch"]


@dataclass(frozen=True, eq=False)
class Trace:
    """Every value that hardware can be compared with, one row per image.

    Attributes
    ----------
    levels
        uint8, (N, F), word-line values.
    codes
        int64, (N, row tiles, T), ADC codes.
    scores
        int64, (N, T).
    template, label, margin
        int64, (N,).
    accepted
        bool, (N,).
    """

    levels: NDArray[np.uint8]
    codes: NDArray[np.int64]
    scores: NDArray[np.int64]
    template: NDArray[np.int64]
    label: NDArray[np.int64]
    margin: NDArray[np.int64]
    accepted: NDArray[np.bool_]


@dataclass(frozen=True)
class Mismatch:
    """The first place where a value is not the expected one."""

    image: int
    stage: str
    index: tuple[int, ...]
    expected: int
    got: int

    def __str__(self) -> str:
        return self.words()

    def words(self, class_name: Callable[[int], str] = str) -> str:
        """For people; a class as `class_name` names it."""
        where = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        named = class_name if self.stage == "label" else str
        return (
            f"image {self.image}, {self.stage}{where}: expected {named(self.expected)}, got {named(self.got)}"
        )


def first_mismatch(expected: Trace, got: Trace) -> Mismatch | None:
    """The mismatch of the lowest image, and within it of the earliest stage and the lowest index."""
    found = []
    for order, field in enumerate(fields(Trace)):
        want, have = getattr(expected, field.name), getattr(got, field.name)
        assert want.shape == have.shape, (field.name, want.shape, have.shape)
        wrong = np.argwhere(want != have)
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            found.append(
                (
                    place[0],
                    order,
                    Mismatch(place[0], field.name, place[1:], int(want[place]), int(have[place])),
                )
            )
    return min(found, key=lambda item: item[:2])[2] if found else None
