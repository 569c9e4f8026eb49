"""Noise-aware training: the templates answer as programmed arrays do, one chip after the other.

What a chip adds to the scores comes from the device model and the integer reference themselves
(:func:`sw.rram.chip.programming.program_array`, :func:`sw.reference.pipeline.run_levels`), so programming
error, drift, stuck cells, read noise and ADC are what they are in evaluation. It is added to the scores
without a gradient.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sw.design import DesignPoint
from sw.reference import pipeline
from sw.rram.chip.programming import ProgrammedArray, program_array
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions

__all__ = ["STEPS_PER_CHIP", "TrainingChips"]

FIRST_CHIP = 1_000_000
"""Number of the first chip of training; evaluation with the same seed counts from 0, and draws others."""
STEPS_PER_CHIP = 8
"""Steps that one programmed chip serves; the templates hardly change in between."""


class TrainingChips:
    """Chips that are programmed with the templates as they are during training.

    Parameters
    ----------
    design
        Sizes of templates and array.
    device, conditions
        What the chips are made of, how they are programmed and read.
    seed
        Of the chips, see :data:`FIRST_CHIP`.
    """

    def __init__(self, design: DesignPoint, device: Device, conditions: Conditions, seed: int):
        self._design, self._device, self._conditions, self._seed = design, device, conditions, seed
        self._chip: ProgrammedArray | None = None
        self._stored = np.zeros((design.templates, design.features), np.uint8)

    def program(self, templates: NDArray[np.uint8], chip: int) -> None:
        """Program the next chip with templates, uint8 (T, F)."""
        self._stored = templates
        self._chip = program_array(
            self._design, templates, self._device, self._conditions, seed=self._seed, chip=FIRST_CHIP + chip
        )

    def error(self, bits: Tensor) -> Tensor:
        """Errors of the chip's scores, in matches, float32 (B, T), for word-line bits (B, F).

        Scores of a chip are in steps of its ADC; the straight line that fits them best to the number of
        matches, over the batch, brings them to matches. Winner-take-all does not depend on it.
        """
        assert self._chip is not None
        levels = bits.detach().cpu().numpy().astype(np.uint8)
        matches = levels.astype(np.float32) @ (2.0 * self._stored.T - 1).astype(np.float32)
        matches += (1 - self._stored.astype(np.float32)).sum(axis=1)
        scores = pipeline.run_levels(self._chip, levels).scores.astype(np.float32)
        gain, offset = np.polyfit(scores.ravel().astype(np.float64), matches.ravel(), 1)
        return torch.from_numpy(gain * scores + offset - matches).float().to(bits.device)
