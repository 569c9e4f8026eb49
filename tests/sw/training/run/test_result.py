"""Results of runs: read back as they were written, refused where there is none."""

import pytest
import torch

from sw.errors import EngramError
from sw.training.run.folder import RunFolder
from sw.training.run.result import machine, read_result


def test_the_result_of_a_finished_run_is_read(tmp_path):
    with RunFolder(tmp_path / "run", {"data": "mnist"}) as run:
        run.finish({"seed": 3})
        most = run.seconds
    found = read_result(tmp_path / "run")
    assert found == {"seed": 3, "seconds": found["seconds"], "machine": machine()}
    assert 0 < found["seconds"] <= most


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "{folder} must be the folder of a run, it has no run.json; give one that has"),
        (
            {"result.json": "{}"},
            "{folder} must be the folder of a run, it has no run.json; give one that has",
        ),
        (
            {"run.json": "{}"},
            "{folder} must hold a finished run, it has no result.json; let the same command go on to its end",
        ),
        (
            {"run.json": "{}", "result.json": "[1"},
            "{folder}/result.json must be a JSON object, it is not; repeat the command of the run",
        ),
        (
            {"run.json": "{}", "result.json": "[1]"},
            "{folder}/result.json must be a JSON object, it is not; repeat the command of the run",
        ),
    ],
)
def test_a_folder_without_a_result_is_refused(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(EngramError) as refusal:
        read_result(tmp_path)
    assert str(refusal.value) == message.format(folder=tmp_path)


def test_machine_is_described():
    found = machine()
    assert found["torch"] == torch.__version__
    assert found["cores"] >= 1
    assert found["processor"]
