"""``engram train`` = ``python -m sw.distil``: from a data set to a bundle."""

import math
import re
import shlex
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.console import JsonOption, SeedOption, answer, messages, print_json, reports_errors
from sw.design import DesignPoint
from sw.errors import EngramError
from sw.presets import PRESETS

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.datasets import Dataset
    from sw.fit import Recipe

__all__ = ["design_for", "train"]


class Templates(StrEnum):
    """How the stored patterns are made."""

    learned = "learned"
    mean = "mean"
    kmeans = "kmeans"


@reports_errors
def train(
    data: Annotated[
        str,
        typer.Option("--data", help="digits, mnist, fashion-mnist, cifar10-grey, or an .npz file."),
    ] = "digits",
    design: Annotated[
        str | None,
        typer.Option(
            "--design",
            help=f"Preset whose layers are used: {', '.join(PRESETS)}. Left out: the data set's own, or that "
            "of the nearest image size. Image size and classes always follow the data.",
        ),
    ] = None,
    templates: Annotated[
        Templates,
        typer.Option(
            "--templates",
            help="learned: trained with the network. mean, kmeans: made afterwards from the binarised "
            "features of each class.",
        ),
    ] = Templates.learned,
    templates_per_class: Annotated[
        int | None,
        typer.Option("--templates-per-class", min=1, show_default="by design, 1 for mean"),
    ] = None,
    thresholds_per_feature: Annotated[
        int | None,
        typer.Option(
            "--thresholds-per-feature", min=1, help="Word-line bits per feature.", show_default="by design"
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, help="Epochs of the student.", show_default="by data set"),
    ] = None,
    teacher_epochs: Annotated[
        int | None,
        typer.Option("--teacher-epochs", min=1, help="Epochs of the teacher.", show_default="by data set"),
    ] = None,
    distil_weight: Annotated[
        float | None,
        typer.Option(
            "--distil-weight",
            min=0.0,
            help="Weight of the teacher's answers beside the labels; 0 trains without a teacher.",
            show_default="by data set",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            min=0.1,
            help="Softens the teacher's answers; higher shows more of what it holds possible.",
            show_default="by data set",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Bundle to write.", show_default="runs/NAME.engram"),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Train a classifier and write it as a bundle, *.engram.

    A teacher in full precision is trained first (and kept in the cache), then the same layers as the student
    in full precision for comparison, then the student: small integer weights and activations, features of one
    bit each, and binary templates that are compared with them. The bundle holds exact integers, with ideal
    cells; go on with 'engram evaluate', 'engram simulate' or 'engram build'.

    Checkpoints are chosen on the validation part; the test part is only measured. The same command and seed
    give the same file on one machine. Ctrl-C while the student trains writes the best epoch so far.
    """
    started = time.monotonic()
    from sw.datasets import load

    dataset = load(data)
    point = design_for(dataset, design)
    if templates is Templates.mean and templates_per_class is None:
        templates_per_class = 1
    changes = {"templates_per_class": templates_per_class, "thresholds_per_feature": thresholds_per_feature}
    point = point.with_(**{key: value for key, value in changes.items() if value is not None})
    target = output or Path("runs") / f"{point.name}.engram"
    if target.is_dir():
        raise EngramError(f"--output must be a file, got the folder {target}; add a name such as x.engram")

    messages.print("loading PyTorch", highlight=False)
    from sw import distil
    from sw.bundle import save

    settings: dict[str, Any] = {
        "epochs": epochs,
        "teacher_epochs": teacher_epochs,
        "distil_weight": distil_weight,
        "temperature": temperature,
    }
    recipe = _recipe(distil.recipe_for(dataset.name), settings)
    named = {
        "data": dataset.name,
        "design": design,
        "templates": None if templates is Templates.learned else templates.value,
        **changes,
        **settings,
        "seed": seed,
    }
    trained = distil.train(
        dataset, point, recipe, templates=templates.value, seed=seed, command=_command(named)
    )
    save(trained.bundle, target)
    seconds = time.monotonic() - started
    if json:
        print_json(_result(trained.bundle, target, seconds))
    else:
        _print_table(trained.bundle)
    messages.print(f"bundle written to {target} after {seconds:.0f} s", soft_wrap=True, highlight=False)
    if not trained.finished:
        raise typer.Exit(130)


def design_for(dataset: "Dataset", preset: str | None) -> DesignPoint:
    """Design of a data set: a preset's layers with the data's image size and classes.

    Parameters
    ----------
    dataset
        Gives name, image size, classes.
    preset
        Name in :data:`sw.presets.PRESETS`; None takes the data set's own, or that of the nearest image size.

    Raises
    ------
    EngramError
        If the preset is unknown or its layers do not fit the image size.
    """
    height, width = dataset.x_train.shape[1:]
    if preset is None:
        preset = dataset.name
        if preset not in PRESETS:
            preset = min(
                PRESETS,
                key=lambda name: abs(math.log(height * width / (PRESETS[name].height * PRESETS[name].width))),
            )
    if preset not in PRESETS:
        raise EngramError(f"--design must be one of {', '.join(PRESETS)}, got {preset!r}")
    stem = dataset.name.removesuffix(".npz")
    name = re.sub(r"[^A-Za-z0-9._-]", "-", stem)[:64].lstrip("._-") or "unnamed"
    return PRESETS[preset].with_(name=name, height=height, width=width, classes=dataset.classes)


def _recipe(default: "Recipe", settings: dict[str, Any]) -> "Recipe":
    """The data set's recipe with the settings that were given."""
    for key, value in settings.items():
        if value is not None and not math.isfinite(value):
            raise EngramError(f"--{key.replace('_', '-')} must be a finite number, got {value}")
    return replace(default, **{key: value for key, value in settings.items() if value is not None})


def _command(named: dict[str, object]) -> str:
    """The command line that makes the same bundle again; a file by its name, not its place."""
    words = ["engram", "train"]
    for key, value in named.items():
        if value is not None:
            words += [f"--{key.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _result(bundle: "Bundle", target: Path, seconds: float) -> dict[str, object]:
    metrics = bundle.provenance.metrics
    return {
        "bundle": str(target),
        "digest": bundle.digest,
        "accuracy": {name: metrics[f"test.{name}"] for name in ("float", "quantised", "ideal")},
        "validation": {name: metrics[f"validation.{name}"] for name in ("float", "quantised", "ideal")},
        "macs": bundle.design.macs,
        "weights": bundle.design.weights,
        "features": bundle.design.features,
        "templates": bundle.design.templates,
        "command": bundle.provenance.command,
        "seconds": seconds,
    }


def _print_table(bundle: "Bundle") -> None:
    from rich.table import Table

    design, metrics = bundle.design, bundle.provenance.metrics
    table = Table(title=f"{design.name}: accuracy")
    for heading in ("", "validation", "test"):
        table.add_column(heading, justify="left" if not heading else "right")
    for key, label in (
        ("float", "full precision, dense head"),
        ("quantised", "quantised, as trained"),
        ("ideal", "integers, ideal array"),
    ):
        table.add_row(label, *(f"{metrics[f'{part}.{key}']:.2%}" for part in ("validation", "test")))
    answer.print(table)
    answer.print(
        f"{design.macs:,} MAC, {design.weights:,} weights, {design.features} features, "
        f"{design.templates} templates",
        highlight=False,
    )
