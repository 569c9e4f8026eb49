"""Finalists: points of the front that are built, by whoever knows how."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.cache import Store

__all__ = ["RTL_IMAGES", "Builder", "Finalist", "finalists_of"]

RTL_IMAGES = 20
"""Test images that go through the RTL of a finalist: cycles are the same for every image."""


class Finalist(NamedTuple):
    """A point to build: its number, its row of the results, and its first chip."""

    number: int
    row: Mapping[str, Any]
    chip: Bundle


Builder = Callable[
    [Sequence[Finalist], str, NDArray[np.uint8], Path, Store], Iterator[tuple[int, dict[str, Any]]]
]
"""Builds finalists for a board, see :func:`sw.commands.explore.builds.built_finalists`."""


def finalists_of(front: Sequence[int], count: int) -> list[int]:
    """So many points of the front, evenly spread from its first to its last."""
    count = min(count, len(front))
    places = [round(place * (len(front) - 1) / max(1, count - 1)) for place in range(count)]
    return [front[place] for place in places]
