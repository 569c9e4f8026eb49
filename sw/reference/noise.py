"""Read noise: one integer per conversion, added to the match-line current before the ADC.

The generator is counter-based: the noise of a conversion follows from (key, image index, conversion index)
and from nothing that came before, so shards, replays and stalls do not change it. It has only additions,
rotations and exclusive-ors of 16-bit words, which are cheap in logic and fast in NumPy.

Source of the round: Speck32 of Beaulieu et al., "The Simon and Speck families of lightweight block ciphers",
IACR eprint 2013/404; of counters as the state: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
SC 2011. With the few rounds used here it is a generator for noise, not a cipher.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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
    ``key[r % KEY_WORDS] ^ r``. The words are those after the two numbers of rounds in IMAGE_ROUNDS.
    """
    x, y = (images >> 16).astype(np.uint16), images.astype(np.uint16)
    words = []
    for number in range(IMAGE_ROUNDS[-1]):
        x, y = speck_round(x, y, key[number % KEY_WORDS] ^ np.uint16(number))
        if number + 1 in IMAGE_ROUNDS:
            words += [x, y]
    return np.stack(words, axis=-1)


def random_words(
    keys: NDArray[np.uint16], counters: NDArray[np.uint32], rounds: int = CONVERSION_ROUNDS
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Two random words (N, M) for every key uint16 (N, KEY_WORDS) and every counter uint32 (M,).

    As in :func:`image_keys`, with the counter in the place of the image index.
    """
    shape = len(keys), len(counters)
    x = np.broadcast_to((counters >> 16).astype(np.uint16), shape)
    y = np.broadcast_to(counters.astype(np.uint16), shape)
    for number in range(rounds):
        x, y = speck_round(x, y, (keys[:, number % KEY_WORDS] ^ np.uint16(number))[:, np.newaxis])
    return x, y


def conversion_noise(noise: ReadNoise, images: NDArray[np.uint32], templates: int) -> NDArray[np.int64]:
    """Noise in conductance codes, (N, row tiles, T), of images with these indices.

    ``((bytes - 510) * scale + 2**(shift - 1)) >> shift``, where `bytes` is the sum of the four bytes of the
    words of conversion ``row tile * T + match line``.
    """
    tiles = len(noise.scale)
    counters = np.arange(tiles * templates, dtype=np.uint32)
    x, y = random_words(image_keys(noise.key, images), counters)
    total = (x & 255) + (x >> 8) + (y & 255) + (y >> 8)
    centred = (total.astype(np.int64) - BYTES_MEAN).reshape(len(images), tiles, templates)
    return (centred * noise.scale[:, np.newaxis] + (1 << noise.shift >> 1)) >> noise.shift


def add_read_noise(
    currents: NDArray[np.int64], noise: ReadNoise | None, first_image: int, design: "DesignPoint"
) -> NDArray[np.int64]:
    """Currents (N, row tiles, T) with the noise of images `first_image` and following, in conductance codes.

    The sum saturates at 0 and at the largest current of a full tile. None is no noise.
    """
    if noise is None:
        return currents
    images = np.arange(first_image, first_image + len(currents), dtype=np.int64).astype(np.uint32)
    noisy = currents + conversion_noise(noise, images, currents.shape[2])
    return np.clip(noisy, 0, design.max_current)
