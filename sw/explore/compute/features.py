"""Features: last feature maps of a data set, computed once, piece by piece, and kept on disk."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.cache import Store
from sw.cache.kept import used
from sw.data.parts import Dataset, PartName
from sw.explore.compute.images import NARROW, piece_maps
from sw.farm.farm import Farm, Task
from sw.progress import Done
from sw.sources import code_of

__all__ = ["Features"]

PIECE_IMAGES = 500


class Features:
    """Feature maps of one bundle's front end.

    Parameters
    ----------
    bundle, dataset
        Whose layers, and which images.
    store
        Keeps the pieces.
    """

    def __init__(self, bundle: Bundle, dataset: Dataset, store: Store) -> None:
        self._bundle, self._dataset, self._store = bundle, dataset, store
        self._digests = bundle.digest, dataset.digest
        self._maps: dict[PartName, NDArray[np.int32]] = {}

    def maps(
        self, part: PartName, count: int | None, farm: Farm, done: Done = lambda images: None
    ) -> NDArray[np.int32]:
        """Maps (N, C, h, w) of the first `count` images of a part, all if None.

        `farm` computes the pieces that are missing; `done` hears how many more images there are.
        """
        images, count = self._images(part), self.count(part, count)
        if self.known(part, count):
            return self._maps[part][:count]
        starts = range(0, count, PIECE_IMAGES)
        pieces = {start: self._kept(part, start) for start in starts}
        missing = [start for start in starts if pieces[start] is None]
        done(sum(min(PIECE_IMAGES, count - start) for start in starts if start not in missing))
        held = farm.hold(self._bundle) if missing else None
        tasks = (Task(start, piece_maps, (held, images[start : start + PIECE_IMAGES])) for start in missing)
        for start, maps in farm.run(tasks):
            pieces[start] = maps
            self._keep(part, start, maps)
            done(min(PIECE_IMAGES, count - start))
        shape = self._bundle.design.feature_map_shape
        found = [piece for piece in pieces.values() if piece is not None]
        whole = np.concatenate(found) if found else np.zeros((0, *shape), np.int32)
        self._maps[part] = whole[:count].astype(np.int32)
        return self._maps[part]

    def count(self, part: PartName, count: int | None) -> int:
        """How many images of a part there are, at most `count`."""
        there = len(self._images(part))
        return there if count is None else min(count, there)

    def known(self, part: PartName, count: int) -> bool:
        """Whether their maps are in memory."""
        return part in self._maps and len(self._maps[part]) >= count

    def _images(self, part: PartName) -> NDArray[np.uint8]:
        return self._dataset.parts[part].images

    def _path(self, part: PartName, start: int) -> Path:
        key = {"code": code_of(piece_maps), "of": self._digests, "part": part, "start": start}
        return self._store.path("features", key, ".npy")

    def _kept(self, part: PartName, start: int) -> NDArray | None:
        count = min(PIECE_IMAGES, len(self._images(part)) - start)
        shape = count, *self._bundle.design.feature_map_shape
        try:
            maps = np.load(self._path(part, start), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        used(self._path(part, start))
        return maps if maps.shape == shape and maps.dtype in NARROW else None

    def _keep(self, part: PartName, start: int, maps: NDArray) -> None:
        file = io.BytesIO()
        np.save(file, maps, allow_pickle=False)
        self._store.write(self._path(part, start), file.getvalue())
