"""IR drop: what the resistance of word lines and match lines takes from the currents."""

from collections.abc import Iterator

import numpy as np

from sw.rram.check.compared import PER_MICRO, Compared
from sw.rram.devices.device import Device
from sw.rram.effects.chip import Cells, Chip
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Option
from sw.rram.laws.line_resistance import effective_conductances, with_resistive_lines

__all__ = ["IrDrop"]

RESISTIVE_TILE = (128, 32)
"""Word-line pairs and match lines."""
SEGMENT_OHMS = 2.5
READ_VOLTS = 0.2


class IrDrop(Effect):
    """Lines with resistance; see :mod:`sw.rram.laws.line_resistance`."""

    name = "ir_drop"
    options = (
        Option(
            "--word-line-ohms",
            "word_line_ohms",
            float,
            0.0,
            "Resistance of a word line from one cell to the next.",
        ),
        Option(
            "--match-line-ohms",
            "match_line_ohms",
            float,
            0.0,
            "Resistance of a match line from one cell to the next.",
        ),
    )

    def depends_on_columns(self, device: Device, conditions: Conditions) -> bool:
        """The currents of a tile flow through common lines."""
        return bool(conditions.word_line_ohms or conditions.match_line_ohms)

    def act_on_array(self, cells: Cells, chip: Chip) -> Cells:
        """Effective conductances of devices where they are in the array, as the templates see them.

        Match lines that hold no segment are at virtual ground like all others.
        """
        ohms = chip.conditions.word_line_ohms, chip.conditions.match_line_ohms
        if not any(ohms):
            return cells
        effective = with_resistive_lines(chip.in_the_array(cells.conductances), chip.design, *ohms)
        return cells._replace(conductances=chip.places.seen(effective, chip.design))

    def array_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Of a tile with resistive lines, the current that differs most from the nodal equations' one."""
        # SciPy's sparse solver takes long to import, and programming does not need it.
        from sw.rram.check.nodal import nodal_currents

        rows, cols = RESISTIVE_TILE
        conductances = rng.uniform(device.g_hrs_siemens, device.g_lrs_siemens, (2 * rows, cols))
        bits = rng.integers(0, 2, (10, rows))
        volts = READ_VOLTS * np.stack([1 - bits, bits], axis=2).reshape(len(bits), 2 * rows)
        nodal = nodal_currents(conductances, volts, SEGMENT_OHMS, SEGMENT_OHMS).ravel()
        model = (volts @ effective_conductances(conductances, SEGMENT_OHMS, SEGMENT_OHMS)).ravel()
        worst = int(np.abs(model / nodal - 1).argmax())
        where = f"{rows} x {cols}, {SEGMENT_OHMS:g} ohm"
        law, found = float(nodal[worst]) * PER_MICRO, float(model[worst]) * PER_MICRO
        yield Compared(device.name, "IR drop", where, "uA", law, found, 0.0)
