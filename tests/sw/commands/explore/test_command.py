"""engram explore: files, front, recommendation; bad input is one line and exit code 2."""

import csv
import json
import os
import shlex
from pathlib import Path

import numpy as np
import pytest

from sw.bundle import load
from sw.explore.outcome.results import read_results
from sw.reference import pipeline
from sw.reference.features import features_of
from tests.helpers.commands import run
from tests.helpers.explorations import DATA, QUICK, SIZES, explored

pytest.importorskip("optuna")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("results.*")}


def test_files_say_the_same_and_are_the_same_again(tiny):
    import pyarrow.parquet

    out, err = explored(*SIZES)
    folder = tiny / "runs" / "explore-tiny"
    found, files = read_results(folder), contents(folder)
    assert "Pareto front" in out
    assert "24 points; 8 of 32 left out: cols_per_adc must be at most cols" in " ".join(err.split())
    assert found.left_out == {"cols_per_adc must be at most cols, as many match lines as a tile has": 8}
    assert [row["point"] for row in found.rows] == list(range(24))
    assert set(found.tested) == set(found.front)
    assert found.finished
    table = pyarrow.parquet.read_table(folder / "results.parquet").to_pylist()
    assert table == [{**row, "front": row["point"] in found.front} for row in found.rows]
    with (folder / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["energy_full_nj"]) for row in rows] == [row["energy_full_nj"] for row in found.rows]
    _, again = explored(*SIZES)
    assert "0 computed, 24 kept" in again
    assert contents(folder) == files


def test_json(tiny):
    out, _ = explored("--rows", "8", "--adc-bits", "3", "--cell-bits", "2,4", "--cols", "4", "--json")
    said = json.loads(out)
    assert said["command"].startswith("engram explore tiny.engram --rows 8 --cols 4 --adc-bits 3")
    assert (said["points"], said["computed"], said["finished"], said["search"]) == (4, 4, True, "grid")
    assert list(said["left_out"].values()) == [2]  # of the values that nobody gave
    written = {Path(name).name for name in said["files"]}
    assert {"results.json", "results.csv", "results.parquet", "explore.html", "pareto.png"} <= written
    assert all(Path(name).is_file() for name in said["files"])
    assert "rows" not in said


def test_a_search_goes_on_and_ends_where_it_is(tiny):
    options = (
        *SIZES,
        "--search",
        "nsga2",
        "--points",
        "12",
        "--objectives",
        "accuracy_p5,area,latency",
        "-o",
        "s",
    )
    explored(*options)
    first = read_results(tiny / "s")
    assert (tiny / "s" / "search.sqlite3").exists()
    assert 1 < len(first.rows) <= 12
    assert list(first.objectives) == ["accuracy_p5", "area", "latency"]
    explored(*options)
    assert read_results(tiny / "s") == first


def test_the_recommended_chip_answers_as_it_says(tiny):
    explored(*SIZES, "--recommend", "accuracy>=0.2,min area", "-o", "r")
    found, chip = read_results(tiny / "r"), load(tiny / "r" / "recommended.engram")
    picked = found.recommended
    row = found.row(picked["point"])
    good = [other["area_mm2"] for other in found.rows if other["accuracy_mean"] >= 0.2]
    assert row["area_mm2"] == min(good)
    assert picked["chip"] == chip.digest
    assert picked["design"] == json.loads(json.dumps(chip.design.description()))
    assert (chip.design.rows, chip.design.adc_bits) == (row["rows"], row["adc_bits"])
    answers = np.loadtxt(tiny / "r" / "recommended.csv", int, delimiter=",", skiprows=1)
    np.testing.assert_array_equal(answers[:, 2], pipeline.classify(chip, features_of(chip, DATA.test.images)))
    assert np.mean(answers[:, 1] == answers[:, 2]) == picked["test_accuracy_of_chip"]


