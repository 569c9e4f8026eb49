"""Recipes from the command line: a few fields have options of their own, ``--recipe`` takes the rest."""

import math
from dataclasses import fields, replace
from typing import Annotated, Any, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from sw.errors import EngramError
from sw.training.recipe import Recipe

__all__ = ["OTHER_FIELDS", "OWN_OPTION", "changed"]

OWN_OPTION = (
    "epochs",
    "teacher",
    "teacher_epochs",
    "distil",
    "distil_weight",
    "temperature",
    "macs_nonzero",
    "class_weights",
)
"""Fields that have an option of their own."""
OTHER_FIELDS = tuple(field.name for field in fields(Recipe) if field.name not in OWN_OPTION)
OF_DISTILLATION = (
    "teacher",
    "teacher_seed",
    "teacher_batch",
    "teacher_learning_rate",
    "teacher_weight_decay",
    "distil_weight",
    "temperature",
    "similarity_weight",
)
"""Fields that ask for distillation."""
RANGES: dict[str, dict[str, float]] = {
    "float_epochs": {"ge": 1},
    "batch": {"ge": 1},
    "teacher_batch": {"ge": 1},
    "learning_rate": {"gt": 0},
    "teacher_learning_rate": {"gt": 0},
    "teacher_weight_decay": {"ge": 0},
    "weight_decay": {"ge": 0},
    "teacher_seed": {"ge": 0},
    "shift": {"ge": 0},
    "rotate_deg": {"ge": 0, "le": 180},
    "cutout": {"ge": 0},
    "similarity_weight": {"ge": 0},
    "soft_share": {"ge": 0, "lt": 1},
    "ema_decay": {"ge": 0, "lt": 1},
    "latent_bound": {"gt": 0},
    "diversity_weight": {"ge": 0},
}
"""Ranges of the fields."""


def changed(recipe: Recipe, settings: dict[str, Any], others: list[str]) -> Recipe:
    """A recipe with changes.

    Parameters
    ----------
    recipe
        What is changed.
    settings
        Values of :data:`OWN_OPTION`; None leaves one as it is. A distillation weight of 0 stands for
        ``distil`` ``none``, and 0 non-zero MACs for no pruning.
    others
        ``NAME=VALUE`` for each of :data:`OTHER_FIELDS` to be changed.

    Raises
    ------
    EngramError
        If a name is unknown, or a value is none that the field takes.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    for key, value in given.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise EngramError(f"--{key.replace('_', '-')} must be a finite number, got {value}")
    if given.get("distil_weight") == 0:
        if given.get("distil", "none") != "none":
            raise EngramError(
                f"--distil {given['distil']} needs a --distil-weight above 0, got 0; "
                "leave one of them out, or use --distil none"
            )
        given["distil"] = "none"
    if given.get("macs_nonzero") == 0:
        given["macs_nonzero"] = None
    for text in others:
        name, value = _parsed(text)
        if name in given:
            raise EngramError(f"--recipe must name a field once, {name} came twice; leave one of them out")
        given[name] = value
    made = replace(recipe, **given)
    if made.distil == "none":
        _refuse_without_teacher({**settings, **given})
    if made.distil == "dynamic" and made.distil_weight > 1:
        raise EngramError(
            f"--distil dynamic needs a --distil-weight of at most 1, got {made.distil_weight}; "
            "it is a share of the loss"
        )
    return made


def _refuse_without_teacher(given: dict[str, Any]) -> None:
    """Nothing may be asked of a teacher that does not come."""
    for name in OF_DISTILLATION:
        if given.get(name):
            option = f"--recipe {name}" if name in OTHER_FIELDS else f"--{name.replace('_', '-')}"
            raise EngramError(
                f"{option} is about a teacher, there is none with --distil none, got {given[name]}; "
                "leave it out, or distil"
            )


def _parsed(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if name in OWN_OPTION:
        raise EngramError(f"--recipe {name} has an option of its own; use --{name.replace('_', '-')}")
    if not equals or name not in OTHER_FIELDS:
        raise EngramError(
            f"--recipe must be NAME=VALUE with a name of {', '.join(OTHER_FIELDS)}, got {text!r}"
        )
    kind = get_type_hints(Recipe)[name]
    limits: dict[str, Any] = {**RANGES.get(name, {}), **({"allow_inf_nan": False} if kind is float else {})}
    field: Any = Annotated[kind, Field(**limits)]
    try:
        return name, TypeAdapter(field).validate_python(value)
    except ValidationError as error:
        raise EngramError(f"--recipe {name}: {error.errors()[0]['msg']}, got {value!r}") from None
