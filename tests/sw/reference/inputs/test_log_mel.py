"""The log-mel rule against a slow version in plain Python, and what its maps are worth."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from sw.reference.inputs.log_mel import LogMel

SMALL = LogMel(
    rate=8_000, samples=300, window=64, hop=50, bands=5, lowest_hz=200, highest_hz=3_000, range_db=40
)
LONG = SMALL.model_copy(update={"window": 96, "hop": 96, "level": "absolute", "bands": 7, "range_db": 90})


def slow_table(values, bits):
    """Rounded; the platform's cosine is good enough wherever it is not within 1e-9 of a half."""
    scaled = [value * 2**bits for value in values]
    assert all(abs(value - math.floor(value) - 0.5) > 1e-9 for value in scaled)
    return [round(value) for value in scaled]


def slow_map(rule, recording):
    """One recording by the words of the module, with whole numbers of Python; wave by wave, bin by bin."""
    samples = ([int(value) for value in recording] + [0] * rule.samples)[: rule.samples]
    size = rule.window
    hann = slow_table([0.5 - 0.5 * math.cos(2 * math.pi * n / size) for n in range(size)], 14)
    cosines = slow_table([math.cos(2 * math.pi * n / size) for n in range(size)], 14)
    sines = slow_table([math.sin(2 * math.pi * n / size) for n in range(size)], 14)
    low, high = (math.log(1 + hz / 700) for hz in (rule.lowest_hz, rule.highest_hz))
    edges = [
        700 * (math.exp(low + (high - low) * place / (rule.bands + 1)) - 1) for place in range(rule.bands + 2)
    ]
    levels = []
    for first in range(0, rule.samples - size + 1, rule.hop):
        frame = [(samples[first + n] * hann[n] + 8192) // 16384 for n in range(size)]
        energies = []
        for number in range(size // 2 + 1):
            real = sum(value * cosines[n * number % size] for n, value in enumerate(frame))
            imaginary = sum(value * sines[n * number % size] for n, value in enumerate(frame))
            energies.append(((real + 8192) // 16384) ** 2 + ((imaginary + 8192) // 16384) ** 2)
        column = []
        for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
            total = 0
            for number, energy in enumerate(energies):
                hz = number * rule.rate / size
                share = min((hz - left) / (middle - left), (right - hz) / (right - middle))
                total += round(256 * max(0, share)) * energy
            column.append(level_of(total, rule.range_db))
        levels.append(column)
    top = max(255, max(map(max, levels)))
    if rule.level == "absolute":
        top = level_of(256 * (size * 2**13) ** 2, rule.range_db)
    return [[min(max(column[band] - top + 255, 0), 255) for column in levels] for band in range(rule.bands)]


def level_of(energy, range_db):
    """How many steps of range / 255 dB above 1; 0 is below all of them."""
    if energy == 0:
        return 0
    level = int(10 * math.log10(energy) * 255 / range_db) + 1
    return level if 10 ** ((level - 1) * range_db / 2550) <= energy * (1 + 1e-12) else level - 1


def recordings(count, length):
    """Noise of all volumes, a tone, silence, the extremes."""
    rng = np.random.default_rng(1)
    volumes = 10 ** rng.uniform(0, 4.4, (count, 1))
    waves = np.clip(rng.normal(0, 1, (count, length)) * volumes, -(2**15), 2**15 - 1)
    waves[0] = 20_000 * np.sin(np.arange(length) * 0.7)
    waves[1] = 0
    waves[2] = np.where(np.arange(length) % 7 < 3, 2**15 - 1, -(2**15))
    return waves.astype(np.int16)


@pytest.mark.parametrize("rule", [SMALL, LONG], ids=["recording", "absolute"])
@pytest.mark.parametrize("length", [300, 170, 400])
def test_maps_are_those_of_the_slow_version(rule, length):
    waves = recordings(6, length)
    maps = rule.apply(waves)
    assert maps.dtype == np.uint8 and maps.shape == (6, rule.bands, rule.frames)
    assert maps.tolist() == [slow_map(rule, wave) for wave in waves]


def test_no_volume_counts_within_rounding_and_silence_is_dark():
    waves = recordings(6, 300)
    assert not SMALL.apply(waves[1:2]).any()
    quiet, loud = SMALL.apply(waves[:1] // 4).astype(int), SMALL.apply(waves[:1]).astype(int)
    bright = loud > 120
    assert bright.any() and np.abs(quiet - loud)[bright].max() <= 2 and loud.max() == quiet.max() == 255
    absolute = SMALL.model_copy(update={"level": "absolute"})
    step = 20 * math.log10(4) * 255 / SMALL.range_db
    difference = absolute.apply(waves[:1]).astype(int) - absolute.apply(waves[:1] // 4)
    assert np.abs(difference[bright & (absolute.apply(waves[:1] // 4)[:1] > 0)] - step).max() <= 2


def test_a_tone_is_brightest_in_its_band():
    times = np.arange(300) / 8_000
    for hz, band in ((300, 0), (2_400, 4)):
        wave = (9_000 * np.sin(2 * np.pi * hz * times)).astype(np.int16)
        assert (SMALL.apply(wave[None])[0].argmax(axis=0) == band).all()


def test_many_recordings_are_the_same_alone():
    rule = SMALL.model_copy(update={"hop": 1})
    waves = recordings(40, 300)
    together = rule.apply(waves)
    assert np.array_equal(together[17:18], rule.apply(waves[17:18])) and together.shape[2] == 237


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 400}, "a window of 400 samples must fit into the 300 of a recording"),
        ({"highest_hz": 4_001}, "bands must lie from 0 to half the rate, 4000 Hz, got 200 to 4001 Hz"),
        ({"lowest_hz": 3_000}, "bands must lie from 0 to half the rate, 4000 Hz, got 3000 to 3000 Hz"),
        (
            {"bands": 64},
            "every band must have a bin of 125 Hz, .* of 64 have none: take fewer bands or a longer",
        ),
        ({"window": 8}, "greater than or equal to 16"),
        ({"level": "loud"}, "'recording' or 'absolute'"),
    ],
)
def test_rules_that_do_not_fit_together(changes, message):
    with pytest.raises(ValidationError, match=message):
        LogMel(**{**SMALL.model_dump(), **changes})
