"""Cycles of the accelerator, by stepping through its handshakes without data.

Read noise is one more block with handshakes, whose generator was idle for long before the first image.

The tests hold this model against the RTL cycle for cycle, so the build report can give cycles at once.
"""

from typing import NamedTuple

from hw.adc import adc_latency
from hw.array.match_lines import pipeline_stages
from hw.array.noise.noise_values import KEY_CYCLES, VALUE_CYCLES
from hw.frontend.flow import Offers, offered_at_once
from hw.geometry import ArrayGeometry
from sw.bundle import Bundle
from sw.reference.noise import CONVERSION_ROUNDS

__all__ = ["Timing", "accelerator_timing", "result_cycles"]

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


class _NoiseValues:
    """Handshake of :class:`hw.array.noise.noise_values.NoiseValues`; its pipeline holds None, last or not."""

    def __init__(self, conversions: int):
        self._conversions = self._left = conversions
        self._key_cycles = 0
        self._pipeline: list[bool | None] = [None] * VALUE_CYCLES
        for _ in range(VALUE_CYCLES + KEY_CYCLES):
            self.step(taken=False)

    @property
    def valid(self) -> bool:
        return self._pipeline[-1] is not None

    @property
    def still(self) -> bool:
        """Whether nothing changes until a value is taken."""
        return self.valid and not self._key_cycles

    def step(self, *, taken: bool) -> None:
        issues = not self._key_cycles and self._left > 0
        self._key_cycles -= self._key_cycles > 0
        if self.valid and not taken:
            return
        if self._pipeline[CONVERSION_ROUNDS - 2]:
            self._key_cycles, self._left = KEY_CYCLES, self._conversions
        self._left -= issues
        self._pipeline = [self._left == 0 if issues else None, *self._pipeline[:-1]]


def result_cycles(bundle: Bundle, images: int, words: Offers | None = None) -> list[int]:
    """Cycle in which each result is valid, for `words` or, without any, for words that are always there."""
    words = words or offered_at_once()
    design = bundle.design
    geometry = ArrayGeometry(design)
    tile_words = list(geometry.words_in_tile) * images
    lines, lanes, tiles = design.templates, design.col_lanes, design.row_tiles

    full = [False, False]
    w_tile = w_word = 0
    r_tile = r_group = r_word = 0
    pipeline = [None] * pipeline_stages(design)  # None, or whether the word ends a pass
    held = 0
    sent = 0  # currents sent so far
    noise = _NoiseValues(lines * tiles) if bundle.array.read_noise is not None else None
    noisy = None  # conversion whose current has its noise, or None
    converting = [None] * adc_latency(design, bundle.array.adc)  # index of a conversion or None
    adding = None  # conversion whose score is being added up
    closing = compared = result = False  # scores are in, last class compared, answer valid
    results: list[int] = []
    cycle, offered = 0, next(words)
    while len(results) < images:
        if not (any(full) or held or closing or result) and adding is None and noisy is None:
            inside = any(stage is not None for stage in (*pipeline, *converting))
            if not inside and (noise is None or noise.still):
                cycle = max(cycle, offered)
        # Ready signals, from the end to the start.
        ends_image = adding is not None and adding // lines % tiles == tiles - 1
        scores_ready = not ends_image or not closing
        adc_ready = scores_ready if not converting else converting[-1] is None or scores_ready
        leaving = held > 0 and (adc_ready if noise is None else noise.valid and (noisy is None or adc_ready))
        leaving_last = leaving and held == 1
        at_end = pipeline[-1] is True
        capture = at_end and (held == 0 or leaving_last)
        advance = not at_end or capture
        step = full[r_tile % 2] and advance if r_tile < len(tile_words) else False
        take_word = w_tile < len(tile_words) and not full[w_tile % 2] and cycle >= offered

        # Winner-take-all.
        closes = ends_image and not closing and adding % lines == lines - 1
        if result:
            results.append(cycle)
            closing = False
        closing = closing or closes
        result, compared = compared, closes

        # Scores, ADC and read noise.
        current = sent if leaving else None
        sent += leaving
        if noise is not None:
            noise.step(taken=leaving)
            current, noisy = noisy, current if noisy is None or adc_ready else noisy
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
            offered = words.send(cycle)
            w_word += 1
            if w_word == tile_words[w_tile]:
                full[w_tile % 2] = True
                w_word, w_tile = 0, w_tile + 1
        cycle += 1
    return results
