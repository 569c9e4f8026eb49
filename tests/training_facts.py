"""Made-up trainings for tests of tables."""

from dataclasses import asdict, replace

from sw.recipe import Recipe
from sw.training_table import Facts
from tests.bundles import tiny_design

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
