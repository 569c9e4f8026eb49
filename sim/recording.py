"""The recording that ``image_harness.cpp`` writes, as batches that can be checked."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.check import CHUNK_BITS, Batch
from sim.streams import MISSING, fields_of
from sw.design import DesignPoint

__all__ = ["IMAGES_AT_ONCE", "Recording", "payload_bytes"]

IMAGES_AT_ONCE = 256
"""Bounds memory."""


class Recording:
    """The files of one run.

    Parameters
    ----------
    design
        Gives the sizes of all payloads.
    folder
        Where the program ran.
    images
        How many images it ran.
    """

    def __init__(self, design: DesignPoint, folder: Path, images: int):
        from hw.geometry import ArrayGeometry
        from hw.payloads import conversion_layout, result_layout

        self._design, self._folder, self._images = design, folder, images
        self._geometry = ArrayGeometry(design)
        self._conversions = design.row_tiles * design.templates
        self._conversion = conversion_layout(design)
        self._result_bits = result_layout(design).size

    def batches(self) -> Iterator[Batch]:
        """All images in order, at most IMAGES_AT_ONCE per batch; what came too much is in the last one.

        The scores are the sums of the codes. The cycles of the run are those of the last batch.
        """
        for start in range(0, self._images, IMAGES_AT_ONCE):
            yield self._batch(start, min(start + IMAGES_AT_ONCE, self._images))

    def _batch(self, start: int, stop: int) -> Batch:
        last = stop == self._images
        geometry = self._geometry
        chunks = ceil(geometry.word_bits / CHUNK_BITS)
        images = (start, stop)
        words, words_taken = self._payloads(
            "levels", images, geometry.words, geometry.word_bits, chunks * CHUNK_BITS
        )
        conversions, conversions_taken = self._integers(
            "conversions", images, self._conversions, self._conversion.size
        )
        results, results_taken = self._integers("results", images, 1, self._result_bits)
        started, _ = self._integers("started", images, 1, 64)
        finished, _ = self._integers("finished", images, 1, 64)
        cycles, violated = np.fromfile(self._folder / "cycles", "<u8").tolist()
        conversions = conversions.reshape(stop - start, -1)
        scores = self._scores(conversions)
        return Batch(
            images=np.arange(stop - start),
            keep_scores=True,
            conversions=conversions,
            results=results,
            scores=scores,
            conversions_taken=conversions_taken,
            results_taken=results_taken,
            scores_taken=scores.size,
            violated=violated if last else 0,
            started=started,
            finished=finished,
            cycles=cycles if last else 0,
            words=words.view("<u4").reshape(stop - start, geometry.words, chunks),
            words_taken=words_taken,
        )

    def _scores(self, conversions: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """(n, T) from the codes of all row tiles; MISSING where one of them did not come."""
        field = self._conversion["code"]
        codes = fields_of(conversions, {"code": (field.offset, field.width)})["code"]
        shape = (len(conversions), self._design.row_tiles, self._design.templates)
        absent = (conversions == MISSING).reshape(shape).any(axis=1)
        return np.where(absent, MISSING, codes.reshape(shape).sum(axis=1).astype(np.uint64))

    def _integers(
        self, name: str, images: tuple[int, int], per_image: int, bits: int
    ) -> tuple[NDArray[np.uint64], int]:
        raw, taken = self._payloads(name, images, per_image, bits, 64)
        values = raw.view("<u8").reshape(-1)
        values[taken:] = MISSING
        return values, taken

    def _payloads(
        self, name: str, images: tuple[int, int], per_image: int, bits: int, width: int
    ) -> tuple[NDArray[np.uint8], int]:
        """Payloads of some images as bytes, widened to `width` bits with zeros, and how many came."""
        size = payload_bytes(bits)
        start, stop = (image * per_image for image in images)
        path = self._folder / name
        came = max(0, path.stat().st_size // size - start)
        count = min(came, stop - start)
        raw = np.fromfile(path, np.uint8, count * size, offset=min(start * size, path.stat().st_size))
        widened = np.zeros((stop - start, width // 8), np.uint8)
        widened[:count, :size] = raw.reshape(count, size)
        return widened, came if images[1] == self._images else count


def payload_bytes(bits: int) -> int:
    """Bytes of a payload in Verilator's memory: 1, 2, 4, 8, or as many 32-bit words as it takes."""
    if bits <= 8:
        return 1
    if bits <= 16:
        return 2
    return 4 * ceil(bits / 32)
