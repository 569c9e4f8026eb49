"""Programming error: where devices are when they have been written, by law, by measurement or by pulses."""

from collections.abc import Iterator
from math import erf, exp, pi, sqrt

import numpy as np

from sw.rram.check.compared import PER_MICRO, Compared, mean_figure, spread_figure
from sw.rram.devices.device import Device
from sw.rram.devices.error import programmed_conductances
from sw.rram.effects.chip import Cells, Chip
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Need, Option
from sw.rram.laws.write_verify import written

__all__ = ["ProgrammingError"]

WRITTEN_COLUMNS = 100


class ProgrammingError(Effect):
    """Distance of every device from its target after programming, which it has even without write-verify."""

    name = "programming"
    options = (
        Option(
            "--write-verify",
            "write_verify",
            bool,
            False,
            "Program pulse by pulse, instead of drawing errors from the device's law.",
        ),
    )
    needs = Need("write_verify", "acceptance of write-verify", ("pulses",))

    def off(self, device: Device, conditions: Conditions) -> tuple[Device, Conditions]:
        """Every device reaches its target, see :meth:`sw.rram.devices.device.Device.exact`."""
        return device.exact(), conditions.with_(write_verify=False)

    def act_on_devices(self, cells: Cells, chip: Chip) -> Cells:
        """Write the targets; measured devices are at once where they are at the read time."""
        targets, device = cells.conductances, chip.device
        if device.measured is not None:
            # A sample was measured at its time: error and drift cannot be told apart, and are drawn together.
            seconds = chip.conditions.read_time_seconds
            measured = device.measured.conductances(targets, seconds, chip.generator("error"))
            return cells._replace(conductances=measured)
        if chip.conditions.write_verify and device.pulses is not None:
            done = written(targets, chip.held, device.pulses, *chip.window, chip.generator("pulses"))
            return cells._replace(conductances=done.conductances, written=done)
        drawn = programmed_conductances(targets, device, chip.generator("error"))
        return cells._replace(conductances=drawn)

    def device_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Mean and error at both ends and in the middle of the window; none for exact or measured devices."""
        for target in _targets(device):
            sigma = float(device.sigma_siemens(np.array(target)))
            if device.error_polynomial is None or sigma == 0:
                continue
            got = programmed_conductances(np.full(samples, target), device, rng)
            where = f"{target * PER_MICRO:g} uS"
            mean, spread = _cut(target, sigma) if device.error_distribution == "normal" else (target, sigma)
            yield mean_figure(device, "mean", where, mean, spread, got)
            yield spread_figure(device, "programming error", where, spread, got)

    def array_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Error that write-verify leaves beside that of the source, which measured it after write-verify."""
        if device.pulses is None:
            return
        for target in _targets(device):
            targets = np.full((2, -(-samples // (2 * WRITTEN_COLUMNS)), WRITTEN_COLUMNS), target)
            window = device.g_hrs_siemens, device.g_lrs_siemens
            done = written(targets, np.full(targets.shape, np.nan), device.pulses, *window, rng)
            sigma = float(device.sigma_siemens(np.array(target)))
            got = done.conductances[~done.failed]
            yield spread_figure(device, "write-verify error", f"{target * PER_MICRO:g} uS", sigma, got)


def _targets(device: Device) -> tuple[float, float, float]:
    low, high = device.g_hrs_siemens, device.g_lrs_siemens
    return low, (low + high) / 2, high


def _cut(mean: float, sigma: float) -> tuple[float, float]:
    """Mean and standard deviation of a normal distribution whose negative values are 0.

    The model cuts there, since no conductance is negative, and so must the law that it is compared with.
    """
    place = mean / sigma
    above = (1 + erf(place / sqrt(2))) / 2
    density = exp(-(place**2) / 2) / sqrt(2 * pi)
    first = mean * above + sigma * density
    second = (mean**2 + sigma**2) * above + mean * sigma * density
    return first, sqrt(second - first**2)
