"""``engram templates``: other templates for a trained bundle, without training."""

import shlex
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.commands.dataset_option import dataset_of
from sw.console import (
    BundleArgument,
    JsonOption,
    SeedOption,
    answer,
    messages,
    print_json,
    progress,
    reports_errors,
)

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.retemplate import Remade

__all__ = ["templates"]


class Kinds(StrEnum):
    """How the stored patterns are made."""

    keep = "keep"
    mean = "mean"
    kmeans = "kmeans"
    window = "window"


@reports_errors
def templates(
    bundle: BundleArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle to write.")],
    kind: Annotated[
        Kinds,
        typer.Option(
            "--kind",
            help="keep: as stored. mean: what at least half of a class's images have. kmeans: the same of "
            "clusters in each class. window: windows of levels for analogue CAM cells.",
        ),
    ] = Kinds.kmeans,
    per_class: Annotated[
        int | None,
        typer.Option(
            "--per-class", min=1, help="Templates of each class.", show_default="as many, 1 for mean"
        ),
    ] = None,
    thresholds: Annotated[
        int | None,
        typer.Option(
            "--thresholds",
            min=1,
            help="Thresholds per feature to keep; 1 keeps the middle one. Windows need 1, 3, 7 or 15.",
            show_default="all that fit",
        ),
    ] = None,
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
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Make the templates of a trained bundle anew from its training images and write a bundle.

    The front end stays; templates, their number, their kind of cell and the array's sizes change. The new
    bundle has ideal cells. What is to be chosen is chosen on the validation part; the test part is only
    measured.
    """
    started = time.monotonic()
    from sw.bundle import open_bundle, save
    from sw.retemplate import design_for, remake

    trained = open_bundle(bundle)
    array = {"rows": rows, "cols": cols, "cols_per_adc": cols_per_adc}
    sizes = {name: size for name, size in array.items() if size is not None}
    design = design_for(trained.design, kind.value, thresholds, per_class, sizes)
    dataset, _ = dataset_of(trained, data)
    named = {"kind": kind.value, "per-class": per_class, "thresholds": thresholds, **array, "data": data}
    with progress() as bar:

        def stage(name: str, total: int, note: str) -> Callable[[int], None]:
            task = bar.add_task(name, total=total, note=note)
            return lambda count: bar.advance(task, count)

        remade = remake(
            trained,
            dataset,
            kind.value,
            design,
            seed=seed,
            command=_command(bundle, named, seed),
            stage=stage,
        )
    save(remade.bundle, output)
    if json:
        print_json(_result(remade, output, time.monotonic() - started))
    else:
        _print_table(trained, remade)
    messages.print(f"bundle written to {output}", soft_wrap=True, highlight=False)


def _command(bundle: str, named: dict[str, Any], seed: int) -> str:
    """The command line; files by their names, not their places."""
    words = ["engram", "templates", bundle if bundle.startswith("zoo:") else Path(bundle).name]
    for key, value in named.items():
        if value is not None:
            words += [f"--{key.replace('_', '-')}", Path(value).name if key == "data" else str(value)]
    return shlex.join([*words, "--seed", str(seed)])


def _result(remade: "Remade", output: Path, seconds: float) -> dict[str, Any]:
    made = remade.bundle
    design, metrics = made.design, made.provenance.metrics
    return {
        "bundle": str(output),
        "digest": made.digest,
        "accuracy": metrics["test.ideal"],
        "validation": metrics["validation.ideal"],
        "choice": remade.choice or None,
        "cell": design.cell,
        "features": design.features,
        "templates": design.templates,
        "thresholds_per_feature": design.thresholds_per_feature,
        "rows": design.rows,
        "cols": design.cols,
        "command": made.provenance.command,
        "seconds": seconds,
    }


def _print_table(before: "Bundle", remade: "Remade") -> None:
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
    if remade.choice:
        answer.print(f"windows chosen on the validation part: {remade.choice}", highlight=False)