def test_the_recommended_chip_records_its_point_which_gives_it_again(tiny):
    explored(*SIZES, "--recommend", "accuracy>=0.2,min area", "-o", "first")
    chip = load(tiny / "first" / "recommended.engram")
    step = chip.provenance.steps[-1]
    assert (step.command, step.arguments) == ("explore", ("tiny.engram",))
    assert {("rows", chip.design.rows), ("adc-bits", chip.design.adc_bits)} <= set(step.options)
    again = [*shlex.split(step.line)[1:], "--scheduler", "none", "--recommend", "max accuracy", "-o", "again"]
    code, _, err = run(*again)
    assert code == 0, err
    assert load(tiny / "again" / "recommended.engram").to_bytes() == chip.to_bytes()


def test_throughput_and_energy_delay_are_objectives(tiny):
    explored(*SIZES, "--objectives", "accuracy,throughput,energy_delay", "-o", "t")
    found = read_results(tiny / "t")
    for row in found.rows:
        assert row["throughput_per_s"] == pytest.approx(1e9 / row["latency_ns"])
        assert row["energy_delay_nj_ns"] == pytest.approx(row["energy_full_nj"] * row["latency_ns"])
    fastest = max(row["throughput_per_s"] for row in found.rows)
    assert any(found.row(number)["throughput_per_s"] == fastest for number in found.front)


def test_one_chip_leaves_open_what_limits_and_a_yield_that_guessing_reaches_is_called_out(tiny):
    values = "rows=6,cols=3,cols_per_adc=1,adc_bits=4,cell_bits=4"
    out, err = explored(*SIZES, "-o", "e", "--explain", values, "--chips", "1", "--yield-at", "0.2")
    assert "limited most by: unknown, since one chip gives no interval; see --chips" in out
    assert (
        "the yield says little: it is at 20.00% accuracy, and guessing among 3 classes reaches 33.33%" in err
    )
    said = json.loads((tiny / "e" / "explain.json").read_text(encoding="utf-8"))
    assert said["limits"] is None
    assert [row["cost_low"] for row in said["rows"][1:-1]] == [None] * 4


FPGA = (*SIZES[:-1], "2", "--objectives", "accuracy,lut,cycles")


def test_the_estimate_is_that_of_the_programmed_chip(tiny):
    from hw.boards.known import load as board_named
    from hw.sizing.estimate import estimate
    from sw.commands.explore.fpga import fitted_chip, front_end_in_words

    explored(*FPGA, "--recommend", "min lut", "-o", "f")
    found = read_results(tiny / "f")
    row = found.row(found.recommended["point"])
    board = board_named("icebreaker")
    placed, sizes = fitted_chip(load(tiny / "f" / "recommended.engram"), board)
    want = estimate(placed, sizes, board.family)
    assert (row["fpga_luts"], row["fpga_brams"], row["fpga_cycles"]) == (
        want.cells,
        want.block_rams,
        want.cycles_per_image,
    )
    assert row["fpga_front_end"] == front_end_in_words(sizes)
    assert row["fpga_fits"]


def test_a_board_that_is_too_small_for_all_points(tiny, monkeypatch):
    from hw.boards import known as boards

    board = boards.load("icebreaker")
    limits = board.limits.model_copy(update={"luts": 100})
    monkeypatch.setattr(boards, "load", lambda name: board.model_copy(update={"limits": limits}))
    code, out, err = run("explore", "tiny.engram", *QUICK, *FPGA, "-o", "f")
    assert (code, out, list((tiny / "f").iterdir())) == (2, "", [])
    assert "no point fits icebreaker, by the estimator; take a larger --board" in err
    explored(*SIZES, "--board", "icebreaker", "-o", "f")
    assert not any(row["fpga_fits"] for row in read_results(tiny / "f").rows)


