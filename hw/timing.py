"""Cycles of the accelerator, by stepping through its handshakes without data.

The tests hold this model against the RTL cycle for cycle, so the build report can give cycles at once.
"""

from typing import NamedTuple

from hw.adc import adc_latency
from hw.geometry import ArrayGeometry
from hw.match_lines import pipeline_stages
from sw.design import DesignPoint

__all__ = ["Timing", "accelerator_timing"]

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


def accelerator_timing(design: DesignPoint) -> Timing:
    """Latency and interval of :class:`hw.accelerator.Accelerator` for `design`."""
    results = _result_cycles(design, IMAGES)
    return Timing(results[0], results[-1] - results[-2])


def _result_cycles(design: DesignPoint, images: int) -> list[int]:
    """Cycle in which each result is valid; the first word is taken in cycle 0."""
    geometry = ArrayGeometry(design)
    tile_words = list(geometry.words_in_tile) * images
    lines, lanes, tiles = design.templates, design.col_lanes, design.row_tiles

    full = [False, False]
    w_tile = w_word = 0
    r_tile = r_group = r_word = 0
    pipeline = [None] * pipeline_stages(design)  # None, or whether the word ends a pass
    held = 0
    sent = 0  # currents sent so far
    converting = [None] * adc_latency(design)  # index of a conversion or None
    adding = None  # conversion whose score is being added up
    closing = compared = result = False  # scores are in, last class compared, answer valid
    results: list[int] = []
    cycle = 0
    while len(results) < images:
        # Ready signals, from the end to the start.
        ends_image = adding is not None and adding // lines % tiles == tiles - 1
        scores_ready = not ends_image or not closing
        adc_ready = scores_ready if not converting else converting[-1] is None or scores_ready
        leaving = held > 0 and adc_ready
        leaving_last = leaving and held == 1
        at_end = pipeline[-1] is True
        capture = at_end and (held == 0 or leaving_last)
        advance = not at_end or capture
        step = full[r_tile % 2] and advance if r_tile < len(tile_words) else False
        take_word = w_tile < len(tile_words) and not full[w_tile % 2]

        # Winner-take-all.
        closes = ends_image and not closing and adding % lines == lines - 1
        if result:
            results.append(cycle)
            closing = False
        closing = closing or closes
        result, compared = compared, closes

        # Scores and ADC.
        current = sent if leaving else None
        sent += leaving
        if scores_ready:
            adding = converting[-1] if converting else current
        if converting and adc_ready:
            converting = [current, *converting[:-1]]

        # Match lines.
        if leaving:
            held -= 1
        if capture:
            first_line = (sent if not held else sent + held) % lines
            held = min(lanes, lines - first_line)
        if advance:
            pipeline = [None, *pipeline[:-1]]
        if step:
            last_word = r_word == tile_words[r_tile] - 1
            pipeline[0] = last_word
            r_word = 0 if last_word else r_word + 1
            r_group += last_word
            if r_group == geometry.groups:
                full[r_tile % 2] = False
                r_group, r_tile = 0, r_tile + 1

        # Word lines.
        if take_word:
            w_word += 1
            if w_word == tile_words[w_tile]:
                full[w_tile % 2] = True
                w_word, w_tile = 0, w_tile + 1
        cycle += 1
    return results
