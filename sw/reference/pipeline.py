"""All five stages in a row, with every intermediate value, and the comparison that names a mismatch."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.reference import adc, array, classifier, frontend, noise, quantiser
from sw.reference.array_state import ArrayState
from sw.reference.frontend import LayerParameters
from sw.reference.trace import Trace

__all__ = [
    "Classifier",
    "HasArray",
    "HasFrontEnd",
    "classify",
    "classify_chips",
    "classify_readouts",
    "feature_maps_of",
    "levels_of",
    "run",
    "run_levels",
]

CHUNK_IMAGES = 256
"""Images per step of the front end: bounds memory to some tens of MB for the students of the presets."""
CHUNK_CONVERSIONS = 2**17
"""Conversions per step of the rest: what one step works on fits the second-level cache."""


class HasFrontEnd(Protocol):
    """Input of stages 1 and 2 besides the images; :class:`sw.bundle.bundle.Bundle` has it."""

    @property
    def design(self) -> DesignPoint:
        """All sizes."""

    @property
    def frontend(self) -> tuple[LayerParameters, ...]:
        """Weights, and thresholds or requantisation, one entry per layer."""

    @property
    def feature_thresholds(self) -> NDArray[np.int32]:
        """int32, (h, w, C, L), sorted along L."""


class HasArray(Protocol):
    """Input of stages 3 to 5 besides word-line values: of a bundle, or of an array without a front end."""

    @property
    def design(self) -> DesignPoint:
        """All sizes."""

    @property
    def array(self) -> ArrayState:
        """State of the array, which fits the design."""


class Classifier(HasFrontEnd, HasArray, Protocol):
    """Input of all five stages besides the images."""


def feature_maps_of(bundle: HasFrontEnd, images: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Last feature maps (N, C, h, w) of uint8 images (N, height, width) or (N, height, width, C), in chunks.

    Raises
    ------
    EngramError
        If the images do not have the size the bundle was trained for.
    """
    _check_images(bundle, images)
    maps = np.empty(
        (len(images), *bundle.design.feature_map_shape), np.int32
    )  # accumulators stay below 2**31
    for chunk, part in zip(_chunks(images), _chunks(maps), strict=True):
        part[:] = frontend.forward(chunk, bundle.design, bundle.frontend)[-1]
    return maps


def levels_of(bundle: HasFrontEnd, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Word-line values (N, F) of uint8 images (N, height, width) or (N, height, width, C), in chunks.

    Raises
    ------
    EngramError
        If the images do not have the size the bundle was trained for.
    """
    _check_images(bundle, images)
    design = bundle.design
    parts = [
        quantiser.word_line_values(
            frontend.forward(chunk, design, bundle.frontend)[-1], bundle.feature_thresholds, design.cell
        )
        for chunk in _chunks(images)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, design.features), np.uint8)


def run_levels(bundle: HasArray, levels: NDArray[np.uint8], first_image: int = 0) -> Trace:
    """Array, ADC and classifier for word-line values (N, F).

    `first_image` is the index of the first image, which only read noise depends on.
    """
    design = bundle.design
    codes = np.zeros((len(levels), design.row_tiles, design.templates), np.int64)
    for _, part, converted in _conversions([bundle], levels, first_image):
        codes[part] = converted
    scores = classifier.template_scores(codes)
    decision = classifier.decide(scores, design.templates_per_class, design.margin)
    return Trace(levels, codes, scores, *decision)


def run(bundle: Classifier, images: NDArray[np.uint8], first_image: int = 0) -> Trace:
    """All stages for uint8 images (N, height, width) or (N, height, width, C); keeps every value, so mind
    N."""
    return run_levels(bundle, levels_of(bundle, images), first_image)


def classify(bundle: HasArray, levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Classes (N,) of images 0 .. N - 1 with word-line values (N, F); without the margin rule."""
    return classify_chips([bundle], levels)[0]


def classify_chips(chips: Sequence[HasArray], levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """:func:`classify` with each of several chips of one design, (chips, N).

    The fast way through: it keeps no codes, drives the match lines of all chips together, and levels in
    Fortran order spare it a transposition.
    """
    labels = np.zeros((len(chips), len(levels)), np.int64)
    for number, part, codes in _conversions(chips, levels):
        winners = classifier.winners_of_codes(codes)
        labels[number, part] = winners // chips[number].design.templates_per_class
    return labels


def classify_readouts(chips: Sequence[Sequence[HasArray]], levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """:func:`classify_chips` where each chip is read by several kinds of ADCs, (chips, kinds, N).

    Every chip comes once for each kind, with equal codes and read noise; the match lines are driven once.
    """
    lines = [readouts[0] for readouts in chips]
    converters = [[adc.Converters(each.array.adc, each.design) for each in readouts] for readouts in chips]
    labels = np.zeros((len(chips), len(chips[0]), len(levels)), np.int64)
    for number, part, currents in _currents(lines, levels, 0):
        for kind, chip in enumerate(chips[number]):
            codes = converters[number][kind].codes(currents)
            winners = classifier.winners_of_codes(codes)
            labels[number, kind, part] = winners // chip.design.templates_per_class
    return labels


def _conversions(
    chips: Sequence[HasArray], levels: NDArray[np.uint8], first_image: int = 0
) -> Iterator[tuple[int, slice, NDArray]]:
    """Which chip, which images, and their codes, as exact floats with the images side by side in memory."""
    converters = [adc.Converters(chip.array.adc, chip.design) for chip in chips]
    for number, part, currents in _currents(chips, levels, first_image):
        yield number, part, converters[number].codes(currents)


def _currents(
    chips: Sequence[HasArray], levels: NDArray[np.uint8], first_image: int
) -> Iterator[tuple[int, slice, NDArray]]:
    """Which chip, which images, and the currents that its ADCs see, as exact floats."""
    design = chips[0].design
    cells = np.concatenate([array.cell_currents(chip.array.codes, design) for chip in chips], axis=2)
    lines = array.MatchLines(cells, design.rows)
    # As the chip's counter of images, the index wraps at 2**32.
    images = np.arange(first_image, first_image + len(levels), dtype=np.int64).astype(np.uint32)
    keys = [noise.image_keys(own.key, images) if (own := chip.array.read_noise) else None for chip in chips]
    conversions = design.row_tiles * design.templates
    step = 2 ** max(0, (CHUNK_CONVERSIONS // conversions).bit_length() - 1)
    for start in range(0, len(levels), step):
        part = slice(start, start + step)
        together = lines.currents(levels[part])
        for number, (chip, of_images) in enumerate(zip(chips, keys, strict=True)):
            first = number * design.templates
            currents = together[:, :, first : first + design.templates]
            read_noise = chip.array.read_noise
            if read_noise is not None and of_images is not None:
                currents = noise.add_read_noise(currents, read_noise, of_images[part], design)
            yield number, part, currents


def _chunks(items: NDArray) -> Iterator[NDArray]:
    for start in range(0, len(items), CHUNK_IMAGES):
        yield items[start : start + CHUNK_IMAGES]


def _check_images(bundle: HasFrontEnd, images: NDArray) -> None:
    design = bundle.design
    wanted = design.image_size
    if images.shape[1:] != wanted.shape or images.dtype != np.uint8:
        raise EngramError(
            f"bundle {design.name!r} takes uint8 images of {wanted.words}, "
            f"got {images.dtype} of shape {' x '.join(map(str, images.shape[1:]))}; use images of that size"
        )
