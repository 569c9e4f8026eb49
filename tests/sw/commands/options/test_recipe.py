"""Recipes from the command line: what options change, and what is refused."""

from dataclasses import asdict, fields

import pytest

from sw.commands.options.recipe import OTHER_FIELDS, OWN_OPTION, changed
from sw.errors import EngramError
from sw.training.recipe import Recipe

RECIPE = Recipe(9, 8, 7, distil_weight=0.25, macs_nonzero=1000)


def changes(settings, others=()):
    made = asdict(changed(RECIPE, settings, list(others)))
    return {key: value for key, value in made.items() if value != asdict(RECIPE)[key]}


def test_every_field_has_one_way():
    assert sorted((*OWN_OPTION, *OTHER_FIELDS)) == sorted(field.name for field in fields(Recipe))


@pytest.mark.parametrize(
    ("settings", "others", "want"),
    [
        ({"epochs": None, "distil_weight": None}, [], {}),
        ({"epochs": 3, "temperature": 2.0}, [], {"epochs": 3, "temperature": 2.0}),
        ({"distil_weight": 0.0}, [], {"distil_weight": 0.0, "distil": "none"}),
        ({"distil": "dynamic"}, [], {"distil": "dynamic"}),
        ({"distil": "none"}, ["similarity_weight=0"], {"distil": "none"}),
        ({"macs_nonzero": 0}, [], {"macs_nonzero": None}),
        ({"macs_nonzero": 5}, [], {"macs_nonzero": 5}),
        (
            {},
            ["batch=20", "learning_rate=4e-3", "flip=true"],
            {"batch": 20, "learning_rate": 4e-3, "flip": True},
        ),
        ({}, ["ema_decay=0.999", "precision=bfloat16"], {"ema_decay": 0.999, "precision": "bfloat16"}),
        ({"epochs": 2}, ["soft_share=0"], {"epochs": 2}),
    ],
)
def test_options_change_what_they_name(settings, others, want):
    assert changes(settings, others) == want


NAMES = ", ".join(OTHER_FIELDS)
REFUSALS = {
    "infinite": ({"temperature": float("inf")}, [], "--temperature must be a finite number, got inf"),
    "contradiction": (
        {"distil": "static", "distil_weight": 0.0},
        [],
        "--distil static needs a --distil-weight above 0, got 0; leave one of them out, or use --distil none",
    ),
    "more than all": (
        {"distil": "dynamic", "distil_weight": 1.5},
        [],
        "--distil dynamic needs a --distil-weight of at most 1, got 1.5; it is a share of the loss",
    ),
    "teacher that does not come": (
        {"distil": "none", "teacher": "r18"},
        [],
        "--teacher is about a teacher, there is none with --distil none, got r18; leave it out, or distil",
    ),
    "softness of a teacher that does not come": (
        {"distil_weight": 0.0, "temperature": 4.0},
        [],
        "--temperature is about a teacher, there is none with --distil none, got 4.0; "
        "leave it out, or distil",
    ),
    "features of a teacher that does not come": (
        {"distil": "none"},
        ["similarity_weight=0.5"],
        "--recipe similarity_weight is about a teacher, there is none with --distil none, got 0.5; "
        "leave it out, or distil",
    ),
    "batch of a teacher that does not come": (
        {"distil": "none"},
        ["teacher_batch=250"],
        "--recipe teacher_batch is about a teacher, there is none with --distil none, got 250; "
        "leave it out, or distil",
    ),
    "own option": ({}, ["epochs=3"], "--recipe epochs has an option of its own; use --epochs"),
    "own option without value": (
        {},
        ["macs_nonzero"],
        "--recipe macs_nonzero has an option of its own; use --macs-nonzero",
    ),
    "unknown": ({}, ["speed=3"], f"--recipe must be NAME=VALUE with a name of {NAMES}, got 'speed=3'"),
    "no value": ({}, ["batch"], f"--recipe must be NAME=VALUE with a name of {NAMES}, got 'batch'"),
    "twice": (
        {},
        ["batch=3", "batch=4"],
        "--recipe must name a field once, batch came twice; leave one of them out",
    ),
    "no number": (
        {},
        ["batch=many"],
        "--recipe batch: Input should be a valid integer, unable to parse string as an integer, got 'many'",
    ),
    "too low": ({}, ["batch=0"], "--recipe batch: Input should be greater than or equal to 1, got '0'"),
    "too high": ({}, ["ema_decay=1"], "--recipe ema_decay: Input should be less than 1, got '1'"),
    "not finite": ({}, ["shift=nan"], "--recipe shift: Input should be a finite number, got 'nan'"),
    "no choice": (
        {},
        ["precision=int8"],
        "--recipe precision: Input should be 'float32' or 'bfloat16', got 'int8'",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_does_not_fit_is_refused(case):
    settings, others, message = REFUSALS[case]
    with pytest.raises(EngramError) as refusal:
        changed(RECIPE, settings, others)
    assert str(refusal.value) == message
