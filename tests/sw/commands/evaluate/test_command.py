"""'engram evaluate': its answers against the reference, studies, pictures, refusals."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sw.bundle import load, save
from sw.bundle.ideal import with_ideal_array
from sw.cli import application
from sw.commands.costs.front_end import cheapest_front_end
from sw.energy.accounting import energy_of
from sw.energy.constants import DEFAULT, read_constants
from sw.energy.in_macro import energy_in_macro
from sw.energy.macros.macro import macro_named
from sw.energy.work import macs_nonzero, storage_bits
from sw.evaluation.chips import Chips
from sw.farm.processes import default_jobs
from sw.reference import pipeline
from sw.rram.chip.programming import program
from sw.rram.devices.presets import DEVICES
from sw.rram.effects.conditions import Conditions
from tests.helpers.bundles import random_bundle, tiny_design
from tests.helpers.commands import run

CMO = DEVICES["cmo-hfox"]
CONDITIONS = Conditions()


def test_evaluate_json_agrees_with_the_reference(digits, tmp_path):
    data, bundle, path = digits
    code, out, err = run("evaluate", path, "--chips", 3, "--seed", 2, "-o", tmp_path, "--json")
    assert code == 0, err
    result = json.loads(out)
    ideal = np.mean(pipeline.run(bundle, data.test.images).label == data.test.labels)
    levels = pipeline.levels_of(bundle, data.test.images)
    chips = [
        np.mean(
            pipeline.classify(program(bundle, CMO, CONDITIONS, seed=2, chip=chip), levels) == data.test.labels
        )
        for chip in range(3)
    ]
    assert result["accuracy"] == {
        "float": 0.75,
        "quantised": 0.5,
        "ideal": ideal,
        "programmed": None,
        "rram_mean": np.mean(chips),
        "rram_min": min(chips),
        "rram_max": max(chips),
        "rram_std": np.std(chips),
        "rram": chips,
    }
    design = bundle.design
    assert (result["macs"], result["weights"], result["templates"]) == (design.macs, design.weights, 10)
    assert (result["images"], result["device"], result["chips"]) == (len(data.test.labels), "cmo-hfox", 3)
    assert result["chip_images"] == 3 * len(data.test.labels)
    assert result["chip_images_per_minute"] == pytest.approx(60 * result["chip_images"] / result["seconds"])
    assert (result["accuracy_mean"], result["accuracy_p5"]) == (np.mean(chips), np.percentile(chips, 5))
    low, high = result["accuracy_mean_interval"]
    assert low <= np.mean(chips) <= high
    assert result["yield_at"] == pytest.approx(ideal - 0.01)
    assert result["yield"] == np.mean(np.array(chips) >= result["yield_at"])
    assert result["conditions"]["cell_bits"] == 4
    classes = result["classes"]
    counts = np.bincount(data.test.labels)
    assert classes["images"] == counts.tolist()
    for name in ("ideal", "rram_min"):
        shares = np.array(classes[name]["recall"])
        assert shares @ counts / counts.sum() == pytest.approx(result["accuracy"][name])
        assert classes[name]["balanced_accuracy"] == pytest.approx(shares.mean())
        assert classes[name]["never_found"] == np.flatnonzero(shares == 0).tolist()
    for key in ("recall", "balanced_accuracy"):
        assert result[key] == classes["ideal"][key]
    assert result["class_names"] == []
    names = ["confusion.png", "confusion-rram.png", "chips.png", "templates.png", "energy.png"]
    assert result["files"] == [str(tmp_path / name) for name in (*names, "evaluation.json")]
    written = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert {**written, "files": result["files"]} == result
    for name in names:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert name in err


def test_evaluate_prints_a_table(digits, tmp_path, undrawn):
    code, out, _ = run("evaluate", digits[2], "--chips", 2, "--yield-at", 0.01, "-o", tmp_path)
    assert code == 0
    for text in (
        "355 test images of digits",
        "75.00%",
        "ideal array",
        "RRAM mean",
        "2 chips of cmo-hfox",
        "yield: 100.0% of the chips reach 1.00%, 95 % sure: 15.8% to 100.0%",
        "710 chip-images in ",
        "2 processes" if default_jobs() > 1 else "1 process",
        "modelled energy of one classification, nJ",
        "dense layer instead",
        "8-bit conversions",
        "recall by class",
        "never found, ",
    ):
        assert text in out


def test_the_energy_is_that_of_the_images_the_adcs_and_the_constants(digits, tmp_path, undrawn):
    data, bundle, path = digits
    mine = tmp_path / "mine.toml"
    text = DEFAULT.read_text(encoding="utf-8")
    mine.write_text(text.replace("value = 160.0", "value = 80.0"), encoding="utf-8")
    options = ["--images", 20, "--chips", 1, "--adc-bits", 5, "--energy", mine, "-o", tmp_path]
    code, out, err = run("evaluate", path, *options, "--json")
    assert code == 0, err
    result = json.loads(out)
    levels = pipeline.levels_of(bundle, data.test.images[:20])
    design = bundle.design.with_(adc_bits=5)
    energy = energy_of(bundle, levels, read_constants(mine), design)
    assert result["energy_nj"] == {
        "paper": energy.paper,
        "full": energy.full,
        "dense": {"paper": energy.dense_paper, "full": energy.dense_full},
    }
    assert (result["energy_constants"], result["technology"]) == (str(mine), None)
    assert list(result["energy_nodes"]) == list(energy.full)
    assert result["macs_nonzero"] == macs_nonzero(bundle)
    storage = storage_bits(bundle)
    assert result["storage_bits"] == storage.pop("total") == sum(result["storage"].values())
    assert result["storage"] == storage


def test_some_images_are_the_first_ones(digits, tmp_path, undrawn):
    data, bundle, path = digits
    code, out, err = run("evaluate", path, "--images", 20, "--chips", 1, "-o", tmp_path, "--json")
    assert code == 0, err
    result = json.loads(out)
    expected = np.mean(pipeline.run(bundle, data.test.images[:20]).label == data.test.labels[:20])
    assert (result["images"], result["accuracy"]["ideal"]) == (20, expected)


def test_programmed_chips_are_evaluated_as_they_are(digits, tmp_path, undrawn):
    data, bundle, path = digits
    chip_path = tmp_path / "chip.engram"
    options = ["--p-stuck-lrs", 0.1, "--seed", 7, "--cell-bits", 3, "--adc-bits", 6]
    code, out, err = run("program", path, "-o", chip_path, *options, "--json")
    assert code == 0, err
    summary = json.loads(out)
    chip = load(chip_path)
    wanted = program(
        bundle, CMO.with_(p_stuck_lrs=0.1), CONDITIONS.with_(cell_bits=3, adc={"bits": 6}), seed=7
    )
    assert chip.digest == summary["digest"]
    assert chip.with_(provenance=wanted.provenance).digest == wanted.digest
    assert chip.provenance.device == wanted.provenance.device
    assert sum(summary["codes"]) == summary["devices"] == 2 * 256 * 10
    assert summary["stuck_lrs"] == wanted.provenance.device["stuck_lrs"] > 400
    code, out, err = run("evaluate", chip_path, "--chips", 1, *options, "-o", tmp_path, "--json")
    assert code == 0, err
    shares = json.loads(out)["accuracy"]
    expected = float(np.mean(pipeline.run(chip, data.test.images).label == data.test.labels))
    assert shares["programmed"] == expected == shares["rram_min"]  # the first chip of that seed
    code, out, _ = run("evaluate", chip_path, "--chips", 1, "-o", tmp_path)
    assert "this bundle: chip of cmo-hfox, seed 7" in out


def test_chips_beside_a_chip_are_programmed_and_read_like_it(digits, tmp_path, undrawn):
    _, _, path = digits
    chip = tmp_path / "chip.engram"
    made = ["--adc-bits", 1, "--noise", "--read-time", "1h", "--word-line-ohms", 0.5, "--p-stuck-hrs", 0.01]
    code, _, err = run("program", path, "-o", chip, *made, "--seed", 4)
    assert code == 0, err
    few = ["--images", 20, "-o", tmp_path]
    code, out, err = run("evaluate", chip, "--chips", 1, "--seed", 4, *few, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["accuracy"]["rram"] == [result["accuracy"]["programmed"]]  # the same chip once more
    assert (result["adc_bits"], result["p_stuck_hrs"]) == (1, 0.01)
    assert (result["conditions_of_chip"], result["conditions_given"]) == (True, [])
    conditions = result["conditions"]
    assert conditions["read_noise"] and conditions["read_time_seconds"] == 3600
    # What is given by hand counts, also where it is what other bundles have by default.
    options = ["--adc-bits", 8, "--no-noise", "--device", "cmo-hfox-fine"]
    code, out, err = run("evaluate", chip, "--chips", 2, *few, *options, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert (result["adc_bits"], result["device"], result["p_stuck_hrs"]) == (8, "cmo-hfox-fine", 0)
    assert result["conditions"] == {
        **conditions,
        "read_noise": False,
        "adc": {**conditions["adc"], "bits": 8},
    }
    assert result["conditions_given"] == ["device", "adc_bits", "noise"]
    code, out, _ = run("evaluate", chip, "--chips", 1, *few, "--adc-bits", 8)
    assert "RRAM chips: programmed and read like this bundle, but for --adc-bits\n" in out


def test_one_chip_is_given_without_interval_and_spread(digits, tmp_path, undrawn):
    few = ["--images", 20, "--chips", 1, "--study", "effects", "-o", tmp_path]
    code, out, err = run("evaluate", digits[2], *few, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert (result["accuracy_mean_interval"], result["accuracy"]["rram_std"]) == (None, None)
    assert [row["cost_low"] for row in result["studies"]["effects"][1:]] == [None] * 4
    code, out, _ = run("evaluate", digits[2], *few)
    assert "1 chip of cmo-hfox; one chip gives no spread" in " ".join(out.split())
    assert "RRAM mean" not in out
    assert "one chip gives no interval; see --chips" in out


@pytest.mark.parametrize(("yield_at", "little"), [(0.05, True), (0.1, True), (0.11, False)])
def test_a_yield_that_guessing_reaches_is_called_out(digits, tmp_path, undrawn, yield_at, little):
    options = ["--images", 20, "--chips", 1, "--yield-at", yield_at, "-o", tmp_path]
    code, out, err = run("evaluate", digits[2], *options)
    assert code == 0, err
    said = "this says little: guessing among 10 classes reaches 10.00%, see --yield-at"
    assert (said in out) == little
    written = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert (written["yield_at_most_chance"], written["chance"]) == (little, 0.1)


def test_programmable_chips_are_evaluated_like_others(digits, tmp_path, undrawn):
    data, bundle, path = digits
    chip = tmp_path / "chip.engram"
    code, _, err = run("program", path, "-o", chip, "--programmable")
    assert code == 0, err
    code, out, err = run("evaluate", chip, "--chips", 1, "-o", tmp_path, "--json")
    assert code == 0, err
    shares = json.loads(out)["accuracy"]
    assert shares["programmed"] == float(
        np.mean(pipeline.run(load(chip), data.test.images).label == data.test.labels)
    )
    ideal = pipeline.run(with_ideal_array(bundle), data.test.images).label
    assert shares["ideal"] == float(np.mean(ideal == data.test.labels))


def test_metrics_of_training_are_not_given_for_other_data(digits, tmp_path, undrawn):
    data, _, path = digits
    train, test = data.train, data.test
    other = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(tmp_path / "other.npz", **{**other, "y_test": test.labels[::-1]})
    code, out, err = run(
        "evaluate", path, "--data", tmp_path / "other.npz", "--chips", 1, "-o", tmp_path, "--json"
    )
    assert code == 0, err
    shares = json.loads(out)["accuracy"]
    assert (shares["float"], shares["quantised"]) == (None, None)
    assert 0 <= shares["ideal"] <= 1


def test_a_macro_prices_everything_in_its_node(digits, tmp_path, undrawn):
    data, bundle, path = digits
    options = ["--images", 20, "--chips", 1, "--adc-bits", 5, "--macro", "xnor-rram", "-o", tmp_path]
    code, out, err = run("evaluate", path, *options, "--json")
    assert code == 0, err
    result = json.loads(out)
    macro = macro_named("xnor-rram")
    levels = pipeline.levels_of(bundle, data.test.images[:20])
    front_end = cheapest_front_end(bundle, macro.node)[1]
    design = bundle.design.with_(adc_bits=5)
    energy = energy_in_macro(bundle, levels, macro, front_end, read_constants(), design)
    assert result["energy_nj"]["full"] == energy.full
    assert result["energy_nj"]["dense"]["full"] == energy.dense_full
    assert result["technology"] == "90nm"
    assert set(result["energy_nodes"].values()) == {"90nm"}
    assert set(result["energy_nodes"]) == set(energy.full)
    code, out, err = run("evaluate", path, *options)
    assert code == 0, err
    assert "constants of 90nm" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "cmo"], "device must be one of ideal, cmo-hfox, "),
        (["--cell-bits", 9], "conditions: cell_bits: Input should be less than or equal to 8, got 9"),
        (["--adc-bits", -1], "adc: bits: Input should be greater than or equal to 1, got -1"),
        (["--p-stuck-hrs", 1.5], "device 'cmo-hfox': p_stuck_hrs: Input should be less than or equal to 1"),
        (
            ["--p-stuck-hrs", 0.7, "--p-stuck-lrs", 0.7],
            "device 'cmo-hfox': p_stuck_hrs + p_stuck_lrs must be",
        ),
        (["--energy", "nowhere.toml"], "cannot read nowhere.toml: No such file or directory"),
        (["--macro", "neuram"], "a macro must be a *.toml file or one of 28nm-1t1r, acam-9t4r, "),
        (
            ["--macro", "neurram", "--energy", "mine.toml"],
            "--energy must be left out with --macro, whose node",
        ),
        (["--data", "cifar11"], "data must be one of digits, "),
        (["--data", "nowhere.npz"], "nowhere.npz"),
        (["--images", "356"], "--images must be 'all' or 1 to 355, the test images of digits, got '356'"),
        (["--images", "some"], "--images must be 'all' or 1 to 355, the test images of digits, got 'some'"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_evaluate_refuses_in_one_line_and_writes_nothing(digits, tmp_path, arguments, message):
    code, out, err = run("evaluate", digits[2], "-o", tmp_path / "new", *arguments, "--json")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_the_help_says_which_files_are_written():
    shown = CliRunner().invoke(application(), ["evaluate", "--help"], env={"COLUMNS": "300"}).output
    for name in (
        "confusion.png",
        "confusion-rram.png",
        "chips.png",
        "templates.png",
        "energy.png",
        "effects.csv",
    ):
        assert name in shown


def test_a_folder_that_cannot_be_is_refused_before_any_chip_runs(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(Chips, "accuracies", lambda *rest: pytest.fail("chips ran"))
    (tmp_path / "file").write_text("")
    for folder, reason in (("file", "File exists"), ("file/below", "Not a directory")):
        code, out, err = run("evaluate", digits[2], "-o", tmp_path / folder)
        assert (code, out) == (2, "")
        assert err.endswith(f"error: cannot make the folder {tmp_path / folder}: {reason}\n")


def test_images_of_the_wrong_size_are_refused(tmp_path):
    save(random_bundle(tiny_design(classes=10), 1), tmp_path / "tiny.engram")
    code, _, err = run("evaluate", tmp_path / "tiny.engram", "--data", "digits", "-o", tmp_path / "new")
    assert code == 2
    assert "bundle 'tiny' takes uint8 images of 6 x 5 pixels, got uint8 of shape 8 x 8" in err
    assert not (tmp_path / "new").exists()


def test_bundles_without_a_data_set_need_one(tmp_path):
    save(random_bundle(tiny_design(), 1), tmp_path / "tiny.engram")
    code, _, err = run("evaluate", tmp_path / "tiny.engram")
    assert code == 2
    assert err == (
        "error: bundle 'tiny' must say which data set it was trained on, it does not; name one with --data\n"
    )
