"""An effect that says nothing does nothing; one that has options is off at their defaults."""

import numpy as np
import pytest

from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Option

CMO = DEVICES["cmo-hfox"]


class Nothing(Effect):
    """An effect with a name only."""

    name = "nothing"


class Resting(Effect):
    """An effect with two options, of which one has no default value."""

    name = "resting"
    options = (
        Option("--seconds", "read_time_seconds", float, 0.0, "Seconds."),
        Option("--kelvin", "temperature_kelvin", float | None, None, "Temperature."),
    )


def test_an_effect_that_says_nothing_does_nothing():
    effect, cells = Nothing(), np.ones(3)
    assert effect.off(CMO, Conditions(cycles=3)) == (CMO, Conditions(cycles=3))
    assert effect.aim(cells, None) is effect.act_on_devices(cells, None) is cells
    assert effect.act_on_array(cells, None) is cells
    assert not effect.depends_on_columns(CMO, Conditions())
    rng = np.random.default_rng(1)
    figures = [*effect.device_figures(CMO, 1_000, rng), *effect.array_figures(CMO, 1_000, rng)]
    assert [*figures, *effect.common_figures(1_000, rng)] == []


def test_an_effect_is_off_where_its_options_have_their_defaults():
    given = Conditions(cycles=3, read_time_seconds=60, temperature_kelvin=300)
    assert Resting().off(CMO, given) == (CMO, Conditions(cycles=3))


@pytest.mark.parametrize(
    ("flag", "sets", "name", "table", "field"),
    [
        ("--cycles", "cycles", "cycles", "", "cycles"),
        ("--noise/--no-noise", "read_noise", "noise", "", "read_noise"),
        ("--adc-gain-sigma", "adc.gain_sigma", "adc_gain_sigma", "adc", "gain_sigma"),
        ("--p-stuck-hrs", "device.p_stuck_hrs", "p_stuck_hrs", "device", "p_stuck_hrs"),
    ],
)
def test_an_option_has_a_name_and_says_where_its_value_goes(flag, sets, name, table, field):
    option = Option(flag, sets, float, 0.0, "Text.")
    assert (option.name, option.table, option.field) == (name, table, field)
    assert option.read(3.0) == 3.0
