"""Endurance: what is left of the window of devices that have been programmed often."""

import numpy as np
from numpy.typing import NDArray

from sw.rram.effects.chip import Chip
from sw.rram.effects.effect import Effect, Need, Option
from sw.rram.laws.endurance import within_worn_window

__all__ = ["Wear"]


class Wear(Effect):
    """Narrower window of worn devices; see :mod:`sw.rram.laws.endurance`."""

    name = "endurance"
    options = (
        Option(
            "--cycles",
            "cycles",
            int,
            1,
            "Times each device has been programmed, for devices with an endurance law.",
        ),
    )
    needs = Need("cycles", "endurance law", ("endurance",))

    def aim(self, targets: NDArray[np.float64], chip: Chip) -> NDArray[np.float64]:
        """Targets within the window that is left."""
        law = chip.device.endurance
        if law is None:
            return targets
        return within_worn_window(targets, law, *chip.window, chip.conditions.cycles)
