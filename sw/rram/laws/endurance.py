"""Endurance: the window of conductances narrows as a device is programmed again and again.

A generic law, for which the user gives the figures: nothing happens up to an onset; from there the window
loses the same share of its width for every factor of ten in cycles, at both ends. No preset has one, since
none of their sources gives it.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sw.errors import EngramError
from sw.rram.laws.law import Law

__all__ = ["Endurance", "within_worn_window"]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Endurance(Law):
    """Wear of a device.

    Parameters
    ----------
    onset_cycles
        Cycles that leave no trace.
    narrowing_per_decade
        Share of the fresh window that is lost for every factor of ten in cycles beyond the onset.
    hrs_share
        Share of that loss by which the HRS rises; by the rest the LRS falls.
    """

    example = """\
[endurance]                             # for --cycles
onset_cycles = 1e5
narrowing_per_decade = 0.1              # share of the window
hrs_share = 0.5                         # of that, at the HRS end
"""

    onset_cycles: Annotated[float, Field(ge=1, le=1e15, allow_inf_nan=False)]
    narrowing_per_decade: Share
    hrs_share: Share = 0.5

    def window(self, g_hrs_siemens: float, g_lrs_siemens: float, cycles: int) -> tuple[float, float]:
        """Ends of the window after so many cycles, in siemens, of a device with these when fresh.

        Raises
        ------
        EngramError
            If nothing is left of it.
        """
        lost = self.narrowing_per_decade * max(0.0, float(np.log10(cycles / self.onset_cycles)))
        if lost >= 1:
            raise EngramError(
                f"cycles must leave a window of conductances, got {cycles:g}: the endurance law takes "
                f"{lost:.0%} of it; use fewer cycles"
            )
        lost *= g_lrs_siemens - g_hrs_siemens
        return g_hrs_siemens + self.hrs_share * lost, g_lrs_siemens - (1 - self.hrs_share) * lost


def within_worn_window(
    targets: NDArray[np.float64], law: Endurance, g_hrs_siemens: float, g_lrs_siemens: float, cycles: int
) -> NDArray[np.float64]:
    """Targets as far as worn devices reach them, in siemens; else the nearest end of the window left."""
    return np.clip(targets, *law.window(g_hrs_siemens, g_lrs_siemens, cycles))
