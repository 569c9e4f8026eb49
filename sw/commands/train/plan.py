"""What ``engram train`` is to train: from a preset, or a data set and a design, with what options change."""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sw.bundle.provenance import Step
from sw.commands.options.recipe import changed
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.rram.chip.record import flat
from sw.training.presets import DESIGNS, Method, preset_named, recipe_for
from sw.training.recipe import Recipe
from sw.version import engram_version, versions_with

if TYPE_CHECKING:
    from sw.commands.options.array import Array
    from sw.data.parts import Dataset

__all__ = ["Plan", "design_for", "plan_of"]

RUNS = Path("runs")
LIBRARIES = ("numpy", "torch", "brevitas")
"""What every training computes with; k-means comes from scikit-learn."""
DIGITS_OF_RUN = 8
"""Hexadecimal digits of a run's identity in the name of its folder."""


@dataclass(frozen=True)
class Plan:
    """A training, all of it decided.

    Attributes
    ----------
    name
        Of its files: the preset's, or the design's.
    dataset, design, recipe, templates, noise, seed
        As :func:`sw.training.train.train` takes them.
    step
        What the bundle records of its making: the options that give the same bundle, a file by its name, not
        its place.
    """

    name: str
    dataset: "Dataset"
    design: DesignPoint
    recipe: Recipe
    templates: Method
    noise: "Array | None"
    seed: int
    step: Step

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a run to be gone on with; a teacher's file by its content."""
        import torch

        from sw.training.teacher.foreign import content_digest
        from sw.training.train import VERSION

        recipe = asdict(self.recipe)
        if self.recipe.teacher is not None:
            recipe["teacher"] = content_digest(self.recipe.teacher) or self.recipe.teacher
        return {
            "engram": engram_version(),
            "torch": torch.__version__,
            "device": "cuda" if torch.cuda.is_available() else "cpu",
            "training": VERSION,
            "data": self.dataset.digest,
            "design": self.design.description(),
            "recipe": recipe,
            "templates": self.templates,
            "noise": self.noise and {name: flat("", part) for name, part in self.noise._asdict().items()},
            "seed": self.seed,
        }

    @property
    def bundle(self) -> Path:
        """Where the bundle goes unless the user says where."""
        return RUNS / f"{self.name}.engram"

    @property
    def folder(self) -> Path:
        """Where the run is kept unless the user says where: another folder for every identity."""
        text = json.dumps(self.identity, sort_keys=True)
        mark = hashlib.sha256(text.encode()).hexdigest()[:DIGITS_OF_RUN]
        return RUNS / f"{self.name}-seed{self.seed}-{mark}"


def plan_of(
    preset: str | None,
    data: str | None,
    design: str | None,
    templates: Method | None,
    sizes: dict[str, int | None],
    settings: dict[str, Any],
    others: list[str],
    seed: int,
    noise: "tuple[Array | None, dict[str, Any]]" = (None, {}),
) -> Plan:
    """Decide everything; loads the data set.

    Parameters
    ----------
    preset
        Name in :data:`sw.training.presets.PRESETS`, which brings its data set and design; None goes by
        `data`.
    data
        Name or file of the data set; None is ``digits``.
    design
        Name in :data:`sw.training.presets.DESIGNS`; None is the data set's own.
    templates
        None is the preset's, or ``learned``.
    sizes
        Fields of the design in place of what they would be; None leaves them.
    settings, others
        Changes of the recipe, see :func:`sw.commands.options.recipe.changed`.
    seed
        Of everything random.
    noise
        What :func:`sw.commands.options.noise.chips_of_training` gives.

    Raises
    ------
    EngramError
        If a name is unknown, or options do not fit together.
    """
    from sw.data.dataset import load

    chosen = None if preset is None else preset_named(preset)
    for option, value in (("--data", data), ("--design", design)):
        if chosen is not None and value is not None:
            raise EngramError(
                f"--preset {preset} brings its own data set, {chosen.data}, and its own design; "
                f"leave {option} out, or give --data and --design without --preset"
            )
    usual: Method = chosen.templates if chosen else "learned"
    if templates == "mean" and sizes["templates_per_class"] is None:
        sizes = {**sizes, "templates_per_class": 1}
    if chosen is None:
        dataset = load(data or "digits")
        point, recipe = design_for(dataset, design), recipe_for(dataset.name)
    else:
        dataset = load(chosen.data)
        point, recipe = chosen.design, chosen.recipe
    teacher = settings.get("teacher")
    named = {
        "preset": preset,
        "data": dataset.name if chosen is None else None,
        "design": design,
        "templates": None if templates == usual else templates,
        **sizes,
        **settings,
        "teacher": teacher and Path(teacher).name,
        "recipe": others,
        **noise[1],
    }
    libraries = (*LIBRARIES, "scikit-learn") if (templates or usual) == "kmeans" else LIBRARIES
    point = point.with_(**{key: value for key, value in sizes.items() if value is not None})
    return Plan(
        name=preset or point.name,
        dataset=dataset,
        design=point,
        recipe=changed(recipe, settings, others),
        templates=templates or usual,
        noise=noise[0],
        seed=seed,
        step=Step.of("train", named, seed, versions_with(*libraries)),
    )


def design_for(dataset: "Dataset", name: str | None) -> DesignPoint:
    """Design of a data set: the layers of a known one, with the data's image size and classes.

    Parameters
    ----------
    dataset
        Gives name, image size, classes.
    name
        Of :data:`sw.training.presets.DESIGNS`; None takes the data set's own, or that of the nearest image
        size.

    Raises
    ------
    EngramError
        If the name is unknown or its layers do not fit the image size.
    """
    height, width = dataset.train.images.shape[1:]
    if name is None:
        name = dataset.name
        if name not in DESIGNS:
            name = min(
                DESIGNS,
                key=lambda each: abs(math.log(height * width / (DESIGNS[each].height * DESIGNS[each].width))),
            )
    if name not in DESIGNS:
        raise EngramError(f"--design must be one of {', '.join(DESIGNS)}, got {name!r}")
    stem = dataset.name.removesuffix(".npz")
    label = re.sub(r"[^A-Za-z0-9._-]", "-", stem)[:64].lstrip("._-") or "unnamed"
    return DESIGNS[name].with_(name=label, height=height, width=width, classes=dataset.classes)
