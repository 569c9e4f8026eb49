"""From a data set to a bundle: teacher, full-precision twin, quantised student with its templates, export.

``python -m sw.distil`` is ``engram train``.
"""

from dataclasses import dataclass

import numpy as np
import torch

from sw.bundle import Bundle
from sw.bundle.provenance import Provenance, Step
from sw.data.parts import Dataset
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.progress import SILENT, Listener
from sw.reference import pipeline
from sw.reference.array_state import ArrayState
from sw.rram.devices.device import Device
from sw.rram.effects.conditions import Conditions
from sw.templates.clusters import kmeans_templates, mean_templates
from sw.training.determinism import deterministic
from sw.training.loop.fit import fit
from sw.training.loop.trainable import Split, accuracy, in_chunks
from sw.training.presets import Method
from sw.training.recipe import Recipe
from sw.training.run.folder import RunFolder
from sw.training.student.export import export
from sw.training.student.float_twin import FloatTwin
from sw.training.student.heads import TemplateHead
from sw.training.student.network import Student
from sw.training.student.noise_aware import TrainingChips
from sw.training.student.trainee import Trainee
from sw.training.teacher.answers import TeacherTargets, teacher_targets
from sw.training.teacher.residual import default_name

__all__ = ["Trained", "train"]

VERSION = 5
"""To be raised when the same arguments train another student, so that no earlier run is resumed."""
FLOAT_WEIGHT_DECAY = 0.02
LAYOUT = torch.channels_last
"""Of twin and student in memory: the channels of a pixel side by side. A step of the wider presets takes a
fifth to a third less time so on a CPU, one of the narrow ones about as long."""


@dataclass(frozen=True)
class Trained:
    """A bundle, and whether all epochs of the student ran (False after Ctrl-C); what its teacher answered."""

    bundle: Bundle
    finished: bool
    teacher: TeacherTargets | None = None


def train(
    dataset: Dataset,
    design: DesignPoint,
    recipe: Recipe,
    *,
    templates: Method = "learned",
    seed: int = 0,
    step: Step | None = None,
    noise: tuple[Device, Conditions] | None = None,
    run: RunFolder | None = None,
    listener: Listener = SILENT,
) -> Trained:
    """Train everything and export a bundle with ideal cells.

    The same arguments give the same bytes on one machine. No epoch is chosen, every network is kept as it is
    at its end; validation and test part are only measured.

    Parameters
    ----------
    dataset
        Images and labels.
    design
        Sizes; must fit the images and classes.
    recipe
        How long and how.
    templates
        ``learned`` with the student, or ``mean`` or ``kmeans`` of the binarised features of a student that
        was trained with a dense head.
    seed
        Seed of everything random but the teacher, which has its own in the recipe.
    step
        Recorded in the bundle as what made it; None for a training that no command asked for.
    noise
        Device and conditions of the chips that learned templates are programmed into during training
        (:mod:`sw.training.student.noise_aware`); None trains for the ideal array.
    run
        Folder that keeps checkpoints and logs; a training that stopped there goes on.
    listener
        Hears of every network that is trained.

    Returns
    -------
    Trained
        Metrics ``validation.*`` and ``test.*`` are in its provenance: ``float`` is the full-precision twin,
        ``quantised`` the student with the head it was trained with, ``ideal`` the integer reference.

    Raises
    ------
    EngramError
        If design, data and options do not fit together.
    KeyboardInterrupt
        If Ctrl-C came before an epoch of the student had ended in its last phase.
    """
    _check(dataset, design, recipe, templates)
    chips = None if noise is None else TrainingChips(design, *noise, seed=seed)
    with deterministic(seed):
        Student(design)  # refuses what it cannot compute exactly, before the teacher takes its time
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parts = {name: Split.of(part.images, part.labels, device) for name, part in dataset.parts.items()}
    fitted = parts["train"], parts["validation"]
    targets = None
    if recipe.distil != "none":
        with deterministic(recipe.teacher_seed):
            targets = teacher_targets(
                *fitted,
                dataset.classes,
                recipe,
                dataset.digest,
                source=recipe.teacher or default_name(design.height, design.width),
                run=run.part("teacher") if run else None,
                listener=listener,
            )
    with deterministic(seed):
        twin = FloatTwin(design).to(device, memory_format=LAYOUT)  # type: ignore[call-overload]
        if not fit(
            twin,
            *fitted,
            recipe,
            recipe.float_epochs,
            label="float twin",
            targets=targets,
            weight_decay=FLOAT_WEIGHT_DECAY,
            run=run.part("float") if run else None,
            listener=listener,
        ):
            raise KeyboardInterrupt
    with deterministic(seed):
        model = Trainee(design, templates == "learned", recipe, chips)
        model.to(device, memory_format=LAYOUT)  # type: ignore[call-overload]
        finished = fit(
            model,
            *fitted,
            recipe,
            recipe.epochs,
            label="student",
            targets=targets,
            weight_decay=recipe.weight_decay,
            run=run.part("student") if run else None,
            listener=listener,
        )
        if not finished:
            listener.warn("interrupted: the last whole epoch is kept")
            step = step and step.model_copy(update={"interrupted": True})
        made = Provenance(data=dataset.origin, steps=() if step is None else (step,))
        bundle = _assemble(model, dataset, design, templates, seed, made)
        metrics = {}
        for name in ("validation", "test"):
            part = parts[name]
            with listener.waiting(f"measuring the {name} part by the integer reference"):
                metrics[f"{name}.float"] = accuracy(twin, part)
                metrics[f"{name}.quantised"] = accuracy(model, part)
                levels = pipeline.levels_of(bundle, part.images.cpu().numpy())
                right = pipeline.classify(bundle, levels) == part.labels.cpu().numpy()
                metrics[f"{name}.ideal"] = float(right.mean())
    return Trained(bundle.with_(provenance=made.model_copy(update={"metrics": metrics})), finished, targets)


