"""Settings: what points are made of, and which cannot exist."""

import pytest

from sw.commands.explore.axes import KINDS, array_of
from sw.errors import EngramError
from sw.explore.space.settings import Settings, Variant, possible, sampled
from sw.explore.space.space import Space
from sw.rram.adc.converters import draw_converters
from tests.helpers.bundles import tiny_design
from tests.helpers.explorations import settings_of

DESIGN = tiny_design(thresholds_per_feature=3, templates_per_class=2)
AXES = {
    "bundle": ("tiny",),
    "rows": (8,),
    "cols": (4,),
    "cols_per_adc": (2,),
    "adc_bits": (4,),
    "cell_bits": (4,),
    "templates_per_class": (2,),
    "thresholds": (3,),
    "device": ("cmo-hfox",),
}


def asked(**axes):
    return Space({**AXES, **axes}, frozenset(axes)), Settings({"tiny": DESIGN}, array_of)


def test_a_setting_has_the_sizes_of_its_point():
    setting, ideal = settings_of(
        rows="7", cols="3", cols_per_adc="1", adc_bits="5,0", cell_bits="3", thresholds="1"
    )
    design = setting.design
    assert setting.variant == Variant("tiny", 1, 1)
    assert (design.rows, design.cols, design.cols_per_adc, design.features) == (7, 3, 1, 18)
    assert (design.adc_bits, design.cell_bits, design.row_lanes) == (5, 3, 4)
    assert (setting.conditions.adc.bits, setting.conditions.cell_bits) == (5, 3)
    assert ideal.design.adc_bits is None


def test_points_that_cannot_exist_are_counted_by_why():
    space, settings = asked(cols=(2, 4), cols_per_adc=(1, 3), rows=(4, 8))
    found, left_out = possible(space, settings, space.points())
    assert [(each.design.rows, each.design.cols, each.design.cols_per_adc) for each in found] == [
        (4, 2, 1),
        (4, 4, 1),
        (4, 4, 3),
        (8, 2, 1),
        (8, 4, 1),
        (8, 4, 3),
    ]
    assert left_out == {"cols_per_adc must be at most cols, as many match lines as a tile has": 2}


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"cols_per_adc": (2, 8)}, "cols_per_adc 8 can.*: cols_per_adc must be at most cols"),
        ({"device": ("cmo-hfox", "unobtainium")}, "device unobtainium can.*: device must be one of"),
        (
            {"read_time": ("0", "1h"), "device": ("ideal",)},
            "read_time 1h can.*: read_time_seconds must be left",
        ),
    ],
)
def test_values_that_can_never_be_are_refused(axes, said):
    space, settings = asked(**axes)
    with pytest.raises(EngramError, match=said):
        possible(space, settings, space.points())
    with pytest.raises(EngramError, match=said):
        sampled(space, settings, 0)


def test_values_that_nobody_gave_may_be_impossible():
    space, settings = asked(cols_per_adc=(2, 8))
    space = Space(space.axes, frozenset())
    found, left_out = possible(space, settings, space.points())
    assert (len(found), sum(left_out.values())) == (1, 1)
    assert {each.design.cols_per_adc for each in sampled(space, settings, 0)} == {2}


@pytest.mark.parametrize(("sigma", "times"), [(0.0, 4), (0.02, 8)])
def test_adcs_that_are_alike_are_checked_once_whatever_the_columns(monkeypatch, sigma, times):
    checked = []

    def counted(design, *others):
        checked.append(design.cols)
        return draw_converters(design, *others)

    monkeypatch.setattr("sw.explore.space.settings.draw_converters", counted)
    axes = {"rows": (4, 8), "cols": (3, 4), "adc_bits": (3, 4), "adc_gain_sigma": (sigma,)}
    space, settings = asked(**axes)
    found, _ = possible(space, settings, space.points())
    assert len(found) == 8
    assert len(checked) == times


def test_a_space_without_points_is_refused():
    def never(values):
        raise EngramError("never")

    space, nowhere = asked()[0], Settings({"tiny": DESIGN}, never)
    with pytest.raises(EngramError, match="no point of the space can exist: never"):
        possible(space, nowhere, space.points())
    with pytest.raises(EngramError, match="no point of the space can exist: never"):
        sampled(space, nowhere, 0)


def test_every_option_of_an_array_is_an_axis():
    assert {"read_time", "noise", "p_stuck_hrs", "word_line_ohms", "spare_lines", "full_scale"} <= set(KINDS)
    assert (KINDS["temperature_kelvin"], KINDS["cycles"], KINDS["noise"]) == (float, int, bool)
    device, conditions = array_of({"device": "cmo-hfox", "read_time": "1d", "adc_bits": 0, "cell_bits": 2})
    assert (device.name, conditions.read_time_seconds, conditions.adc.bits) == ("cmo-hfox", 86_400, None)
