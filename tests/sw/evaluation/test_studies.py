"""Studies: what they vary, that they vary nothing else, and the rows and files they give."""

import csv
import io

import numpy as np
import pytest

from sw.errors import EngramError
from sw.evaluation.studies import Outcome, Study, points_of, rows_of, write_csv
from sw.evaluation.study_pictures import draw_study
from sw.rram.devices.files import device_named
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import TEN_YEARS_SECONDS, Conditions
from sw.rram.effects.known import EFFECTS

CMO = DEVICES["cmo-hfox"]
BY_NAME = {effect.name: effect for effect in EFFECTS}


def factors(points):
    return [tuple(point.factors.values()) for point in points]


def test_effects_that_are_off_are_not_studied():
    points = points_of(Study.effects, CMO, Conditions(adc={"bits": 6}), 10)
    names = [name for (name,) in factors(points)]
    assert names == ["nothing", "programming", "adc_resolution", "cell_resolution", "all"]
    assert points[0][1:] == (CMO, Conditions(adc={"bits": 6}))
    assert points[1][1:] == BY_NAME["programming"].off(CMO, Conditions(adc={"bits": 6}))
    last = points[-1]
    assert (last.device.error_polynomial, last.conditions.adc.bits, last.conditions.cell_bits) == (
        (0,),
        12,
        8,
    )


def test_effects_that_are_on_are_studied_each_alone():
    device = CMO.with_(p_stuck_hrs=0.1)
    conditions = Conditions(read_noise=True, read_time_seconds=60)
    points = points_of(Study.effects, device, conditions, 10)
    for point in points[1:-1]:
        assert point[1:] == BY_NAME[point.factors["without"]].off(device, conditions)
    assert {"stuck", "retention", "read_noise"} <= {point.factors["without"] for point in points}


def test_times_are_from_one_second_to_ten_years_each_with_all_bits():
    adc = {"bits": 6, "gain_sigma": 0.01, "offset_sigma_lsb": 0.5}
    points = points_of(Study.time, CMO, Conditions(adc=adc), 10)
    seconds = sorted({point.factors["read_time_seconds"] for point in points})
    assert (seconds[0], seconds[-1]) == pytest.approx((1, TEN_YEARS_SECONDS))
    np.testing.assert_allclose(np.diff(np.log(seconds)), np.log(TEN_YEARS_SECONDS) / (len(seconds) - 1))
    for point in points:
        assert point.conditions.read_time_seconds == point.factors["read_time_seconds"]
        assert point.conditions.adc.bits == point.factors["adc_bits"]
        assert point.conditions.adc.gain_sigma == 0.01
        assert point.conditions.adc.offset_sigma_lsb * 2**6 == 0.5 * 2**point.conditions.adc.bits
    assert factors(points) == [(time, bits) for time in seconds for bits in range(3, 11)]


def test_times_are_those_that_were_measured(tmp_path):
    path = tmp_path / "cells.csv"
    rows = [f"{level},{time},{(level + 1) * 1e-5}" for level in (0, 1) for time in (1, 86_400)]
    path.write_text("\n".join(["level,time_seconds,g_siemens", *rows]), encoding="utf-8")
    points = points_of(Study.time, device_named(str(path)), Conditions(), 10)
    assert len(points) == 72
    assert [points[end].factors["read_time_seconds"] for end in (0, -1)] == [1, 86_400]
    path.write_text("level,time_seconds,g_siemens\n0,1,1e-6\n1,1,5e-6\n", encoding="utf-8")
    with pytest.raises(EngramError) as refusal:
        points_of(Study.time, device_named(str(path)), Conditions(), 10)
    assert str(refusal.value) == (
        "the study of time needs a device that covers several times from 1 to 3.15576e+08 s, 'cells' covers "
        "1 to 1 s; take another device"
    )


