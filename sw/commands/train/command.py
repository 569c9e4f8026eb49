"""``engram train`` = ``python -m sw.distil``: from a data set to a bundle."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sw.commands.options.array import Array, takes_array
from sw.commands.options.noise import chips_of_training, given_options
from sw.commands.options.recipe import OTHER_FIELDS
from sw.commands.train.plan import Plan, plan_of
from sw.commands.train.report import draw, print_presets, print_table, result_of
from sw.console import JsonOption, SeedOption, messages, print_json, reports_errors
from sw.errors import EngramError
from sw.training.presets import DESIGNS, PRESETS, preset_named

__all__ = ["train"]


GOES_ON = "the same command goes on from the last checkpoint"


class Templates(StrEnum):
    """How the stored patterns are made."""

    learned = "learned"
    mean = "mean"
    kmeans = "kmeans"


class Distil(StrEnum):
    """What the student hears of the teacher."""

    none = "none"
    static = "static"
    dynamic = "dynamic"


@reports_errors
@takes_array
def train(
    context: typer.Context,
    array: Array,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            help=f"What a bundle of the zoo was made with: {', '.join(PRESETS)}. Brings data set, design, "
            "recipe and templates; other options change single ones.",
        ),
    ] = None,
    list_presets: Annotated[
        bool, typer.Option("--list-presets", help="Print the presets, and train nothing.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="digits, mnist, fashion-mnist, cifar10-grey, or an .npz file.",
            show_default="digits, or by preset",
        ),
    ] = None,
    design: Annotated[
        str | None,
        typer.Option(
            "--design",
            help=f"Whose layers are used: {', '.join(DESIGNS)}. Left out: the data set's own, or that "
            "of the nearest image size. Image size and classes always follow the data.",
        ),
    ] = None,
    templates: Annotated[
        Templates | None,
        typer.Option(
            "--templates",
            help="learned: trained with the network. mean, kmeans: made afterwards from the binarised "
            "features of each class.",
            show_default="learned, or by preset",
        ),
    ] = None,
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
        typer.Option("--epochs", min=1, help="Epochs of the student.", show_default="by preset or data"),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            "--teacher",
            help="A residual network, tiny, r8, r10, r18 or resnet50; or your own: a file ending in .pt2 or "
            ".onnx, or package.module:callable. Takes pixels 0..1, (N, 1, H, W).",
            show_default="by image size, or by preset",
        ),
    ] = None,
    teacher_epochs: Annotated[
        int | None,
        typer.Option(
            "--teacher-epochs", min=1, help="Epochs of the teacher.", show_default="by preset or data"
        ),
    ] = None,
    distil: Annotated[
        Distil | None,
        typer.Option(
            "--distil",
            help="none: labels only, no teacher. static: the teacher's answers with one weight and "
            "temperature. dynamic: both follow the student's progress and the teacher's certainty.",
            show_default="by preset or data",
        ),
    ] = None,
    distil_weight: Annotated[
        float | None,
        typer.Option(
            "--distil-weight",
            min=0.0,
            help="Weight of the teacher's answers beside the labels; 0 trains without a teacher.",
            show_default="by preset or data",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            min=0.1,
            help="Softens the teacher's answers; higher shows more of what it holds possible.",
            show_default="by preset or data",
        ),
    ] = None,
    macs_nonzero: Annotated[
        int | None,
        typer.Option(
            "--macs-nonzero",
            min=0,
            help="Prune the student to so many multiply-accumulates with a weight that is not zero; 0 does "
            "not prune.",
            show_default="by preset or data",
        ),
    ] = None,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe",
            metavar="NAME=VALUE",
            help=f"Change another part of the recipe: {', '.join(OTHER_FIELDS)}. May be repeated.",
        ),
    ] = None,
    noise_aware: Annotated[
        bool,
        typer.Option(
            "--noise-aware",
            help="Learn templates on programmed chips, made and read as the options of the array say.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Bundle to write.", show_default="runs/NAME.engram"),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            help="Folder of checkpoints, logs and curves; the same command goes on where it stopped.",
            show_default="runs/NAME-seedS-DIGEST, another one for all other settings",
        ),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Train anew; what the run folder holds of before is removed.")
    ] = False,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Train a classifier and write it as a bundle, *.engram.

    A teacher in full precision is trained first (and kept in the cache), then the same layers as the student
    in full precision for comparison, then the student: small integer weights and activations, features of one
    bit each, and binary templates that are compared with them. The bundle holds exact integers, with ideal
    cells; go on with 'engram evaluate', 'engram simulate' or 'engram build'.

    Epochs are chosen on the validation part, with the ideal array; the test part is only measured. The same
    command and seed give the same file on one machine, in one piece or in several: whatever ends a training,
    the same command goes on from the last checkpoint in its run folder. Ctrl-C while the student trains also
    writes the best epoch so far. The folder has a log of each network (teacher.csv, float.csv, student.csv)
    and their picture, curves.png.
    """
    if list_presets:
        print_presets(json)
        return
    method = preset_named(preset).templates if preset and not templates else templates or Templates.learned
    chips = chips_of_training(noise_aware, array, given_options(context.params), method == "learned")
    plan = plan_of(
        preset,
        data,
        design,
        templates.value if templates else None,
        {"templates_per_class": templates_per_class, "thresholds_per_feature": thresholds_per_feature},
        {
            "epochs": epochs,
            "teacher": teacher,
            "teacher_epochs": teacher_epochs,
            "distil": distil.value if distil else None,
            "distil_weight": distil_weight,
            "temperature": temperature,
            "macs_nonzero": macs_nonzero,
        },
        recipe or [],
        seed,
        chips,
    )
    target = output or plan.bundle
    if target.is_dir():
        raise EngramError(f"--output must be a file, got the folder {target}; add a name such as x.engram")
    _train(plan, target, run, restart, json)


def _train(plan: Plan, target: Path, chosen: Path | None, restart: bool, json: bool) -> None:
    messages.print("loading PyTorch", highlight=False)
    from sw.bundle import save
    from sw.training import train as distil
    from sw.training.run.folder import BUNDLE, RunFolder

    folder = chosen or plan.folder
    with RunFolder(folder, plan.identity, restart=restart) as run:
        _say(f"checkpoints and logs in {folder}" + _state(run))
        try:
            trained = distil.train(
                plan.dataset,
                plan.design,
                plan.recipe,
                templates=plan.templates,
                seed=plan.seed,
                step=plan.step,
                noise=plan.noise,
                run=run,
            )
        except KeyboardInterrupt:
            if run.begun:
                _say(GOES_ON)
            raise
        save(trained.bundle, target)
        save(trained.bundle, folder / BUNDLE)
        curves = draw(run, plan)
        result = result_of(plan, trained, target, run, curves)
        if trained.finished:
            run.finish(result)
    if json:
        print_json(result)
    else:
        print_table(trained.bundle)
    _say(f"bundle written to {target} after {run.seconds:.0f} s, curves to {curves}")
    if not trained.finished:
        _say(GOES_ON)
        raise typer.Exit(130)


def _state(run: Any) -> str:
    if run.finished:
        return ": trained to the end before, nothing is trained again without --restart"
    return ", goes on from there" if run.begun else ""


def _say(text: str) -> None:
    messages.print(text, soft_wrap=True, highlight=False)
