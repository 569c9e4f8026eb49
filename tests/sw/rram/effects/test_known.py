"""All effects: what a device can do, each of them off in turn, and figures against their laws."""

import numpy as np
import pytest

from sw.errors import EngramError
from sw.evaluation import studies
from sw.rram.chip import programming
from sw.rram.chip.programming import program
from sw.rram.devices.files import EXAMPLE, device_named
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from sw.rram.effects.effect import Effect, Option
from sw.rram.effects.known import EFFECTS, check_effects, device_figures
from tests.helpers.bundles import random_bundle, tiny_design

CMO = DEVICES["cmo-hfox"]
QUANTISED = {"read noise": 0.001}
"""What integers cannot express, as a share."""
ALL = Conditions(
    cell_bits=3,
    adc={"bits": 6, "gain_sigma": 0.05, "offset_sigma_lsb": 2.0, "unit_sigma": 0.05},
    read_time_seconds=1e6,
    temperature_kelvin=310,
    cycles=10**7,
    read_noise=True,
    word_line_ohms=5,
    match_line_ohms=5,
)


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """A device with every law, badly worn and broken."""
    path = tmp_path_factory.mktemp("device") / "all.toml"
    text = EXAMPLE.replace("p_stuck_hrs = 0.001", "p_stuck_hrs = 0.1").replace(
        "p_broken_col = 0.0", "p_broken_col = 0.1"
    )
    path.write_text(text, encoding="utf-8")
    return device_named(str(path))


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_each_effect_is_there_and_can_be_switched_off_alone(effect, device):
    start = random_bundle(tiny_design(height=30, width=30), 1)
    everything = program(start, device, ALL, seed=1)
    other, conditions = effect.off(device, ALL)
    assert (other, conditions) != (device, ALL)
    assert program(start, other, conditions, seed=1).digest != everything.digest
    assert effect.off(other, conditions) == (other, conditions)


def test_the_order_of_switching_off_does_not_matter(device):
    one = two = (device, ALL)
    for effect in EFFECTS:
        one = effect.off(*one)
    for effect in reversed(EFFECTS):
        two = effect.off(*two)
    assert one[0] == two[0]
    assert one[1].with_(adc={}) == two[1].with_(adc={}) == Conditions(cell_bits=8)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "hfox-wan2022",
            {"read_time_seconds": 60},
            "read_time_seconds must be left out for device 'hfox-wan2022', whose source gives no retention "
            "law, got 60.0; take another device, or give [retention] in a device file",
        ),
        ("ideal", {"read_noise": True}, "read_noise must be left out for device 'ideal'"),
        ("hfox-milo2021", {"write_verify": True}, "write_verify must be left out for device 'hfox-milo2021'"),
        (
            "cmo-hfox",
            {"cycles": 2},
            "cycles must be left out for device 'cmo-hfox', whose source gives no endurance",
        ),
        (
            "cmo-hfox",
            {"temperature_kelvin": 350},
            "temperature_kelvin must be left out without a read time, got 350",
        ),
        (
            "cmo-hfox",
            {"temperature_kelvin": 350, "read_time_seconds": 60},
            "temperature_kelvin needs a retention law with an activation energy, got 350",
        ),
        ("cmo-hfox", {"read_time_seconds": 0.1}, "read_time_seconds must lie within 1 to 3.15576e+08"),
    ],
)
def test_effects_that_a_source_does_not_give_are_refused(name, changes, message):
    with pytest.raises(EngramError) as refusal:
        check_effects(DEVICES[name], Conditions(**changes))
    assert str(refusal.value).startswith(message)


def test_what_a_source_gives_is_accepted():
    check_effects(CMO, Conditions(read_time_seconds=1e6, read_noise=True, write_verify=True))
    for device in DEVICES.values():
        check_effects(device, Conditions())


@pytest.mark.parametrize("name", DEVICES)
def test_every_figure_of_every_preset_is_that_of_its_law(name):
    for each in device_figures(DEVICES[name], 200_000, np.random.default_rng(1)):
        if each.quantity == "write-verify error":
            assert abs(each.difference) < 0.12
        elif each.quantity == "IR drop":
            assert abs(each.difference) < 1e-9
        else:
            allowed = 5 * each.standard_error + QUANTISED.get(each.quantity, 0) * abs(each.law)
            assert abs(each.model - each.law) < allowed, each


class Halved(Effect):
    """An effect that nobody knows: every device conducts half, unless it was programmed once only."""

    name = "halved"
    options = (Option("--cycles", "cycles", int, 1, "Times each device has been programmed."),)

    def act_on_array(self, cells, chip):
        """Half of every conductance."""
        share = 0.5 if chip.conditions.cycles > 1 else 1.0
        return cells._replace(conductances=share * cells.conductances)


def test_programming_and_studies_take_an_effect_that_they_do_not_name(monkeypatch, device):
    start = random_bundle(tiny_design(), 1)
    given = Conditions(cell_bits=8, cycles=2)
    plain = program(start, device, given, seed=1).array.codes
    for module in (programming, studies):
        monkeypatch.setattr(module, "EFFECTS", (*EFFECTS, Halved()))
    assert np.all(np.abs(program(start, device, given, seed=1).array.codes - plain / 2) <= 1)
    points = studies.points_of(studies.Study.effects, device, given, 10)
    assert "halved" in {point.factors["without"] for point in points}