def _assemble(
    model: Trainee, dataset: Dataset, design: DesignPoint, method: Method, seed: int, made: Provenance
) -> Bundle:
    """Export the student and make the templates."""
    frontend, thresholds = export(model.student, design)
    if isinstance(model.head, TemplateHead):
        stored = model.head.templates()
    else:
        with torch.no_grad():
            images = torch.from_numpy(dataset.train.images).to(model.student.quantiser.offset.device)
            bits = in_chunks(model.student, images).cpu().numpy().astype(np.uint8)
        if method == "mean":
            stored = mean_templates(bits, dataset.train.labels, dataset.classes)
        else:
            count = design.templates_per_class
            stored = kmeans_templates(bits, dataset.train.labels, dataset.classes, count, seed)
    return Bundle(
        design=design,
        frontend=frontend,
        feature_thresholds=thresholds,
        templates=stored,
        array=ArrayState.ideal(stored, design),
        provenance=made,
        inputs=dataset.inputs,
    )


def _check(dataset: Dataset, design: DesignPoint, recipe: Recipe, templates: Method) -> None:
    """Refuse parts that do not fit together before hours are spent; raises EngramError."""
    size, wanted = dataset.size, design.image_size
    if size != wanted or dataset.classes != design.classes:
        raise EngramError(
            f"design {design.name!r} is for {design.classes} classes of {wanted.words}, data "
            f"{dataset.name!r} "
            f"has {dataset.classes} of {size.words}; use one that fits"
        )
    if design.cell_bits != 1 or design.adc_bits is not None:
        raise EngramError(
            f"training makes ideal cells: cell_bits must be 1 and adc_bits none, got {design.cell_bits} and "
            f"{design.adc_bits}; program the bundle with a device model afterwards"
        )
    if recipe.macs_nonzero is not None:
        _check_pruning(design, recipe.macs_nonzero)
    count = design.templates_per_class
    if templates == "mean" and count != 1:
        raise EngramError(
            f"--templates mean makes one template per class, got templates_per_class {count}; "
            "use 1, or --templates kmeans"
        )
    fewest = int(np.bincount(dataset.train.labels).min())
    if templates == "kmeans" and fewest < count:
        raise EngramError(
            f"--templates kmeans needs at least {count} training images of every class, got {fewest}; "
            "use fewer --templates-per-class"
        )


def _check_pruning(design: DesignPoint, budget: int) -> None:
    """Whether a design can be pruned to so many multiply-accumulates; raises EngramError."""
    if any(layer.learns and layer.weight_bits == 1 for layer in design.layers):
        raise EngramError(
            f"1-bit weights are -1 or +1 and cannot be pruned, got macs_nonzero {budget}; "
            "leave it out, or use weights of 2 bits or more"
        )
    # one weight of every layer: without, nothing of an image comes through
    fewest = sum(
        shape.outputs[1] * shape.outputs[2]
        for layer, shape in zip(design.layers, design.layer_shapes, strict=True)
        if layer.learns
    )
    if not fewest <= budget < design.macs:
        raise EngramError(
            f"macs_nonzero must be from {fewest}, one weight of every layer, to below the {design.macs} of "
            f"design {design.name!r}, got {budget}; leave it out to keep all weights"
        )
