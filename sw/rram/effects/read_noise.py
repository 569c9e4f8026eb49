"""Read noise: what changes from one conversion to the next, and the traps of telegraph noise."""

from collections.abc import Iterator
from math import sqrt

import numpy as np

from sw.reference.noise import conversion_noise, image_keys
from sw.rram.check.compared import Compared, sample_design, spread_figure
from sw.rram.devices.device import Device
from sw.rram.devices.mapping import code_siemens
from sw.rram.effects.chip import Cells, Chip
from sw.rram.effects.effect import Effect, Need, Option
from sw.rram.laws.read_noise import read_noise, tile_variances
from sw.rram.laws.telegraph import with_traps

__all__ = ["Noise"]

TILE_ROWS = 128


class Noise(Effect):
    """Noise of every conversion; see :mod:`sw.rram.laws.read_noise`."""

    name = "read_noise"
    options = (Option("--noise/--no-noise", "read_noise", bool, False, "Read noise in every conversion."),)
    needs = Need("read_noise", "read noise", ("read_noise",))

    def act_on_devices(self, cells: Cells, chip: Chip) -> Cells:
        """Lower the conductances of devices with traps, and draw the noise of the conversions."""
        law, design = chip.device.read_noise, chip.design
        if law is None or not chip.conditions.read_noise:
            return cells
        low, high = chip.window
        conductances, lsb, trap_variance = cells.conductances, code_siemens(design, chip.device), None
        if law.telegraph is not None:
            # A window cell compares the input with its bounds, which cannot change from read-out to read-out.
            all_slow = design.cell == "window"
            rng = chip.generator("telegraph")
            conductances, trap_variance = with_traps(conductances, law.telegraph, rng, all_slow=all_slow)
            trap_variance = np.where(np.isnan(chip.held), trap_variance, 0.0) / lsb**2
        mismatch, match = (
            (low / lsb, high / lsb) if design.cell == "binary" else (design.mismatch_code, design.match_code)
        )
        variances = tile_variances(law, design, match - mismatch, trap_variance)
        return cells._replace(
            conductances=conductances, noise=read_noise(variances, chip.generator("read-noise"))
        )

    def device_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Spread of the additive noise of a full tile, as the integers of the hardware make it."""
        if device.read_noise is None:
            return
        design = sample_design(TILE_ROWS, 100, rows=TILE_ROWS, cols=100)
        window = device.g_lrs_siemens - device.g_hrs_siemens
        lsb = code_siemens(design, device)
        noise = read_noise(tile_variances(device.read_noise, design, window / lsb), rng)
        images = np.arange(-(-samples // design.templates), dtype=np.uint32)
        got = conversion_noise(noise, image_keys(noise.key, images), design.templates) * lsb
        sigma = device.read_noise.sigma_of_window * window * sqrt(TILE_ROWS)
        yield spread_figure(device, "read noise", f"{TILE_ROWS} rows", sigma, got.ravel())
