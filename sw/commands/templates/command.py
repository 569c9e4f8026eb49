"""``engram templates``: other templates for a trained bundle, whose front end stays."""

import functools
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sw.console import (
    BundleArgument,
    JsonOption,
    SeedOption,
    answer,
    print_json,
    reports_errors,
    terminal,
)
from sw.data.of_bundle import dataset_of
from sw.errors import EngramError
from sw.files import check_target

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.evaluation.classes import ClassReport
    from sw.templates.maker import Learn, Remade

__all__ = ["templates"]

LIBRARIES = ("numpy", "scikit-learn")
"""Libraries whose versions templates depend on."""


HEADINGS = {"ideal": "ideal array"}
"""Of the columns of recalls."""


class Kinds(StrEnum):
    """How the stored patterns are made."""

    keep = "keep"
    mean = "mean"
    kmeans = "kmeans"
    window = "window"
    learned = "learned"


class Origins(StrEnum):
    """Where the thresholds of the features come from."""

    learned = "learned"
    mean = "mean"
    median = "median"


@reports_errors
def templates(
    bundle: BundleArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The bundle to write; with --study a folder for its files.")
    ],
    kind: Annotated[
        Kinds | None,
        typer.Option(
            "--kind",
            help="keep: as stored. mean: what at least half of a class's images have. kmeans: what at "
            "least half of a cluster's images have. window: windows of levels for analogue CAM cells. "
            "learned: trained from those of kmeans while the front end stays, in minutes.",
            show_default="kmeans",
        ),
    ] = None,
    per_class: Annotated[
        str | None,
        typer.Option(
            "--per-class",
            metavar="N|auto",
            help="Templates of each class; auto: the number from 2 to 10 with the best silhouette, mean over "
            "the classes.",
            show_default="as many, 1 for mean",
        ),
    ] = None,
    thresholds: Annotated[
        int | None,
        typer.Option(
            "--thresholds",
            min=1,
            help="Thresholds per feature; of learned ones so many are kept, for 1 the middle one. Windows "
            "need 1, 3, 7 or 15.",
            show_default="all that fit, 1 for means",
        ),
    ] = None,
    thresholds_by: Annotated[
        Origins,
        typer.Option(
            "--thresholds-by",
            help="learned: those of the bundle. mean: each feature's mean over the training images. median: "
            "its median, for several thresholds its quantiles.",
        ),
    ] = Origins.learned,
    rows: Annotated[
        int | None, typer.Option("--rows", min=1, help="Word-line pairs of a tile.", show_default="as many")
    ] = None,
    cols: Annotated[
        int | None, typer.Option("--cols", min=1, help="Match lines of a tile.", show_default="as many")
    ] = None,
    cols_per_adc: Annotated[
        int | None,
        typer.Option("--cols-per-adc", min=1, help="Match lines that share an ADC.", show_default="as many"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Data set or .npz file.", show_default="what the bundle was trained on"),
    ] = None,
    study: Annotated[
        bool,
        typer.Option(
            "--study",
            help="Write no bundle but storage.csv and storage.png: bits and accuracy of every kind of "
            "templates, with 1 and --per-class (3 if left out) of each class and several numbers of "
            "thresholds.",
        ),
    ] = False,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Make the templates of a trained or imported bundle anew from its training images and write a bundle.

    The front end stays; templates, their number, their kind of cell, the thresholds of the features and the
    array's sizes change. The new bundle has ideal cells. What is to be chosen is chosen on the validation
    part; the test part is only measured.
    """
    started = time.monotonic()
    from sw.bundle import open_bundle, save
    from sw.bundle.provenance import Step, recorded_name
    from sw.commands.templates.storage import print_storage, run_storage
    from sw.evaluation.classes import classes_of
    from sw.templates.maker import Maker
    from sw.templates.sizes import AUTO, design_for
    from sw.version import versions_with

    trained, number = open_bundle(bundle), _per_class(per_class)
    array = {"rows": rows, "cols": cols, "cols_per_adc": cols_per_adc}
    named = {
        "kind": kind.value if kind else None,
        "per-class": number,
        "thresholds": thresholds,
        "thresholds-by": None if thresholds_by is Origins.learned else thresholds_by.value,
        **array,
    }
    if study:
        several = _several(named)
        dataset, _ = dataset_of(trained, data, terminal)
        maker = Maker(trained, dataset, seed=seed, stage=terminal.stage)
        found, files = run_storage(maker, several, output)
        if json:
            seconds = time.monotonic() - started
            print_json(
                {"bundle": bundle, "rows": found, "files": [str(path) for path in files], "seconds": seconds}
            )
        else:
            print_storage(found, f"{trained.design.name}: storage and accuracy with the ideal array")
        for path in files:
            terminal.say(f"written to {path}")
        return
    kind = kind or Kinds.kmeans
    named["kind"] = kind.value
    sizes = {name: size for name, size in array.items() if size is not None}
    design = design_for(trained.design, kind.value, thresholds, number, sizes, thresholds_by.value)
    check_target(output)
    dataset, _ = dataset_of(trained, data, terminal)
    options = {**named, "data": data and Path(data).name}
    learns = kind is Kinds.learned
    versions = versions_with(*LIBRARIES, *(("torch",) if learns else ()))
    step = Step.of("templates", options, seed, versions, [recorded_name(bundle)])
    remade = Maker(trained, dataset, seed=seed, stage=terminal.stage).make(
        kind.value,
        design,
        thresholds_by=thresholds_by.value,
        by_silhouette=number == AUTO,
        step=step,
        learn=_learner(seed) if learns else None,
    )
    save(remade.bundle, output)
    answers = {"ideal": remade.answers}
    classes = classes_of(dataset, dataset.test.labels, answers, trained.design.classes)
    if json:
        print_json(_result(remade, classes, output, time.monotonic() - started))
    else:
        _print_table(trained, remade, classes)
    terminal.say(f"bundle written to {output}")


def _learner(seed: int) -> "Learn":
    from sw.training.frozen import learned_templates

    return functools.partial(learned_templates, seed=seed, stage=terminal.stage)


def _per_class(text: str | None) -> int | Literal["auto"] | None:
    if text is None:
        return None
    if text == "auto":
        return "auto"
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if number < 1:
        raise EngramError(f"--per-class must be a number from 1 on or 'auto', got {text!r}")
    return number


def _several(named: dict[str, Any]) -> int:
    """Templates per class besides one for a study, which refuses what it would take no notice of."""
    from sw.templates.study import SEVERAL

    number = named["per-class"]
    given = [name for name, value in named.items() if value is not None and name != "per-class"]
    if given:
        option = given[0].replace("_", "-")
        raise EngramError(
            f"--study tries all kinds and thresholds in the bundle's tiles, got --{option}; leave it out"
        )
    if number == "auto":
        raise EngramError("--study needs a number of templates per class, got --per-class auto")
    return SEVERAL if number is None else number


def _result(remade: "Remade", classes: "ClassReport", output: Path, seconds: float) -> dict[str, Any]:
    made = remade.bundle
    design, metrics = made.design, made.provenance.metrics
    return {
        "bundle": str(output),
        "digest": made.digest,
        "accuracy": metrics["test.ideal"],
        "validation": metrics["validation.ideal"],
        "classes": classes.values(),
        "original_accuracy": metrics.get("test.source"),
        "choice": remade.choice or None,
        "silhouettes": {str(count): value for count, value in remade.silhouettes.items()} or None,
        "cell": design.cell,
        "features": design.features,
        "templates": design.templates,
        "thresholds_per_feature": design.thresholds_per_feature,
        "rows": design.rows,
        "cols": design.cols,
        "command": made.provenance.line,
        "seconds": seconds,
    }


def _print_table(before: "Bundle", remade: "Remade", classes: "ClassReport") -> None:
    from rich.table import Table

    table = Table(title=f"{before.design.name}: accuracy with the ideal array")
    for heading in ("", "cells", "templates x features", "validation", "test"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, bundle in (("before, as recorded", before), ("now", remade.bundle)):
        design, metrics = bundle.design, bundle.provenance.metrics
        shares = (metrics.get(f"{part}.ideal") for part in ("validation", "test"))
        table.add_row(
            name,
            design.cell,
            f"{design.templates} x {design.features}",
            *("-" if share is None else f"{share:.2%}" for share in shares),
        )
    answer.print(table)
    if (source := remade.bundle.provenance.metrics.get("test.source")) is not None:
        answer.print(f"the network it was imported from, with its own head: {source:.2%} of the test images")
    if classes.told:
        answer.print(classes.table("recall by class, test", HEADINGS))
    for line in classes.lines(HEADINGS):
        answer.print(line, soft_wrap=True, highlight=False)
    if remade.choice:
        answer.print(f"windows chosen on the validation part: {remade.choice}", highlight=False)
    if remade.silhouettes:
        values = ", ".join(f"{count}: {value:.3f}" for count, value in remade.silhouettes.items())
        answer.print(
            f"{design.templates_per_class} templates per class chosen by silhouette ({values})",
            soft_wrap=True,
            highlight=False,
        )
