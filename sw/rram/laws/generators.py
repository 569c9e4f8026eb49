"""Random numbers of a chip: one generator for each thing that differs from chip to chip.

Each is keyed by (seed, chip, what), so a chip is the same however many others are drawn, and in whatever
order; and changing one effect leaves all the others as they were on that chip.
"""

from zlib import crc32

import numpy as np

__all__ = ["chip_generator"]

NUMBERED = (
    "error",
    "stuck",
    "drift",
    "read-noise",
    "telegraph",
    "converters",
    "pulses",
    "calibration",
    "pulse-rule",
)
"""Streams whose place in this list is their key, so that chips of earlier versions do not change."""


def chip_generator(seed: int, chip: int, stream: str) -> np.random.Generator:
    """Generator of one chip for one thing; a stream that is not numbered is keyed by its name."""
    what = NUMBERED.index(stream) if stream in NUMBERED else crc32(stream.encode())
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chip, what)))
