"""Curves: what is read and marked is tested on numbers, that they are drawn on pixels."""

import numpy as np
import pytest
from matplotlib import image

from sw.errors import EngramError
from sw.training.run.curves import draw_curves, read_log


def log(tmp_path, text):
    path = tmp_path / "student.csv"
    path.write_text(text)
    return path


def rows(count, **columns):
    """Rows of a log; columns that are functions of the epoch, or the same everywhere."""
    columns = {
        "phase": "train",
        "loss": lambda e: 2 / e,
        "validation": None,
        "macs_nonzero": None,
    } | columns
    return [
        {"epoch": float(epoch)}
        | {key: value(epoch) if callable(value) else value for key, value in columns.items()}
        for epoch in range(1, count + 1)
    ]


def pixels(path):
    drawn = image.imread(path)[..., :3]
    assert drawn.std() > 0.05
    return drawn


def test_log_is_read_with_numbers_and_gaps(tmp_path):
    path = log(
        tmp_path,
        'epoch,phase,loss,validation,macs_nonzero,temperature\n1,"a,b",0.5,,,2\n2,c,nan,0.25,1000,\n',
    )
    first, second = read_log(path)
    assert first == {
        "epoch": 1,
        "phase": "a,b",
        "loss": 0.5,
        "validation": None,
        "macs_nonzero": None,
        "temperature": "2",
    }
    assert np.isnan(second.pop("loss"))
    assert second == {
        "epoch": 2,
        "phase": "c",
        "validation": 0.25,
        "macs_nonzero": 1000,
        "temperature": "",
    }


@pytest.mark.parametrize("text", ["epoch,loss\n1,x\n", "epoch,loss\n1\n", "a,b\n1,2\n", "epoch,loss\n,1\n"])
def test_another_file_is_refused(tmp_path, text):
    path = log(tmp_path, text)
    with pytest.raises(EngramError) as refusal:
        read_log(path)
    assert str(refusal.value) == f"{path} must be the log of a training with an epoch and a loss in every row"


def test_no_file_is_refused(tmp_path):
    with pytest.raises(EngramError, match="cannot read"):
        read_log(tmp_path / "x.csv")


def test_curves_follow_the_log(tmp_path):
    def student(**columns):
        return rows(12, validation=lambda epoch: 1 - 0.5 / epoch, **columns)

    variants = {
        "plain": student(),
        "again": student(),
        "phases": student(phase=lambda epoch: "float" if epoch < 5 else "prune"),
        "macs": student(macs_nonzero=lambda epoch: 1000 - 50 * epoch),
        "interrupted": [*student()[:-1], student()[-1] | {"validation": None}],
        "loss": student(loss=lambda epoch: 3 / epoch),
    }
    drawn = {}
    for name, chosen in variants.items():
        draw_curves({"student": chosen}, "title", tmp_path / f"{name}.png")
        drawn[name] = pixels(tmp_path / f"{name}.png")
    assert np.array_equal(drawn["plain"], drawn["again"])
    for name in ("phases", "interrupted", "loss"):
        assert not np.array_equal(drawn[name], drawn["plain"])
    assert drawn["macs"].shape[0] > drawn["plain"].shape[0]  # a panel more


def test_every_part_has_a_column_and_empty_ones_have_none(tmp_path):
    shapes = []
    for logs in ({"a": rows(3)}, {"a": rows(3), "b": []}, {"a": rows(1, validation=0.5), "b": rows(3)}):
        draw_curves(logs, "title", tmp_path / "c.png")
        shapes.append(pixels(tmp_path / "c.png").shape)
    assert shapes[0] == shapes[1]
    assert shapes[2][1] > shapes[0][1]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_training_that_went_astray_is_drawn_too(tmp_path, wrong):
    draw_curves({"student": rows(4, loss=wrong, validation=0.1)}, "title", tmp_path / "c.png")
    pixels(tmp_path / "c.png")
