"""Retention: what devices drift from programming to reading."""

from collections.abc import Iterator

import numpy as np

from sw.durations import seconds_of, written_duration
from sw.errors import EngramError
from sw.rram.check.compared import Compared, mean_figure, spread_figure
from sw.rram.devices.device import Device
from sw.rram.effects.chip import Cells, Chip
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Need, Option
from sw.rram.laws.retention import drifted

__all__ = ["Drift"]

READ_SECONDS = (1.0, 3_600.0, 86_400.0, 31_557_600.0, 315_576_000.0)


class Drift(Effect):
    """Drift until the read time; see :mod:`sw.rram.laws.retention`."""

    name = "retention"
    options = (
        Option(
            "--read-time",
            "read_time_seconds",
            str,
            "0",
            "Time from programming to reading, such as 1s, 10min, 1h, 1d, 10y; 0 is at once.",
            lambda text: seconds_of(text, "--read-time"),
        ),
        Option(
            "--temperature-kelvin",
            "temperature_kelvin",
            float | None,
            None,
            "Temperature until then, for devices with an activation energy.",
        ),
    )
    needs = Need("read_time_seconds", "retention law", ("retention", "measured"))

    def check(self, device: Device, conditions: Conditions) -> None:
        """Refuse times that the source does not cover, and a temperature that acts on nothing."""
        asked, kelvin = conditions.read_time_seconds > 0, conditions.temperature_kelvin
        if kelvin is not None and not asked:
            raise EngramError(
                f"temperature_kelvin must be left out without a read time, got {kelvin:g}; "
                "it acts on retention"
            )
        if kelvin is not None and device.retention is None:
            raise EngramError(
                "temperature_kelvin must be left out for measured conductances, which hold at the "
                f"temperature of their measurement, got {kelvin:g}"
            )
        if device.retention is not None and asked:
            device.retention.equivalent_seconds(conditions.read_time_seconds, kelvin)
        if device.measured is not None:
            device.measured.at(conditions.read_time_seconds)

    def act_on_devices(self, cells: Cells, chip: Chip) -> Cells:
        """Let devices rest; measured ones have no law, their samples are those of the read time already."""
        law, conditions = chip.device.retention, chip.conditions
        if law is None or conditions.read_time_seconds == 0:
            return cells
        seconds = law.equivalent_seconds(conditions.read_time_seconds, conditions.temperature_kelvin)
        rested = drifted(cells.conductances, law, seconds, chip.generator("drift"))
        return cells._replace(conductances=rested)

    def device_figures(self, device: Device, samples: int, rng: np.random.Generator) -> Iterator[Compared]:
        """Mean and spread of the drift from the LRS, at times for which the source gives the law."""
        law = device.retention
        if law is None:
            return
        start = np.full(samples, device.g_lrs_siemens)
        for seconds in READ_SECONDS:
            if not law.valid_from_seconds <= seconds <= law.valid_to_seconds:
                continue
            shift = drifted(start, law, seconds, rng) - start
            mean, sigma = law.moments(seconds)
            where = written_duration(seconds)
            if mean:
                yield mean_figure(device, "drift", where, mean, sigma, shift)
            yield spread_figure(device, "spread of drift", where, sigma, shift)
