"""The table of trainings: rows, seeds together, gains by pairs; runs and bundles end to end; refusals."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sw.bundle import load
from sw.commands.compare import compare
from sw.commands.evaluate.command import evaluate
from sw.commands.templates.command import templates
from sw.commands.train import plan as train_plan
from sw.commands.train.command import train
from sw.commands.train.facts import facts_of_bundle
from sw.errors import EngramError
from sw.training.recipe import Recipe
from sw.training.table.gains import gains_of, grouped, spread_of
from tests.helpers.trainings import facts, stripes

QUICK = Recipe(1, 1, 1, batch=20, shift=0.0, rotate_deg=0.0)


def test_spread_is_that_of_a_sample():
    assert spread_of([0.5]) == (0.5, None, 0.5, 0.5)
    assert spread_of(iter([1, 2, 3])) == (2, 1, 1, 3)


def test_rows_are_ordered_by_data_size_templates_distillation_and_seed():
    fashion = {"name": "fashion-mnist", "digest": "1" * 64}
    want = [
        facts(5, distil="dynamic", data=fashion),
        facts(2, macs=500),
        facts(0),
        facts(1),
        facts(0, distil="static"),
        facts(0, distil="dynamic", temperature=2.0),
        facts(0, templates_per_class=2),
        facts(0, remade=[{"kind": "mean"}]),
    ]
    assert [row for (row,) in grouped(reversed(want), join_seeds=False)] == want


def test_seeds_share_a_row_and_everything_that_reaches_the_student_parts_it():
    apart = [
        facts(2, epochs=9),
        facts(3, distil="static"),
        facts(4, distil="static", temperature=9.0),
        facts(5, method="kmeans"),
        facts(6, noise={"noise-aware": ""}),
        facts(7, data={"name": "mnist", "digest": "1" * 64}),
        facts(8, templates_per_class=2),
        facts(9, remade=[{"kind": "mean"}]),
    ]
    # what a twin, a name, and a teacher that is not heard do not change
    together = [facts(0), facts(1, float_epochs=7, name="other", temperature=9.0, teacher="tiny")]
    rows = grouped(apart + together, join_seeds=True)
    assert together in rows
    assert sorted(len(row) for row in rows) == [1] * len(apart) + [2]


def test_of_equal_bundles_the_run_is_kept_and_other_results_of_a_seed_are_refused():
    run = facts(0, digest="a", seconds=3.0)
    assert grouped([facts(0, digest="a"), run], join_seeds=False) == [[run]]
    with pytest.raises(EngramError) as refusal:
        gains_of([facts(0), facts(0, test=0.75, source="again")])
    assert str(refusal.value) == (
        "none-0 and again must differ in more than the result, both are the same training with seed 0; "
        "leave one of them out"
    )


def test_gains_go_by_pairs_of_seeds():
    found = [facts(seed, 0.5, 0.25 * seed) for seed in (0, 1, 2)]
    found += [facts(seed, 0.75, 0.25 * seed + 0.125 * (seed + 1), "static") for seed in (0, 1, 3)]
    found += [facts(1, 0.25, 0.5, "dynamic"), facts(9, distil="dynamic", epochs=9)]
    gains = {(each.ours.recipe.distil, each.against.recipe.distil): each for each in gains_of(found)}
    assert list(gains) == [("static", "none"), ("dynamic", "none"), ("dynamic", "static")]
    of_static = gains["static", "none"]
    assert of_static.seeds == [0, 1]
    assert of_static.validation == (0.25, 0, 0.25, 0.25)
    assert of_static.test == spread_of([0.125, 0.25])
    assert gains["dynamic", "none"].test == (0.25, None, 0.25, 0.25)
    assert gains["dynamic", "static"].test == (0.0, None, 0.0, 0.0)


def test_two_settings_of_one_way_are_not_compared():
    assert gains_of([facts(0, distil="static"), facts(0, distil="static", temperature=9.0)]) == []


runner = CliRunner()


def run(command, *arguments):
    application = typer.Typer()
    application.command()(command)
    result = runner.invoke(application, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def refusal_of(*arguments):
    application = typer.Typer()
    application.command()(compare)
    result = runner.invoke(application, [str(argument) for argument in arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    return " ".join(result.stderr.split())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Runs of two seeds without a teacher and one with, and templates made afterwards."""
    folder = tmp_path_factory.mktemp("trained")
    images, labels = stripes(60, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ENGRAM_CACHE", str(folder / "cache"))
        patch.setattr(train_plan, "recipe_for", lambda name: replace(QUICK, distil="none"))
        np.savez("own.npz", x_train=images, y_train=labels, x_test=images[:30], y_test=labels[:30])
        for name, options in {
            "a": ["--seed", 0],
            "b": ["--seed", 1],
            "c": ["--seed", 1, "--distil", "dynamic"],
            "d": ["--seed", 2],
        }.items():
            run(train, "--data", "own.npz", *options, "--run", name, "-o", "x.engram")
        kind = ["--kind", "kmeans", "--per-class", 2, "--thresholds-by", "mean"]
        run(templates, "b/bundle.engram", *kind, "-o", "remade.engram")
        yield folder


@pytest.fixture
def inside(trained, monkeypatch):
    monkeypatch.chdir(trained)


def test_a_bundle_says_what_its_run_recorded(inside):
    for name in "abc":
        recorded = json.loads(Path(name, "result.json").read_text())
        found = json.loads(json.dumps(facts_of_bundle(f"{name}/bundle.engram")))
        assert {key: recorded[key] for key in found} == found


def test_energy_is_that_of_an_evaluation(inside):
    recorded = json.loads(Path("a/result.json").read_text())
    evaluated = json.loads(run(evaluate, "a/bundle.engram", "--chips", 1, "--jobs", 1, "--json").stdout)
    for key in ("macs", "macs_nonzero", "storage_bits", "storage", "energy_nj"):
        assert recorded[key] == evaluated[key]
    assert recorded["accuracy"]["ideal"] == evaluated["accuracy"]["ideal"]
    assert recorded["energy_adc_bits"] == evaluated["adc_bits"]


def test_runs_and_bundles_are_one_table(inside):
    sources = ["c", "b", "a/bundle.engram", "remade.engram", "a"]
    answer = json.loads(run(compare, *sources, "--join-seeds", "--json").stdout)
    joined, taught, remade = answer["rows"]
    assert (joined["seeds"], taught["seeds"], remade["seeds"]) == ([0, 1], [1], [1])
    assert (joined["distillation"], taught["distillation"]) == ("none", "dynamic")
    assert all(seconds > 0 for seconds in (*joined["seconds"], *taught["seconds"]))
    assert remade["seconds"] == [None]
    assert remade["templates"] == "k-means after learned ones, thresholds by mean, 2 per class, 1 threshold"
    results = {name: json.loads(Path(name, "result.json").read_text()) for name in "abc"}
    shares = {name: result["accuracy"]["ideal"] for name, result in results.items()}
    assert joined["test"]["mean"] == (shares["a"] + shares["b"]) / 2
    assert taught["teachers"] == [results["c"]["teacher"]]
    (gain,) = answer["gains"]
    assert gain["seeds"] == [1]
    assert gain["test"]["mean"] == shares["c"] - shares["b"]


def test_the_table_goes_to_a_file_too(inside):
    result = run(compare, "a", "b", "-o", "table.md")
    assert result.stdout == Path("table.md").read_text()
    assert result.stdout.count("`engram train --data own.npz --seed ") == 2
    assert "table written to table.md" in result.stderr


def test_the_median_of_three_seeds_is_a_bundle_that_says_so(inside):
    result = run(compare, "d", "a/bundle.engram", "b", "--median", "median.engram")
    validation = [json.loads(Path(name, "result.json").read_text())["validation"]["ideal"] for name in "abd"]
    chosen = sorted(range(3), key=lambda seed: (validation[seed], seed))[1]
    made, trained = load(Path("median.engram")), load(Path("abd"[chosen], "bundle.engram"))
    assert made.provenance.median_of.validation == tuple(validation)
    plain = made.provenance.model_copy(update={"median_of": None})
    assert made.with_(provenance=plain).to_bytes() == trained.to_bytes()
    assert f"bundle of seed {chosen} written to median.engram" in result.stderr
    report = run(evaluate, "median.engram", "--chips", 1, "--jobs", 1)
    assert made.provenance.median_of.words in " ".join(report.stdout.split())
    answer = json.loads(run(evaluate, "median.engram", "--chips", 1, "--jobs", 1, "--json").stdout)
    assert answer["median_of"]["seeds"] == [0, 1, 2]


def test_a_median_of_two_is_refused_and_nothing_is_written(inside):
    assert "a median needs 3 seeds or more, got 2" in refusal_of("a", "b", "--median", "two.engram")
    assert not Path("two.engram").exists()


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("other", {"x": ""}, "other must be the folder of a run, it has no run.json; give one that has"),
        (
            "open",
            {"run.json": "{}"},
            "open must hold a finished run, it has no result.json; let the same command go on to its end",
        ),
        (
            "old",
            {"run.json": "{}", "result.json": "{}"},
            "old/result.json must be of this version (repeat its command, it trains nothing again): name: "
            "Field required",
        ),
    ],
)
def test_folders_that_hold_no_finished_run_are_refused(tmp_path, monkeypatch, name, files, message):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    for file, text in files.items():
        Path(name, file).write_text(text)
    assert refusal_of(name).startswith(f"error: {message}")


def test_a_file_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal_of("absent.engram").endswith(
        "error: cannot read absent.engram: No such file or directory; a bundle is a *.engram file"
    )
