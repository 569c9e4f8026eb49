"""Cycles of the accelerator, by its handshakes, see :mod:`hw.events`.

The tests hold this model against the RTL cycle for cycle, so the build report can give cycles at once.
"""

from collections import deque
from itertools import cycle
from typing import NamedTuple

from hw.adc import adc_latency
from hw.array.match_lines import pipeline_stages
from hw.array.noise.noise_values import KEY_CYCLES, VALUE_CYCLES
from hw.events import Offers, Pipeline, handed_on, joined, offered_at_once, pipelined, taken_at_once
from hw.geometry import ArrayGeometry
from sw.bundle import Bundle
from sw.design import DesignPoint
from sw.reference.noise import CONVERSION_ROUNDS

__all__ = ["Timing", "accelerator_timing", "result_cycles"]

SCORE_LATENCY = 2
"""Places from a conversion to its sum in :class:`hw.classifier.scores.ScoreAccumulator`, whose next register
is the score's."""
IMAGES = 4
"""Enough for the distance between results to settle: at most two tiles and one result are ahead."""


class Timing(NamedTuple):
    """Clock cycles, with words always offered and results always taken.

    Attributes
    ----------
    latency
        From the first word of an image taken by the idle accelerator to its result.
    interval
        Between the results of images that follow each other closely.
    """

    latency: int
    interval: int


def accelerator_timing(bundle: Bundle) -> Timing:
    """Latency and interval of :class:`hw.accelerator.Accelerator` for `bundle`."""
    results = result_cycles(bundle, IMAGES)
    return Timing(results[0], results[-1] - results[-2])


def result_cycles(bundle: Bundle, images: int, words: Offers | None = None) -> list[int]:
    """Cycle in which each result is valid, for `words` or, without any, for words that are never late."""
    design = bundle.design
    currents = _currents(design, words or offered_at_once())
    if bundle.array.read_noise is not None:
        values = _noise_values(design.templates * design.row_tiles)
        currents = pipelined(joined(currents, values), 1)
    conversions = pipelined(currents, adc_latency(design, bundle.array.adc))
    return taken_at_once(_results(design, conversions), images)


def _currents(design: DesignPoint, words: Offers) -> Offers:
    """Currents of :class:`hw.array.match_lines.MatchLines`, behind the word-line driver's two row tiles."""
    geometry = ArrayGeometry(design)
    full_groups, rest = divmod(design.templates, design.col_lanes)
    lines_in_group = [design.col_lanes] * full_groups + [rest] * (rest > 0)
    pipeline, done = Pipeline(pipeline_stages(design)), -1
    free = deque([0, 0])  # from when each of the two tiles may be written
    offered, taken = next(words), -1
    for tile_words in cycle(geometry.words_in_tile):
        writable = free.popleft()
        for _ in range(tile_words):
            taken = max(offered, taken + 1, writable)
            offered = words.send(taken)
        for lines in lines_in_group:
            place = pipeline.enter(taken + 1, tile_words)
            done = yield from handed_on(pipeline.hold(place, done), lines)
        free.append(pipeline.cycle(place) + 1)


def _noise_values(conversions: int) -> Offers:
    """Values of :class:`hw.array.noise.noise_values.NoiseValues`, so many per image.

    Its generator was idle for long before the first image. The key of the next one is made when the last
    value of an image is at the place where it needs the key no longer.
    """
    ready = -(VALUE_CYCLES + KEY_CYCLES)
    pipeline = Pipeline(VALUE_CYCLES, ready)
    while True:
        for _ in range(conversions):
            place = pipeline.enter(ready)
            yield from pipeline.leave(place)
        ready = pipeline.cycle(place + CONVERSION_ROUNDS - 1) + KEY_CYCLES + 1


def _results(design: DesignPoint, conversions: Offers) -> Offers:
    """Answers of :class:`hw.classifier.winner.WinnerTakeAll`, behind the accumulator of the scores.

    The last row tile gives the scores to the winner-take-all, and so must wait there until the answer for the
    image before was taken.
    """
    pipeline, accepted, free = Pipeline(SCORE_LATENCY), -1, 0
    offered = next(conversions)
    while True:
        for tile in range(design.row_tiles):
            for _ in range(design.templates):
                place = pipeline.enter(offered)
                if tile == design.row_tiles - 1:
                    accepted = max(pipeline.hold(place, accepted) + 1, free)
                offered = conversions.send(pipeline.cycle(place))
        free = 1 + (yield accepted + 2)
