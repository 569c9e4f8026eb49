"""The plan of ``engram train``: a preset, or a data set and a design, with the changes that options make."""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sw.bundle.provenance import Step
from sw.commands.options.array import Array, chosen_array
from sw.commands.options.declared import step_of
from sw.commands.options.noise import chips_of_training
from sw.commands.options.recipe import OWN_OPTION, changed
from sw.commands.train.request import Request, Templates
from sw.console import terminal
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.rram.chip.record import flat
from sw.texts import read_toml
from sw.training.presets import BY_SIZE, DESIGNS, Method, preset_named, recipe_for
from sw.training.recipe import Recipe
from sw.validation import validated
from sw.version import engram_version, versions_with

if TYPE_CHECKING:
    from sw.data.parts import Dataset

__all__ = ["SIZES", "Plan", "design_for", "design_of_file", "plan_of"]

SIZES = ("templates_per_class", "thresholds_per_feature")
"""Options that change the design."""
RUNS = Path("runs")
LIBRARIES = ("numpy", "torch", "brevitas")
"""Libraries whose versions every training depends on; k-means comes from scikit-learn."""
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
    noise: Array | None
    seed: int
    step: Step

    @property
    def identity(self) -> dict[str, Any]:
        """What two runs must have in common for one to resume the other; a teacher's file by its content."""
        import torch

        from sw.training.teacher.foreign import content_digest
        from sw.training.train import VERSION

        recipe = asdict(self.recipe)
        if not recipe["class_weights"]:  # a run that began before there were weights goes on
            del recipe["class_weights"]
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
        """Folder of the run unless the user names one: another folder for every identity."""
        text = json.dumps(self.identity, sort_keys=True)
        mark = hashlib.sha256(text.encode()).hexdigest()[:DIGITS_OF_RUN]
        return RUNS / f"{self.name}-seed{self.seed}-{mark}"


def plan_of(request: Request, array: Array | None = None) -> Plan:
    """Decide everything; loads the data set.

    Parameters
    ----------
    request
        Preset, or data and design, with what is to be different. A preset brings its design, and its data
        set if there is no other; without one, no data set is ``digits``, and no design is the data set's own.
    array
        The array that the options in `request` describe; None is the array without any.

    Raises
    ------
    EngramError
        If a name is unknown, or options do not fit together.
    """
    from sw.data.dataset import load

    preset = request.preset
    chosen = None if preset is None else preset_named(preset)
    usual: Method = chosen.templates if chosen else "learned"
    templates: Method = request.templates.value if request.templates else usual
    learned = templates == "learned"
    noise = chips_of_training(request.noise_aware, array or chosen_array(), request.array, learned)
    if chosen is not None and request.design is not None:
        raise EngramError(
            f"--preset {preset} brings its own design; leave --design out, or give --design without --preset"
        )
    if request.templates is Templates.mean and request.templates_per_class is None:
        request = replace(request, templates_per_class=1)
    if chosen is None:
        dataset = load(request.data or "digits", terminal)
        point, recipe = design_for(dataset, request.design), recipe_for(dataset)
    else:
        dataset = load(request.data or chosen.data, terminal)
        point = chosen.design.with_(**dataset.size._asdict(), classes=dataset.classes)
        recipe = chosen.recipe
    sizes = {name: getattr(request, name) for name in SIZES}
    point = point.with_(**{name: size for name, size in sizes.items() if size is not None})
    settings = {name: getattr(request, name) for name in OWN_OPTION}
    settings["distil"] = request.distil.value if request.distil else None
    said = replace(
        request,
        data=None if chosen and request.data in (None, chosen.data) else dataset.name,
        templates=None if templates == usual else request.templates,
        recipe=request.recipe or None,
    )
    libraries = (*LIBRARIES, "scikit-learn") if templates == "kmeans" else LIBRARIES
    return Plan(
        name=preset or point.name,
        dataset=dataset,
        design=point,
        recipe=changed(recipe, settings, request.recipe or []),
        templates=templates,
        noise=noise,
        seed=request.seed,
        step=step_of("train", said, versions_with(*libraries)),
    )


def design_for(dataset: "Dataset", name: str | None) -> DesignPoint:
    """Design of a data set: the layers of a known one, with the data's image size and classes.

    Parameters
    ----------
    dataset
        Gives name, image size, classes.
    name
        Of :data:`sw.training.presets.DESIGNS`, or of a ``*.toml`` file, see :func:`design_of_file`; None
        takes the data set's own, or that of the nearest image size.

    Raises
    ------
    EngramError
        If the name is unknown, the file cannot be used, or its layers do not fit the image size.
    """
    size = dataset.size
    if name is not None and name.endswith(".toml"):
        return design_of_file(Path(name), dataset)
    if name is None:
        name = dataset.name
        if name not in DESIGNS:
            name = min(
                BY_SIZE,
                key=lambda each: abs(
                    math.log(size.height * size.width / (DESIGNS[each].height * DESIGNS[each].width))
                ),
            )
    if name not in DESIGNS:
        raise EngramError(
            f"--design must be one of {', '.join(DESIGNS)} or a file ending in .toml, got {name!r}"
        )
    label = _label(dataset.name.removesuffix(".npz"))
    return DESIGNS[name].with_(name=label, **size._asdict(), classes=dataset.classes)


def design_of_file(path: Path, dataset: "Dataset") -> DesignPoint:
    """Design of a TOML file, named as the file is.

    It has ``[[layers]]``, first to last, with the fields of :class:`sw.design.layer.Layer`, and before them
    any field of :class:`sw.design.point.DesignPoint` but those that follow the data.

    Raises
    ------
    EngramError
        If the file cannot be read, has no layers, an unknown field, or one that follows the data; if layers
        do not fit each other or the image size.
    """
    table, of_data = read_toml(path), {**dataset.size._asdict(), "classes": dataset.classes}
    for field in ("name", *of_data):
        if field in table:
            raise EngramError(
                f"{path}: leave {field} out: a design is named as its file, and its images and classes are "
                "those of the data"
            )
    known = [field for field in DesignPoint.model_fields if field not in ("name", *of_data)]
    for field in table:
        if field not in known:
            raise EngramError(f"{path}: unknown key {field!r}; known: {', '.join(known)}")
    if not table.get("layers"):
        raise EngramError(f'{path} must have [[layers]], such as kind = "conv3x3" with out_channels = 8')
    return validated(DesignPoint, {**table, "name": _label(path.stem), **of_data}, str(path))


def _label(text: str) -> str:
    """A name of characters that a design may have."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:64].lstrip("._-") or "unnamed"
