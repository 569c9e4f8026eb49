"""State of one array: what is programmed into its cells, and how its lines and converters answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sw.design import DesignPoint
from sw.reference.adc import AdcTables
from sw.reference.array import ideal_codes
from sw.reference.noise import ReadNoise
from sw.reference.pulse import PulseRule

__all__ = ["ArrayState"]


@dataclass(frozen=True, eq=False)
class ArrayState:
    """Everything that two chips with the same templates may differ in.

    Programming an array gives a new state as a whole, so that no part of an earlier chip stays behind.

    Attributes
    ----------
    codes
        uint8, (2, F, T), programmed conductance codes by device, word-line pair, match line.
    adc
        Gain, offset, shift and nonlinearity of every ADC.
    read_noise
        Noise of every conversion; None for none.
    pulse
        How the devices answer programming pulses, for a chip that can program itself; None for one that
        cannot. Its states are the conductance codes.
    """

    codes: NDArray[np.uint8]
    adc: AdcTables
    read_noise: ReadNoise | None = None
    pulse: PulseRule | None = None

    @classmethod
    def ideal(cls, templates: NDArray[np.uint8], design: DesignPoint) -> "ArrayState":
        """Ideal cells and the ideal ADC, see :func:`sw.reference.array.ideal_codes`.

        Parameters
        ----------
        templates
            uint8. Binary cells: stored bits, (T, F). Window cells: lowest and highest level, (2, T, F).
        design
            Gives the kind of cell and its widths; it has the ideal ADC, ``adc_bits`` None.
        """
        return cls(ideal_codes(templates, design), AdcTables())
