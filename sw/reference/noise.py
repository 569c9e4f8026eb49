"""Read noise: one integer per conversion, added to the match-line current before the ADC.

The sum saturates at what the cells of its row tile can conduct, 0 to the largest current of all of them; so
the largest score is the same with noise as without, and every width that follows from it.

The generator is counter-based: the noise of a conversion follows from (key, image index, conversion index)
and from nothing that came before, so shards, replays and stalls do not change it. It has only additions,
rotations and exclusive-ors of 16-bit words, which are cheap in logic and fast in NumPy.

Source of the round: Speck32 of Beaulieu et al., "The Simon and Speck families of lightweight block ciphers",
IACR eprint 2013/404; of counters as the state: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
SC 2011. With the few rounds used here it is a generator for noise, not a cipher.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sw.reference.compiled import expect, noisy_lines, worth_it
from sw.reference.exact import exact_dtype

if TYPE_CHECKING:
    from sw.design import DesignPoint

__all__ = [
    "CONVERSION_ROUNDS",
    "IMAGE_ROUNDS",
    "KEY_WORDS",
    "NOISE_SIGMA",
    "SCALE_BITS",
    "ReadNoise",
    "add_read_noise",
    "conversion_noise",
    "image_keys",
    "noise_bound",
    "random_words",
    "speck_round",
]

KEY_WORDS = 4
IMAGE_ROUNDS = (16, 24)
"""Rounds after which the first and the last two words of an image's key are taken."""
CONVERSION_ROUNDS = 8
"""From 5 rounds on, no correlation between neighbouring conversions or images is seen in 1e6 of them."""

BYTES_MEAN = 510
NOISE_SIGMA = (4 * (256**2 - 1) / 12) ** 0.5
"""Standard deviation of the sum of four uniform bytes, 147.8; its mean is BYTES_MEAN."""
SCALE_BITS = 10


@dataclass(frozen=True, eq=False)
class ReadNoise:
    """Noise of every conversion: a sum of four uniform bytes, less its mean, scaled by row tile.

    That is about normal: its excess kurtosis is -0.3, and nothing lies beyond 3.45 standard deviations.

    Attributes
    ----------
    key
        uint16, (KEY_WORDS,), of the chip.
    scale
        int32, (row tiles,), below 2**SCALE_BITS; the standard deviation of a tile's conversions is
        ``NOISE_SIGMA * scale / 2**shift`` conductance codes.
    shift
        Right shift after the scale, at least 1.
    """

    key: NDArray[np.uint16]
    scale: NDArray[np.int32]
    shift: int


