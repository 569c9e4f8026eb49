"""``engram evaluate --study`` and ``--baseline``: equal chips under other conditions, PyTorch beside."""

import json
from pathlib import Path

import numpy as np

from sw.evaluation import baseline
from sw.evaluation.baseline import Baseline
from sw.evaluation.chips import Chips
from sw.reference import pipeline
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.commands import run

CMO = DEVICES["cmo-hfox"]
CONDITIONS = Conditions()


def test_a_study_runs_the_same_chips_under_other_conditions(digits, tmp_path):
    data, bundle, path = digits
    options = ["--images", 60, "--chips", 2, "--study", "effects", "--study", "coping", "--study", "effects"]
    code, out, err = run("evaluate", path, *options, "-o", tmp_path, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert list(result["studies"]) == ["effects", "coping"]
    assert [Path(name).name for name in result["files"][5:]] == [
        "effects.csv",
        "effects.png",
        "coping.csv",
        "coping.png",
        "evaluation.json",
    ]
    rows = result["studies"]["effects"]
    assert rows[0]["accuracy_mean"] == result["accuracy_mean"]
    levels = pipeline.levels_of(bundle, data.test.images[:60])
    finest = program(bundle, CMO, CONDITIONS.with_(cell_bits=8), seed=0)
    (row,) = (row for row in rows if row["without"] == "cell_resolution")
    assert np.mean(pipeline.classify(finest, levels) == data.test.labels[:60]) in (
        row["accuracy_min"],
        row["accuracy_max"],
    )
    assert len((tmp_path / "coping.csv").read_text().splitlines()) == 1 + 15


def test_a_study_is_a_table_too(digits, tmp_path, undrawn):
    path = digits[2]
    code, out, _ = run("evaluate", path, "--images", 9, "--chips", 1, "--study", "time", "-o", tmp_path)
    assert code == 0
    assert "study of time: mean accuracy in percent, 1 chip" in out


def test_an_interrupted_study_keeps_what_is_done(digits, tmp_path, monkeypatch):
    whole = Chips.accuracies

    def interrupted(self, device, conditions, *rest):
        if conditions.adc.bits == 5:
            raise KeyboardInterrupt
        return whole(self, device, conditions, *rest)

    monkeypatch.setattr(Chips, "accuracies", interrupted)
    options = ["--images", 9, "--chips", 1, "--study", "time", "-o", tmp_path]
    code, _, err = run("evaluate", digits[2], *options)
    assert code == 130
    assert f"2 of 72 points of the study of time are done, in {tmp_path / 'time.csv'}" in err
    assert len((tmp_path / "time.csv").read_text().splitlines()) == 1 + 2
    assert (tmp_path / "time.png").exists()


def test_a_study_of_time_says_where_the_device_has_no_law(digits, tmp_path, undrawn):
    cells = tmp_path / "cells.csv"
    rows = [f"{level},{time},{(level + 1) * 1e-5}" for level in (0, 1) for time in (1, 86_400)]
    cells.write_text("\n".join(["level,time_seconds,g_siemens", *rows]), encoding="utf-8")
    options = ["--device", cells, "--images", 9, "--chips", 1, "--study", "time", "-o", tmp_path]
    code, _, err = run("evaluate", digits[2], *options)
    assert code == 0, err
    assert "read times are 1s to 1d: those that device 'cells' covers" in err
    assert len((tmp_path / "time.csv").read_text().splitlines()) == 1 + 72


def test_the_baseline_is_measured_in_the_same_run(digits, tmp_path, monkeypatch, undrawn):
    plain = Baseline(1_000.0, 2, 1, chips_together=1, reference_images_per_second=1_500.0)
    measured = plain, Baseline(2_000.0, 1, 2, chips_together=4, reference_images_per_second=1_000.0)
    monkeypatch.setattr(baseline, "measure", lambda chip, levels, jobs: measured)
    options = ["--images", 9, "--chips", 1, "--baseline", "-o", tmp_path]
    code, out, err = run("evaluate", digits[2], *options, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert [each["chip_images_per_minute"] for each in result["baselines"]] == [60_000, 120_000]
    assert (result["baselines"][0]["reference_chip_images_per_minute"], result["ratio"]) == (90_000, 1.5)
    code, out, _ = run("evaluate", digits[2], *options)
    assert "plain PyTorch in turns with it 0.1 million, 2 x 1 threads, chip by chip: ratio 1.50" in out
    assert "1 x 2 threads, 4 chips side by side: ratio 0.50" in out
