"""``engram explore``: which array to build, from a space of sizes to a Pareto front."""

from pathlib import Path
from typing import Annotated

import typer

from sw.commands.explore_axes import takes_axes
from sw.console import JsonOption, SeedOption, messages, print_json, reports_errors

__all__ = ["explore"]

DEFAULT_OBJECTIVES = "accuracy,energy,area,latency"


@reports_errors
@takes_axes
def explore(
    bundles: Annotated[
        list[str],
        typer.Argument(
            help="One or several *.engram files or zoo:NAMEs of one data set.", metavar="BUNDLE..."
        ),
    ],
    axes: dict[str, str | bool],
    space: Annotated[
        Path | None,
        typer.Option("--space", metavar="FILE.toml", help="Axes in a file; options go before it."),
    ] = None,
    objectives: Annotated[
        str, typer.Option("--objectives", help="What is sought, separated by commas.")
    ] = DEFAULT_OBJECTIVES,
    images: Annotated[
        str, typer.Option("--images", metavar="N|all", help="Validation images, in order from the first.")
    ] = "2000",
    chips: Annotated[int, typer.Option("--chips", min=1, max=10_000, help="Chips of every point.")] = 10,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Data set by name or .npz file; what they were trained on if left out."),
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option(
            "--scheduler",
            help="local: processes of this machine. none: this process alone. tcp://host:port: the workers "
            "of a Dask scheduler. Results do not depend on it.",
        ),
    ] = "local",
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=256, help="Processes of --scheduler local; all cores if left out."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the files; runs/explore-NAME if left out."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Explore which array to build for a trained classifier.

    Every axis takes several values, separated by commas; of integers also ranges, 3..10, 32..1024*2 or
    16..64+16. Every combination is a point: its templates are programmed into chips, which classify
    validation images by the integer reference. Energy, area and latency are modelled. The points that no
    other beats in all objectives are then run on all test images.

    What was computed is kept, so the same command goes on where it was stopped, and a further value costs
    only its own points. Files: results.csv, results.parquet, results.json.
    """
    from sw.commands.explore_run import run

    found, files = run(
        bundles=bundles,
        axes=axes,
        space=space,
        objectives=objectives,
        images=images,
        chips=chips,
        data=data,
        scheduler=scheduler,
        jobs=jobs,
        output=output,
        seed=seed,
        quiet=json,
    )
    if json:
        print_json({**found, "files": [str(path) for path in files]})
    for path in files:
        messages.print(f"written to {path}", soft_wrap=True, highlight=False)
    if not found["finished"]:
        raise typer.Exit(130)