def speck_round(
    x: NDArray[np.uint16], y: NDArray[np.uint16], key: NDArray[np.uint16] | np.uint16
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """One round on two words: ``x = ((x >>> 7) + y) ^ key``, then ``y = (y <<< 2) ^ x``, modulo 2**16."""
    mixed: NDArray[np.uint16] = (((x >> np.uint16(7)) | (x << np.uint16(9))) + y) ^ key
    return mixed, ((y << np.uint16(2)) | (y >> np.uint16(14))) ^ mixed


def image_keys(key: NDArray[np.uint16], images: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """Key of every image: uint16 (N, KEY_WORDS) for image indices uint32 (N,).

    The index, its high half first, goes through IMAGE_ROUNDS[1] rounds; round r has the key
    ``key[r % KEY_WORDS] ^ r``, so that rounds with the same key word still differ. The words are those after
    the two numbers of rounds in IMAGE_ROUNDS.
    """
    x, y = (images >> 16).astype(np.uint16), images.astype(np.uint16)
    words = []
    for number in range(IMAGE_ROUNDS[-1]):
        x, y = speck_round(x, y, key[number % KEY_WORDS] ^ np.uint16(number))
        if number + 1 in IMAGE_ROUNDS:
            words += [x, y]
    return np.stack(words).T


def random_words(
    keys: NDArray[np.uint16], counters: NDArray[np.uint32], rounds: int = CONVERSION_ROUNDS
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Two random words (N, M) for every key uint16 (N, KEY_WORDS) and every counter uint32 (M,).

    As in :func:`image_keys`, with the counter in the place of the image index. In memory the keys lie side by
    side. Only the first round makes new arrays: it is the one that meets counters and keys.
    """
    x, y = (counters >> 16).astype(np.uint16)[:, np.newaxis], counters.astype(np.uint16)[:, np.newaxis]
    x, y = speck_round(x, y, keys[:, 0])
    _more_rounds(x, y, [keys[:, number % KEY_WORDS] ^ np.uint16(number) for number in range(1, rounds)])
    return x.T, y.T


def _more_rounds(x: NDArray[np.uint16], y: NDArray[np.uint16], keys: list[NDArray[np.uint16]]) -> None:
    """:func:`speck_round` with each of the keys, in place.

    Shifts to the left are multiplications, and bitwise operations run on 64-bit lanes where words fill them:
    NumPy does both faster.
    """
    spare = np.empty_like(x)
    lanes = (x, y, spare) if x.size % 4 else (part.reshape(-1).view(np.uint64) for part in (x, y, spare))
    x_lanes, y_lanes, spare_lanes = lanes
    for key in keys:
        np.multiply(x, 2**9, out=spare)
        np.right_shift(x, 7, out=x)
        np.bitwise_or(x_lanes, spare_lanes, out=x_lanes)
        np.add(x, y, out=x)
        np.bitwise_xor(x, key, out=x)
        np.multiply(y, 2**2, out=spare)
        np.right_shift(y, 14, out=y)
        np.bitwise_or(y_lanes, spare_lanes, out=y_lanes)
        np.bitwise_xor(y_lanes, x_lanes, out=y_lanes)


def conversion_noise(
    noise: ReadNoise, keys: NDArray[np.uint16], templates: int, dtype: type[np.floating] = np.float64
) -> NDArray[np.floating]:
    """Noise in conductance codes, (N, row tiles, T), of images with these :func:`image_keys`.

    ``((bytes - 510) * scale + 2**(shift - 1)) >> shift``, where `bytes` is the sum of the four bytes of the
    words of conversion ``row tile * T + match line``. `dtype` must hold :func:`noise_bound`; float64 does.
    """
    counters = np.arange(len(noise.scale) * templates, dtype=np.uint32)
    x, y = random_words(keys, counters)
    total = ((x & 255) + (x >> 8) + (y & 255) + (y >> 8)).reshape(len(keys), -1, templates)
    factor, summand = _line(noise, dtype)
    added = total * factor[:, np.newaxis]
    added += summand[:, np.newaxis]
    return np.floor(added, out=added)


def _line(noise: ReadNoise, dtype: type[np.floating]) -> tuple[NDArray, NDArray]:
    """Factor and summand of every row tile, in units of ``2**-shift``, so that rounding down is the shift."""
    scale, half = noise.scale.astype(dtype), 1 << noise.shift >> 1
    return np.ldexp(scale, -noise.shift), np.ldexp(half - BYTES_MEAN * scale, -noise.shift)


def noise_bound(noise: ReadNoise) -> int:
    """Magnitude that no number on the way to a conversion's noise can pass, before and after the shift."""
    return 2 * BYTES_MEAN * int(noise.scale.max()) + (1 << noise.shift >> 1)


def add_read_noise(
    currents: NDArray, noise: ReadNoise, keys: NDArray[np.uint16], design: "DesignPoint"
) -> NDArray[np.floating]:
    """Currents (N, row tiles, T) with the noise of images with these :func:`image_keys`, as exact floats.

    The sum saturates at 0 and at the largest current of its row tile.
    """
    dtype = exact_dtype(design.max_current + noise_bound(noise))
    largest = _largest(design).astype(dtype)
    expect(currents.size)
    if not worth_it():
        noisy = conversion_noise(noise, keys, design.templates, dtype)
        noisy += currents
        return np.clip(noisy, 0, largest[:, np.newaxis], out=noisy)
    rounds = np.stack(
        [keys[:, number % KEY_WORDS] ^ np.uint16(number) for number in range(CONVERSION_ROUNDS)]
    )
    tiles = currents.transpose(1, 2, 0)
    results = np.empty(tiles.shape, dtype)
    kernel = noisy_lines(CONVERSION_ROUNDS, results.dtype.name)
    for tile, each in enumerate(zip(*_line(noise, dtype), largest, strict=True)):
        lines = np.ascontiguousarray(tiles[tile], dtype)
        kernel(rounds, tile * design.templates, *each, lines, results[tile])
    return results.transpose(2, 0, 1)


@cache
def _largest(design: "DesignPoint") -> NDArray[np.int64]:
    """Largest current of every row tile."""
    return np.array([design.max_current_in_tile(tile) for tile in range(design.row_tiles)])
