"""Cycles of whole images: front end, quantiser, word packer and accelerator, by their handshakes.

The tests hold this against the RTL, cycle for cycle.
"""

from hw.events import Offers, buffered
from hw.frontend.variant import Sizes, plan_front_end
from hw.quantiser.quantiser import comparisons_at_once, cycles_per_value
from hw.sizing.array_timing import Timing, accelerator_timing, result_cycles
from sw.bundle import Bundle
from sw.design import DesignPoint

__all__ = ["image_cycles", "image_timing"]

IMAGES = 8
"""Enough for the distance between results to settle."""


def image_timing(bundle: Bundle, parallelism: Sizes | None) -> Timing:
    """Latency and interval of :class:`hw.image_accelerator.ImageAccelerator`; without sizes, of the array.

    The latency is from the first pixel to the result. The interval is that of the slowest of front end,
    quantiser and array, or more: where a row tile is read for longer than the next one takes to come, the
    array holds the front end up.
    """
    if parallelism is None:
        return accelerator_timing(bundle)
    values = plan_front_end(bundle, parallelism).offers()
    results = result_cycles(bundle, IMAGES, _words(bundle.design, buffered(values)))
    return Timing(results[0], results[-1] - results[-2])


def image_cycles(bundle: Bundle, parallelism: Sizes | None) -> int:
    """Cycles between results of images that follow each other closely, see :func:`image_timing`."""
    return image_timing(bundle, parallelism).interval


def _words(design: DesignPoint, values: Offers) -> Offers:
    """Words of :class:`hw.quantiser.word_packer.WordPacker`, which stands behind the quantiser."""
    counts = design.cell == "window"
    at_once = 1 if counts else comparisons_at_once(design)
    rounds = cycles_per_value(design)
    ends = _ends_of_words(design, at_once)
    offered = next(values)
    compared, packed, word_taken, item = -1, -1, -1, 0
    while True:
        for round_ in range(rounds):
            last_round = round_ == rounds - 1
            compared = max(compared + 1, offered, packed)
            if last_round or not counts:
                packed = max(compared + 1, packed + 1, word_taken)
                if ends[item]:
                    word_taken = yield packed + 1
                item = (item + 1) % len(ends)
        offered = values.send(compared)


def _ends_of_words(design: DesignPoint, at_once: int) -> list[bool]:
    """For each group of word-line values of an image, whether it is the last one of its word."""
    ends = []
    for feature in range(at_once, design.features + 1, at_once):
        row = (feature - 1) % design.rows + 1
        last_row = row == design.rows or feature == design.features
        ends.append(last_row or row % design.row_lanes == 0)
    return ends
