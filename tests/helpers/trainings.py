"""What tests of training share: a tiny design and data set, a run in memory, and export to a bundle."""

from copy import deepcopy
from dataclasses import asdict, replace

import numpy as np
import torch
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.bundle.provenance import Provenance
from sw.data.parts import Dataset, Part
from sw.design import DesignPoint, Layer
from sw.reference.array_state import ArrayState
from sw.rram.devices.presets import CMO_HFOX
from sw.rram.effects.conditions import Conditions
from sw.training.loop.fit import fit
from sw.training.loop.state import State
from sw.training.loop.trainable import Classifier, Split
from sw.training.recipe import Recipe
from sw.training.student.export import export
from sw.training.student.heads import TemplateHead
from sw.training.student.trainee import Trainee
from sw.training.table.gains import Facts
from tests.helpers.bundles import tiny_design

__all__ = [
    "BUDGET",
    "DATA",
    "DESIGN",
    "EVERYTHING",
    "NOISE",
    "ONE_STEP",
    "SHORT",
    "Counting",
    "Died",
    "Linear",
    "Memory",
    "bundle_of",
    "pixels",
    "same_state",
    "split_of",
    "stripes",
    "train",
]

DESIGN = DesignPoint(
    name="tiny",
    height=6,
    width=5,
    classes=3,
    layers=(
        Layer(kind="conv3x3", out_channels=6, weight_bits=2, activation_bits=2),
        Layer(kind="conv3x3", out_channels=4, weight_bits=4),
    ),
    thresholds_per_feature=2,
    templates_per_class=2,
    rows=50,
    cols=4,
)
BUDGET = 2_000
"""Of the 8,100 multiply-accumulates of :data:`DESIGN`."""
EVERYTHING = Recipe(
    epochs=6,
    float_epochs=2,
    teacher_epochs=2,
    batch=30,
    learning_rate=0.1,
    shift=1.0,
    rotate_deg=0.0,
    flip=True,
    distil="dynamic",
    similarity_weight=0.1,
    soft_share=0.3,
    macs_nonzero=BUDGET,
    ema_decay=0.8,
    diversity_weight=0.1,
)
"""A recipe with all parts of the training switched on."""
NOISE = CMO_HFOX, Conditions(read_time_seconds=86_400.0, read_noise=True)


SHORT = Recipe(3, 1, 1, batch=16, shift=0.0, rotate_deg=0.0, distil="none")
"""Without anything that a training may leave out."""
ONE_STEP = replace(SHORT, batch=64)
"""The same for :func:`pixels`, a step for an epoch."""


class Linear(Classifier):
    """The smallest classifier."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(12, 2)

    def forward(self, images):
        return self.layer(images.flatten(1).float() / 255)


class Counting(Linear):
    """Its bias is the number of steps so far; two phases if asked for; Ctrl-C after a step."""

    def __init__(self, phases=(), interrupt_at=None):
        super().__init__()
        self.phases, self.interrupt_at, self.steps = phases, interrupt_at, 0

    def phase(self, step, steps):
        return self.phases[step] if self.phases else ""

    def advance(self, step, steps):
        self.steps = step + 1

    def clamp_(self):
        self.layer.bias.data.fill_(self.steps)
        if self.steps == self.interrupt_at:
            raise KeyboardInterrupt


def pixels():
    """64 images of 3 x 4 random pixels; the first one tells the class."""
    images = torch.randint(0, 256, (64, 3, 4), generator=torch.Generator().manual_seed(0))
    return Split(images.to(torch.uint8), (images[:, 0, 0] > 127).long())


def train(model, split, recipe, epochs, run=None, **options):
    """The training loop, with one part for training and validation."""
    return fit(model, split, split, recipe, epochs, label="test", run=run, **options)


class Died(Exception):
    """The process ends here."""


class Memory:
    """A run that keeps every state; it dies at the save of the given number, which is lost."""

    def __init__(self, state: State | None = None, dies_at: int = 0):
        self.start, self.dies_at = deepcopy(state), dies_at
        self.states: list[State] = []
        self.rows: list[dict] = []

    def load(self) -> State | None:
        return self.start

    def save(self, state: State) -> None:
        if len(self.states) + 1 == self.dies_at:
            raise Died
        self.states.append(deepcopy(state))

    def log(self, row: dict) -> None:
        self.rows.append({key: value for key, value in row.items() if key != "seconds"})


def same_state(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether names, types and all values are equal."""
    return one.keys() == other.keys() and all(
        value.dtype == other[name].dtype and torch.equal(value, other[name]) for name, value in one.items()
    )


def stripes(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Three classes: a bright row, a bright column, a bright block; noise everywhere."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 120, (count, 6, 5))
    labels = np.arange(count) % 3
    images[labels == 0, 2] += 120
    images[labels == 1, :, 2] += 120
    images[labels == 2, 3:, :3] += 120
    return images.astype(np.uint8), labels.astype(np.uint8)


DATA = Dataset("stripes.npz", Part(*stripes(90, 0)), Part(*stripes(30, 1)), Part(*stripes(60, 2)), classes=3)


def split_of(count: int, seed: int) -> Split:
    """:func:`stripes` on the CPU."""
    return Split.of(*stripes(count, seed), torch.device("cpu"))


def bundle_of(model: Trainee, design: DesignPoint) -> Bundle:
    """The bundle of a model with learned templates, ideal cells."""
    assert isinstance(model.head, TemplateHead)
    parameters, thresholds = export(model.student, design)
    templates = model.head.templates()
    return Bundle(
        design=design,
        frontend=parameters,
        feature_thresholds=thresholds,
        templates=templates,
        array=ArrayState.ideal(templates, design),
        provenance=Provenance(),
    )


RECIPE = Recipe(4, 2, 1, teacher="r8")


def facts(seed=0, validation=0.5, test=0.5, distil="none", **changes):
    """One training of the tiny design; other fields of it, of the recipe or of the design by name.

    `teacher` is the recipe's as a name, the training's as a mapping.
    """
    ours = {name for name in asdict(RECIPE) if not isinstance(changes.get(name), dict)}
    recipe = {name: changes.pop(name) for name in ours & changes.keys()}
    design = {name: changes.pop(name) for name in ("name", "templates_per_class") if name in changes}
    values = {
        "source": f"{distil}-{seed}",
        "name": "tiny",
        "data": {"name": "mnist", "digest": "0" * 64},
        "digest": f"{distil} {seed} {validation} {test} {recipe} {design} {sorted(changes)}",
        "accuracy": {"ideal": test},
        "validation": {"ideal": validation},
        "design": tiny_design(**design).description(),
        "recipe": asdict(replace(RECIPE, distil=distil, **recipe)),
        "method": "learned",
        "remade": [],
        "noise": {},
        "seed": seed,
        "macs": 1_000,
        "macs_nonzero": 900 + seed,
        "storage_bits": 12_345,
        "energy_nj": {"paper": {"frontend": 0.9, "backend": 0.1}, "full": {"macs": 0.25, "cells": 0.5}},
        "energy_adc_bits": 8,
        "command": f"engram train --data mnist --distil {distil} --seed {seed}",
    }
    return Facts(**values | changes)
