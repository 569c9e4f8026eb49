"""Results: what is written is read back; what is no record is refused."""

import json
from dataclasses import replace

import pytest

from sw.errors import EngramError
from sw.explore.outcome.results import read_results, write_results
from tests.helpers.explorations import exploration

pytest.importorskip("pyarrow")
FOUND = replace(
    exploration(left_out={"too large": 3}),
    rows=[
        {"point": 0, "bundle": "x", "rows": 32, "accuracy_mean": 1 / 3},
        {"point": 2, "bundle": "x", "rows": 64, "accuracy_mean": 0.5},
    ],
    front=[2],
    tested={2: {"accuracy_mean": 0.25}},
    built={2: {"luts": 100}},
)


def test_what_is_written_is_read_back(tmp_path):
    files = write_results(FOUND, tmp_path)
    assert [file.name for file in files] == ["results.csv", "results.parquet", "results.json"]
    assert read_results(tmp_path) == read_results(tmp_path / "results.json") == FOUND
    assert FOUND.row(2)["rows"] == 64
    assert (tmp_path / "results.csv").read_text().splitlines()[2] == "2,x,64,0.5,True"


def test_an_exploration_without_points(tmp_path):
    empty = replace(FOUND, rows=[], front=[], tested={}, built=None)
    write_results(empty, tmp_path)
    assert read_results(tmp_path) == empty


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values.pop("format"), "must be the results of 'engram explore'"),
        (lambda values: values.update(format=99), "must be of format 1, got 99"),
        (lambda values: values.pop("rows"), "must be the results of 'engram explore'"),
        (lambda values: values.update(more=1), "must be the results of 'engram explore'"),
        (lambda values: values.update(tested=[1]), "must be the results of 'engram explore'"),
    ],
)
def test_files_that_are_no_record(tmp_path, change, said):
    write_results(FOUND, tmp_path)
    values = json.loads((tmp_path / "results.json").read_text())
    change(values)
    (tmp_path / "results.json").write_text(json.dumps(values))
    with pytest.raises(EngramError, match=said):
        read_results(tmp_path)


def test_no_file(tmp_path):
    with pytest.raises(EngramError, match=r"cannot read .*results\.json"):
        read_results(tmp_path)
