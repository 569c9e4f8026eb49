"""Random numbers of a chip: one generator for each thing that differs from chip to chip.

Each is keyed by (seed, chip, what), so a chip is the same however many others are drawn, and in whatever
order; and changing one effect leaves all the others as they were on that chip.
"""

from typing import Literal, get_args

import numpy as np

__all__ = ["Stream", "chip_generator"]

Stream = Literal[
    "error",
    "stuck",
    "drift",
    "read-noise",
    "telegraph",
    "converters",
    "pulses",
    "calibration",
    "pulse-rule",
]
"""Only append: the position of a name is part of the key."""


def chip_generator(seed: int, chip: int, stream: Stream) -> np.random.Generator:
    """Generator of one chip for one thing."""
    key = chip, get_args(Stream).index(stream)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
