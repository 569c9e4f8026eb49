"""Cells of the table of trainings: numbers as they are written, ranges, columns that fit, JSON."""

import json

import pytest

from sw.training.table.gains import gains_of, grouped
from sw.training.table.markdown import gain_values, markdown, row_values
from tests.helpers.trainings import facts

RUN = {
    "seconds": 150.0,
    "seconds_of": {"teacher": None, "float": 9.0, "student": 120.0},
    "machine": {"processor": "A|B", "cores": 2, "accelerator": None, "torch": "2"},
    "teacher": {"accuracy": 0.9, "digest": "0" * 64},
}


def cells_of(found, join_seeds=False):
    """Cells of the first row by heading."""
    lines = markdown(grouped(found, join_seeds=join_seeds), []).splitlines()
    split = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[:3]]
    assert len({len(cells) for cells in split}) == 1
    return dict(zip(split[0], split[2], strict=True))


def test_a_training_is_a_row():
    assert cells_of([facts(3, 0.98765, 0.9, "static", **RUN)]) == {
        "data set": "mnist",
        "student": "tiny",
        "MACs": "1,000",
        "non-zero": "903",
        "distillation": "static, weight 0.5, T 3, teacher r8 (90.00 % on validation)",
        "templates": "learned, 1 per class, 1 threshold",
        "validation, %": "98.77",
        "test, %": "90.00",
        "storage, bit": "12,345",
        "energy, nJ: paper": "1.00 (0.90 + 0.10)",
        "full": "0.75",
        "training": "2min (2.5min without teacher)",
        "machine": "A",
        "seed": "3",
        "command": "`engram train --data mnist --distil static --seed 3`",
    }


def test_seeds_of_a_row_have_mean_deviation_and_range():
    cells = cells_of([facts(seed, 0.5, 0.1 * seed) for seed in (1, 2, 3)], join_seeds=True)
    assert cells["test, %"] == "20.00 ± 10.00 (10.00 .. 30.00)"
    assert cells["validation, %"] == "50.00 ± 0.00 (50.00 .. 50.00)"
    assert cells["non-zero"] == "901 .. 903"
    assert cells["storage, bit"] == "12,345"
    assert (cells["seed"], cells["training"], cells["machine"]) == ("1, 2, 3", "", "")
    assert cells["command"] == "`engram train --data mnist --distil none --seed N`"


@pytest.mark.parametrize(
    ("changes", "want"),
    [
        ({"method": "kmeans"}, "k-means after a dense head, 1 per class, 1 threshold"),
        (
            {"remade": [{"kind": "kmeans", "thresholds-by": "mean"}], "templates_per_class": 3},
            "k-means after learned ones, thresholds by mean, 3 per class, 1 threshold",
        ),
        ({"noise": {"noise-aware": ""}}, "learned, noise-aware, 1 per class, 1 threshold"),
    ],
)
def test_templates_are_named(changes, want):
    assert cells_of([facts(**changes)])["templates"] == want


def test_machines_and_gains_stand_below_and_cells_keep_their_number():
    found = [facts(0, **RUN), facts(0, 0.5, 0.75, "dynamic", command="engram train --data 'a|b' --seed 0")]
    text = markdown(grouped(found, join_seeds=False), gains_of(found))
    assert "Machine A: A|B, 2 cores.\n" in text
    assert r"`engram train --data 'a\|b' --seed 0`" in text
    (gain,) = (line for line in text.splitlines() if "+25.00" in line)
    assert [cell.strip() for cell in gain.strip("|").split("|")][3:] == [
        "dynamic, weight 0.5, T 3, teacher r8",
        "none",
        "+0.00",
        "+25.00",
        "0",
    ]


def test_values_are_json_and_go_by_seed():
    found = [facts(seed, 0.5, 0.25 + 0.25 * seed, way) for seed in (1, 0) for way in ("none", "static")]
    row = json.loads(json.dumps(row_values(grouped(found, join_seeds=True)[0])))
    assert row["seeds"] == [0, 1]
    assert row["macs_nonzero"] == [900, 901]
    assert row["test"] == {"mean": 0.375, "std": 0.125 * 2**0.5, "minimum": 0.25, "maximum": 0.5}
    assert row["energy_nj"][0]["full"] == {"macs": 0.25, "cells": 0.5}
    (gain,) = (json.loads(json.dumps(gain_values(each))) for each in gains_of(found))
    assert (gain["of"], gain["over"], gain["seeds"]) == (
        "static, weight 0.5, T 3, teacher r8",
        "none",
        [0, 1],
    )
    assert gain["test"]["mean"] == 0
