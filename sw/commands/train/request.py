"""Options of ``engram train``, each declared once."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sw.commands.options.array import ArrayOptions
from sw.commands.options.declared import Recorded
from sw.commands.options.recipe import OTHER_FIELDS
from sw.console import SeedOption
from sw.data.dataset import NAMES
from sw.training.presets import DESIGNS, PRESETS

__all__ = ["Distil", "Request", "Templates"]


class Templates(StrEnum):
    """How the stored patterns are made."""

    learned = "learned"
    mean = "mean"
    kmeans = "kmeans"


class Distil(StrEnum):
    """How the student learns from the teacher."""

    none = "none"
    static = "static"
    dynamic = "dynamic"


@dataclass(frozen=True)
class Request:
    """Options as they were given; each says in its help what it does."""

    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            help=f"What a bundle of the zoo was made with: {', '.join(PRESETS)}. Brings data set, design, "
            "recipe and templates; other options change single ones, --data the images to learn.",
        ),
    ] = None
    list_presets: Annotated[
        bool,
        typer.Option("--list-presets", help="Print the presets, and train nothing."),
        Recorded.never,
    ] = False
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help=f"{', '.join(NAMES)}, or an .npz file of images or signals.",
            show_default="digits, or by preset",
        ),
    ] = None
    design: Annotated[
        str | None,
        typer.Option(
            "--design",
            help=f"Whose layers are used: {', '.join(DESIGNS)}, or a .toml file with layers of your own. "
            "Left out: the data set's own, or that of the nearest image size. Image size and classes always "
            "follow the data.",
        ),
        Recorded.by_name,
    ] = None
    templates: Annotated[
        Templates | None,
        typer.Option(
            "--templates",
            help="learned: trained with the network. mean, kmeans: made afterwards from the binarised "
            "features of each class.",
            show_default="learned, or by preset",
        ),
    ] = None
    templates_per_class: Annotated[
        int | None,
        typer.Option("--templates-per-class", min=1, show_default="by design, 1 for mean"),
    ] = None
    thresholds_per_feature: Annotated[
        int | None,
        typer.Option(
            "--thresholds-per-feature", min=1, help="Word-line bits per feature.", show_default="by design"
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, help="Epochs of the student.", show_default="by preset or data"),
    ] = None
    teacher: Annotated[
        str | None,
        typer.Option(
            "--teacher",
            help="A residual network, tiny, r8, r10, r18 or resnet50; or your own: a file ending in "
            ".pt2 or .onnx, or package.module:callable. Takes pixels 0..1, (N, C, H, W).",
            show_default="by image size, or by preset",
        ),
        Recorded.by_name,
    ] = None
    teacher_epochs: Annotated[
        int | None,
        typer.Option(
            "--teacher-epochs", min=1, help="Epochs of the teacher.", show_default="by preset or data"
        ),
    ] = None
    distil: Annotated[
        Distil | None,
        typer.Option(
            "--distil",
            help="none: labels only, no teacher. static: the teacher's answers with one weight and "
            "temperature. dynamic: both follow the student's progress and the teacher's certainty.",
            show_default="by preset or data",
        ),
    ] = None
    distil_weight: Annotated[
        float | None,
        typer.Option(
            "--distil-weight",
            min=0.0,
            help="Weight of the teacher's answers beside the labels; 0 trains without a teacher.",
            show_default="by preset or data",
        ),
    ] = None
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            min=0.1,
            help="Softens the teacher's answers; higher shows more of what it holds possible.",
            show_default="by preset or data",
        ),
    ] = None
    macs_nonzero: Annotated[
        int | None,
        typer.Option(
            "--macs-nonzero",
            min=0,
            help="Prune the student to so many multiply-accumulates with a weight that is not zero; 0 does "
            "not prune.",
            show_default="by preset or data",
        ),
    ] = None
    class_weights: Annotated[
        bool | None,
        typer.Option(
            "--class-weights",
            help="Let all classes count alike in training, however few images they have.",
            show_default="by preset or data",
        ),
    ] = None
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe",
            metavar="NAME=VALUE",
            help=f"Change another part of the recipe: {', '.join(OTHER_FIELDS)}. May be repeated.",
        ),
    ] = None
    noise_aware: Annotated[
        bool,
        typer.Option(
            "--noise-aware",
            help="Learn templates on programmed chips, made and read as the options of the array say.",
        ),
    ] = False
    array: ArrayOptions = field(default_factory=dict)
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Bundle to write.", show_default="runs/NAME.engram"),
        Recorded.never,
    ] = None
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            help="Folder of checkpoints, logs and curves; the same command goes on where it stopped.",
            show_default="runs/NAME-seedS-DIGEST, another one for all other settings",
        ),
        Recorded.never,
    ] = None
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Train anew; what the run folder holds of before is removed."),
        Recorded.never,
    ] = False
    seed: SeedOption = 0