def test_times_are_those_of_the_law_at_the_temperature():
    law = CMO.retention.model_copy(update={"activation_energy_ev": 1.0, "reference_kelvin": 300.0})
    device = CMO.with_(retention=law)
    for kelvin in (280, 350.0):
        points = points_of(
            Study.time, device, Conditions(temperature_kelvin=kelvin, read_time_seconds=1e3), 10
        )
        seconds = [points[end].factors["read_time_seconds"] for end in (0, -1)]
        assert 1 <= seconds[0] < seconds[1] <= TEN_YEARS_SECONDS
        covered = law.covered_seconds(kelvin)
        assert seconds == [max(1, covered[0]), min(TEN_YEARS_SECONDS, covered[1])]


def test_coping_is_each_mean_alone_and_all_together():
    points = points_of(Study.coping, CMO, Conditions(), 10)
    ways = ["nothing", "spare_lines", "polarity", "calibrate_adc", "all"]
    assert factors(points) == [(share, way) for share in (0.01, 0.05, 0.1) for way in ways]
    for point in points:
        share, way = point.factors.values()
        assert point.device.p_stuck_hrs + point.device.p_stuck_lrs == share
        coping = point.conditions.coping
        assert (coping.spare_lines, coping.polarity, coping.calibrate_adc) == (
            2 * (way in ("spare_lines", "all")),
            way in ("polarity", "all"),
            way in ("calibrate_adc", "all"),
        )


def test_spares_that_were_asked_for_are_taken():
    points = points_of(Study.coping, CMO, Conditions(coping={"spare_lines": 7}), 10)
    assert {point.conditions.coping.spare_lines for point in points} == {0, 7}


def test_a_device_without_a_law_for_it_is_refused():
    with pytest.raises(EngramError, match="read_time_seconds must be left out for device 'lawless'"):
        points_of(Study.time, CMO.with_(name="lawless", retention=None), Conditions(), 10)


def outcomes_of(study, share=1.0):
    rng = np.random.default_rng(1)
    points = points_of(study, CMO, Conditions(), 10)
    return [Outcome(point, rng.uniform(0.8, 0.9, 4)) for point in points[: round(share * len(points))]]


def test_what_an_effect_costs_is_measured_on_the_same_chips():
    outcomes = outcomes_of(Study.effects)
    outcomes[1] = Outcome(outcomes[1].point, outcomes[0].accuracies + 0.01)
    rows = rows_of(Study.effects, outcomes, 100)
    assert (rows[0]["cost"], rows[0]["cost_low"], rows[0]["cost_high"]) == (0, 0, 0)
    assert rows[1]["cost"] == pytest.approx(0.01)
    assert 0 < rows[1]["cost_low"] < 0.01 < rows[1]["cost_high"] < 0.02  # to what 100 images resolve
    assert rows[1]["accuracy_mean_low"] < rows[1]["accuracy_mean"] < rows[1]["accuracy_mean_high"]


def test_rows_are_what_the_file_holds(tmp_path):
    rows = rows_of(Study.time, outcomes_of(Study.time), 100)
    write_csv(rows, tmp_path / "new" / "time.csv")
    read = list(csv.DictReader(io.StringIO((tmp_path / "new" / "time.csv").read_text())))
    assert [{name: float(value) for name, value in row.items()} for row in read] == rows


@pytest.mark.parametrize("study", Study)
def test_one_chip_has_no_intervals_in_rows_file_and_picture(study, tmp_path):
    outcomes = [Outcome(point, accuracies[:1]) for point, accuracies in outcomes_of(study)[:3]]
    rows = rows_of(study, outcomes, 100)
    assert {row["accuracy_mean_low"] for row in rows} == {row["accuracy_mean_high"] for row in rows} == {None}
    if study is Study.effects:
        assert [row["cost_low"] for row in rows] == [0.0, None, None]
    write_csv(rows, tmp_path / "study.csv")
    (first, *_) = csv.DictReader(io.StringIO((tmp_path / "study.csv").read_text(encoding="utf-8")))
    assert first["accuracy_mean_low"] == ""
    draw_study(study, rows, "title", tmp_path / "study.png")
    assert (tmp_path / "study.png").exists()


@pytest.mark.parametrize("study", Study)
@pytest.mark.parametrize("share", [1.0, 0.3], ids=["whole", "interrupted"])
def test_studies_are_drawn(study, share, tmp_path):
    rows = rows_of(study, outcomes_of(study, share), 100)
    draw_study(study, rows, "title", tmp_path / "study.png")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
