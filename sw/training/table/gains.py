"""Finished trainings as one table, and what distillation gains, paired by seed.

``engram compare RUN_FOLDER...`` prints it. Rows are made of what
:mod:`sw.commands.train.facts` records. Two trainings differ in the seed only if data, design, recipe,
templates and noise are equal; the design's name, the epochs of the full-precision twin, and without
distillation everything about a teacher do not reach the student.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby, pairwise
from statistics import fmean, stdev
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from sw.design import DesignPoint
from sw.errors import EngramError
from sw.training.recipe import Recipe

__all__ = ["Facts", "Gain", "Spread", "gains_of", "grouped", "setting_of", "spread_of"]

DISTILLATION = (
    "distil",
    "distil_weight",
    "temperature",
    "similarity_weight",
    "teacher",
    "teacher_epochs",
    "teacher_learning_rate",
    "teacher_seed",
)
"""Fields of a recipe that only distillation uses."""
RANK = {"none": 0, "static": 1, "dynamic": 2}


class Data(BaseModel):
    """Data set: name, and SHA-256 over images, labels and split."""

    name: str
    digest: str


class Accuracy(BaseModel):
    """Share of right answers of the integer reference with ideal cells."""

    ideal: float


class Energy(BaseModel):
    """Modelled nJ of one classification, by part."""

    paper: dict[str, float]
    full: dict[str, float]


class Teacher(BaseModel):
    """Validation accuracy and digest of a teacher."""

    accuracy: float
    digest: str


class Facts(BaseModel):
    """One training, as :func:`sw.commands.train.facts.facts_of` records it, with times if it was a run.

    Parameters
    ----------
    source
        Where it was read.
    others
        As recorded; `seconds`, `seconds_of` and `machine` are those of a run folder.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    name: str
    data: Data
    digest: str
    accuracy: Accuracy
    validation: Accuracy
    design: DesignPoint
    recipe: Recipe
    method: str
    remade: list[dict[str, str]]
    noise: dict[str, str]
    seed: int
    macs: int
    macs_nonzero: int
    storage_bits: int
    energy_nj: Energy
    energy_adc_bits: int | None
    command: str
    teacher: Teacher | None = None
    seconds: float | None = None
    seconds_of: dict[str, float | None] = {}
    machine: dict[str, str | int | None] | None = None


class Spread(NamedTuple):
    """Mean, standard deviation (of a sample; None for one value) and extremes."""

    mean: float
    std: float | None
    minimum: float
    maximum: float


class Gain(NamedTuple):
    """Gain of one way of distillation over another, everything else equal.

    Attributes
    ----------
    ours, against
        One training of each.
    seeds
        Of the pairs.
    validation, test
        Differences of the accuracies as shares.
    """

    ours: Facts
    against: Facts
    seeds: list[int]
    validation: Spread
    test: Spread


def spread_of(values: Iterable[float]) -> Spread:
    """Spread of at least one value."""
    found = list(values)
    std = stdev(found) if len(found) > 1 else None
    return Spread(fmean(found), std, min(found), max(found))


def setting_of(facts: Facts) -> str:
    """Everything that makes the student but its distillation and its seed, as text to compare."""
    recipe = asdict(facts.recipe)
    for name in (*DISTILLATION, "float_epochs"):
        del recipe[name]
    design = facts.design.description()
    del design["name"]
    parts = [facts.data.digest, design, recipe, facts.method, facts.remade, facts.noise]
    return json.dumps(parts, sort_keys=True)


def grouped(found: Iterable[Facts], *, join_seeds: bool) -> list[list[Facts]]:
    """Trainings in the order of a table, those of one row together.

    Parameters
    ----------
    found
        In any order; of equal bundles one with a training time is kept.
    join_seeds
        Whether trainings that differ in the seed only share a row.

    Raises
    ------
    EngramError
        If two have the same setting, distillation and seed, and other results.
    """
    known: dict[str, Facts] = {}
    for facts in sorted(found, key=lambda facts: facts.seconds is None):
        known.setdefault(facts.digest, facts)
    ordered = sorted(known.values(), key=_order)
    rows = [list(group) for _, group in groupby(ordered, lambda facts: _order(facts)[:-1])]
    for row in rows:
        for one, other in pairwise(row):
            if one.seed == other.seed:
                raise EngramError(
                    f"{one.source} and {other.source} must differ in more than the result, both are "
                    f"the same training with seed {one.seed}; leave one of them out"
                )
    return rows if join_seeds else [[facts] for row in rows for facts in row]


def gains_of(found: Iterable[Facts]) -> list[Gain]:
    """Gains of static distillation over none, and of dynamic over both, wherever there are pairs.

    Raises
    ------
    EngramError
        As :func:`grouped`.
    """
    gains = []
    rows = grouped(found, join_seeds=True)
    for _, group in groupby(rows, lambda row: setting_of(row[0])):
        ways = list(group)
        for place, ours in enumerate(ways):
            for against in ways[:place]:
                if RANK[ours[0].recipe.distil] > RANK[against[0].recipe.distil]:
                    gains += _gain(ours, against)
    return gains


def _gain(ours: list[Facts], against: list[Facts]) -> list[Gain]:
    """One gain, or none without a pair."""
    others = {facts.seed: facts for facts in against}
    pairs = [(facts, others[facts.seed]) for facts in ours if facts.seed in others]
    if not pairs:
        return []
    return [
        Gain(
            *pairs[0],
            seeds=[one.seed for one, _ in pairs],
            validation=spread_of(one.validation.ideal - other.validation.ideal for one, other in pairs),
            test=spread_of(one.accuracy.ideal - other.accuracy.ideal for one, other in pairs),
        )
    ]


def _order(facts: Facts) -> tuple[Any, ...]:
    """Data, size of the student, templates, everything else but the seed, distillation, and last the seed."""
    design, recipe = facts.design, facts.recipe
    taught = {} if recipe.distil == "none" else {name: getattr(recipe, name) for name in DISTILLATION}
    return (
        facts.data.name,
        facts.macs,
        recipe.macs_nonzero or facts.macs,
        bool(facts.remade),
        facts.method,
        design.templates_per_class,
        design.thresholds_per_feature,
        setting_of(facts),
        RANK[recipe.distil],
        json.dumps(taught, sort_keys=True),
        facts.seed,
    )