def test_ctrl_c_while_finalists_are_built_writes_those_that_were(tiny, monkeypatch):
    def one(finalists, board, pictures, folder, store):
        yield finalists[0].number, {"error": "never mind"}
        raise KeyboardInterrupt

    monkeypatch.setattr("sw.commands.explore.builds.built_finalists", one)
    code, _, err = run("explore", "tiny.engram", *QUICK, *FPGA, "--build", "top:2", "-o", "f")
    assert code == 130
    assert "not built: never mind" in err
    found = read_results(tiny / "f")
    assert (list(found.built.values()), found.finished) == ([{"error": "never mind"}], False)
    assert "never mind" in (tiny / "f" / "explore.html").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rows", "0"), "space: rows: Input should be greater than or equal to 1, got 0"),
        (
            ("--cols", "4", "--cols-per-adc", "2,8"),
            "cols_per_adc 8 can never be: cols_per_adc must be at most",
        ),
        (("--device", "unobtainium"), "no point of the space can exist: device must be one of"),
        (("--objectives", "speed"), "unknown objective 'speed'"),
        (("--recommend", "min speed"), "unknown objective 'speed'"),
        (("--build", "5"), "--build must be top:N"),
        (("--board", "none"), "unknown board 'none'"),
        (("--search", "grid", "--points", "2"), "--search grid computes all 450 points, got --points 2"),
        (("--images", "few"), "--images must be 'all' or a number"),
        (("--scheduler", "there"), "--scheduler must be 'local', 'none' or an address"),
        (("--explain", "7"), "cannot read runs/explore-tiny/results.json"),
        (("--explain", "rows"), "--explain must be a number or axes such as rows=64"),
        (("--explain", "rows=8"), "--explain: cols must be given, it has 3 values"),
        (("--space", "none.toml"), "cannot read none.toml"),
        (("--macro", "isaac"), "a macro must be a *.toml file or one of 28nm-1t1r, acam-9t4r, "),
        (("--macro", "none.toml"), "cannot read none.toml"),
        (("--macro", "neurram", "--energy", "mine.toml"), "--energy must be left out with --macro"),
        (("--search", "tpe", "--storage", "nothing"), "the storage nothing cannot be used"),
    ],
)
def test_bad_input_is_one_line(tiny, options, said):
    code, out, err = run("explore", "tiny.engram", *QUICK, *options)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("error:") == 1
    assert not (tiny / "cache").exists() or not list((tiny / "cache").rglob("*.json"))


def test_a_space_file_and_options_that_go_before_it(tiny):
    (tiny / "space.toml").write_text(
        'rows = "6,8"\ncols = 4\nadc_bits = [2, 3]\ncell_bits = 2\nnoise = true\n'
    )
    explored("--space", "space.toml", "--rows", "5", "--cols-per-adc", "1", "-o", "t")
    found = read_results(tiny / "t")
    assert found.axes["rows"] == [5]
    assert (found.axes["adc_bits"], found.axes["noise"], len(found.rows)) == ([2, 3], [True], 2)


def test_ctrl_c_writes_what_is_done(tiny, monkeypatch):
    from sw.farm.farm import Here

    run_all, done = Here.run, []

    def stopped(self, tasks):
        for pair in run_all(self, tasks):
            if done:
                raise KeyboardInterrupt
            done.append(pair)
            yield pair

    explored("--rows", "8", "--cols", "4", "--cols-per-adc", "1", "--adc-bits", "1", "--cell-bits", "2")
    monkeypatch.setattr(Here, "run", stopped)
    code, _, err = run("explore", "tiny.engram", *QUICK, *SIZES, "-o", "c")
    assert code == 130
    assert "interrupted; what is done is kept" in err
    found = read_results(tiny / "c")
    assert not found.finished
    assert 0 < len(found.rows) < 24
    monkeypatch.undo()
    os.environ["ENGRAM_CACHE"] = str(tiny / "cache")


def test_ctrl_c_before_the_first_point_writes_nothing(tiny, monkeypatch):
    from sw.explore.compute.explorer import Explorer

    def stopped(self, settings, done):
        raise KeyboardInterrupt

    monkeypatch.setattr(Explorer, "compute", stopped)
    code, _, err = run("explore", "tiny.engram", *QUICK, *SIZES, "-o", "n")
    assert (code, list((tiny / "n").iterdir())) == (130, [])
    assert "interrupted" in err
