"""Options of ``engram explore``, each declared once."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sw.commands.explore.axes import AxesOptions
from sw.commands.options.declared import Recorded
from sw.console import SeedOption

__all__ = ["Request", "SearchBy"]


class SearchBy(StrEnum):
    """Which points are computed."""

    auto = "auto"
    grid = "grid"
    nsga2 = "nsga2"
    tpe = "tpe"


def _option(flag: str, text: str, **more: Any) -> Any:
    return typer.Option(flag, help=text, **more)


@dataclass(frozen=True)
class Request:
    """Options as they were given; each says in its help what it does."""

    bundles: Annotated[
        list[str],
        typer.Argument(
            help="One or several *.engram files or zoo:NAMEs of one data set.", metavar="BUNDLE..."
        ),
    ]
    axes: AxesOptions = field(default_factory=dict)
    space: Annotated[
        Path | None, _option("--space", "Axes in a file; options go before it.", metavar="FILE.toml")
    ] = None
    objectives: Annotated[
        str,
        _option(
            "--objectives",
            "What is sought: accuracy, accuracy_p5 (5th percentile of the chips), "
            "yield, energy or energy_full, energy_paper, latency, area, storage; of an FPGA: lut, bram, "
            "cycles.",
        ),
        Recorded.always,
    ] = "accuracy,energy,area,latency"
    search: Annotated[
        SearchBy,
        _option(
            "--search",
            "grid: all points. nsga2, tpe: Optuna's samplers. auto: the grid up to --points, else nsga2.",
        ),
        Recorded.always,
    ] = SearchBy.auto
    points: Annotated[
        int | None,
        _option(
            "--points",
            "Points that a search asks for.",
            min=1,
            max=10**6,
            show_default="2000; the grid up to 20000",
        ),
    ] = None
    storage: Annotated[
        str | None,
        _option("--storage", "Database of a search, as a URL.", show_default="SQLite in the folder"),
        Recorded.never,
    ] = None
    recommend: Annotated[
        str | None,
        _option(
            "--recommend",
            "Pick a point, such as 'accuracy>=0.98,min energy', and write its first chip as "
            "recommended.engram and what it answers to every test image as recommended.csv.",
        ),
    ] = None
    explain: Annotated[
        str | None,
        _option(
            "--explain",
            "Only say what limits a point: its number in the folder's results, or axes such as "
            "rows=64,adc_bits=4.",
            metavar="POINT",
        ),
        Recorded.never,
    ] = None
    build: Annotated[
        str | None,
        _option(
            "--build",
            "Build so many points of the front for the board, and run test images through their RTL; the "
            "page has both beside the estimates.",
            metavar="top:N",
        ),
    ] = None
    board: Annotated[
        str | None,
        _option(
            "--board",
            "Also estimate every point on this board, with the front end that 'engram build' makes. Points "
            "that do not fit are left out of a front by lut, bram or cycles.",
            show_default="icebreaker where an objective or --build needs one",
        ),
    ] = None
    images: Annotated[
        str,
        _option("--images", "Validation images, in order from the first.", metavar="N|all"),
        Recorded.always,
    ] = "2000"
    chips: Annotated[int, _option("--chips", "Chips of every point.", min=1, max=10_000), Recorded.always] = (
        10
    )
    yield_at: Annotated[
        float | None,
        _option(
            "--yield-at",
            "Accuracy that a good chip reaches.",
            min=0,
            max=1,
            show_default="a point below the ideal array of the first bundle",
        ),
    ] = None
    data: Annotated[
        str | None,
        _option("--data", "Data set by name or .npz file; what they were trained on if left out."),
    ] = None
    energy: Annotated[
        Path | None,
        _option(
            "--energy", "Constants of energy: a changed copy of sw/energy/energy.toml.", metavar="FILE.toml"
        ),
    ] = None
    macro: Annotated[
        str | None,
        _option(
            "--macro",
            "Price all points with a published array, or one of your own: a macro that 'engram check costs' "
            "lists, or a changed copy of one of sw/energy/macros.",
            metavar="NAME|FILE.toml",
            show_default="the model of sw/energy/energy.toml and sw/explore/compute/macro.toml",
        ),
    ] = None
    scheduler: Annotated[
        str,
        _option(
            "--scheduler",
            "local: processes of this machine. none: this process alone. tcp://host:port: the workers of a "
            "Dask scheduler. Results do not depend on it.",
        ),
        Recorded.never,
    ] = "local"
    jobs: Annotated[
        int | None,
        _option("--jobs", "Processes of --scheduler local; all cores if left out.", min=1, max=256),
        Recorded.never,
    ] = None
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the files; runs/explore-NAME if left out."),
        Recorded.never,
    ] = None
    seed: SeedOption = 0
