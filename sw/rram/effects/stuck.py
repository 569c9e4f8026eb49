"""Stuck devices and broken lines: devices that ignore what is written."""

from collections.abc import Iterator
from math import sqrt

import numpy as np

from sw.rram.check.compared import Compared, sample_design
from sw.rram.devices.device import PROBABILITIES, Device
from sw.rram.devices.presets import DEVICES
from sw.rram.devices.stuck import draw_stuck_cells
from sw.rram.effects.chip import Cells, Chip
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Option

__all__ = ["Stuck"]

RATES = {"p_stuck_hrs": 0.01, "p_stuck_lrs": 0.09, "p_broken_row": 0.01, "p_broken_col": 0.01}


def _probability(name: str, what: str) -> Option:
    """An option that, when it is not given, leaves the probability to the device."""
    flag = f"--{name.replace('_', '-')}"
    return Option(flag, f"device.{name}", float | None, None, f"Probability that {what}.")


class Stuck(Effect):
    """Devices that stay where they are, whatever is written; see :mod:`sw.rram.devices.stuck`.

    Which ones they are is drawn with the chip, see :func:`sw.rram.effects.chip.chip_with_places`.
    """

    name = "stuck"
    options = (
        _probability("p_stuck_hrs", "a device is stuck in the HRS"),
        _probability("p_stuck_lrs", "a device is stuck in the LRS"),
        _probability("p_broken_row", "a word line of a tile is open"),
        _probability("p_broken_col", "a match line of a tile is open"),
    )

    def off(self, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
        """Nothing is stuck or broken."""
        return device.with_(**dict.fromkeys(PROBABILITIES, 0.0)), conditions

    def depends_on_columns(self, device: Device, conditions: Conditions) -> bool:
        """Lines break tile by tile."""
        return bool(device.p_broken_row or device.p_broken_col)

    def act_on_array(self, cells: Cells, chip: Chip) -> Cells:
        """Put stuck devices where they stay: no error, drift or trap of a working device moves them."""
        held = chip.held
        return cells._replace(conductances=np.where(np.isnan(held), cells.conductances, held))

    def common_figures(self, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Rates of stuck cells and broken lines, at :data:`RATES`; every tile is a single cell."""
        design = sample_design(-(-samples // 1_000), 1_000, rows=1, cols=1)
        stuck = draw_stuck_cells(design, DEVICES["ideal"].with_(**RATES), rng)
        broken_row = np.mean(stuck.open[0] ^ stuck.open[1])  # one of the two word lines, and no match line
        row, col = RATES["p_broken_row"], RATES["p_broken_col"]
        working = (1 - row) * (1 - col)
        cut_off = stuck.open.all(axis=0)
        figures = (
            ("stuck in HRS", RATES["p_stuck_hrs"] * working, stuck.hrs.mean(), stuck.hrs.size),
            ("stuck in LRS", RATES["p_stuck_lrs"] * working, stuck.lrs.mean(), stuck.lrs.size),
            ("one broken word line", 2 * row * (1 - row) * (1 - col), broken_row, cut_off.size),
            ("both devices cut off", col + (1 - col) * row**2, cut_off.mean(), cut_off.size),
        )
        for quantity, law, model, count in figures:
            yield Compared("any", quantity, "", "", law, float(model), sqrt(law * (1 - law) / count))
