"""``engram check spice``: what evaluation computes of an array, against a circuit simulator."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.commands.options.array import OverridingOptions
from sw.commands.options.declared import takes_options
from sw.commands.options.lines import Circuit, circuit_array, lines_of, which_chip
from sw.console import JsonOption, SeedOption, answer, print_json, reports_errors, terminal

if TYPE_CHECKING:
    from rich.table import Table

    from sw.rram.spice.judge import Judged
    from sw.rram.spice.tile import Tile

__all__ = ["check_spice"]

MOST_RELATIVE = 1e-9
MOST_OFF = 0.1
"""Differences in current and settling time beyond which the check has failed."""
PICOS = 1e12


@reports_errors
@takes_options
def check_spice(
    circuit: Circuit,
    array: OverridingOptions,
    bundle: Annotated[
        str, typer.Argument(help="A *.engram file, or zoo:NAME for one that comes with Engram.")
    ] = "zoo:digits",
    tiles: Annotated[int, typer.Option(min=1, max=1_000, help="Tiles, spread over the chip.")] = 4,
    images: Annotated[int, typer.Option(min=1, max=100, help="Test images that drive each tile.")] = 2,
    rows: Annotated[int, typer.Option(min=1, help="Most word-line pairs of a tile.")] = 24,
    cols: Annotated[int, typer.Option(min=1, help="Most match lines of a tile.")] = 12,
    data: Annotated[
        str | None, typer.Option(help="Data set by name or .npz file; that of training if left out.")
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Solve programmed tiles with ngspice: match-line currents, and how long they take to settle.

    The chip is cut into tiles of at most --rows x --cols, because the time of ngspice grows with about the
    cube of a tile; larger ones take minutes each. The check fails, with exit code 1, where a current differs
    by more than 1e-9 or a settling time, to within half an LSB of the ADC, by more than 10 %.
    """
    from sw.bundle import open_bundle
    from sw.data.of_bundle import dataset_of
    from sw.files import scratch_folder
    from sw.reference.features import features_of
    from sw.rram.spice.judge import judge
    from sw.rram.spice.netlist import Pattern
    from sw.rram.spice.ngspice import find_ngspice
    from sw.rram.spice.tile import programmed_tiles

    find_ngspice()
    classifier = open_bundle(bundle)
    made = circuit_array(classifier, array)
    design = classifier.design
    size = {"rows": min(rows, design.rows), "cols": min(cols, design.cols)}
    design = design.with_(**size, row_lanes=min(design.row_lanes, size["rows"]))
    seed, chip = which_chip(classifier, seed)
    every = programmed_tiles(design, classifier.templates, *made, seed=seed, chip=chip)
    pictures = dataset_of(classifier, data, terminal)[0].test.first(images).images
    levels = features_of(classifier, pictures)
    lines = lines_of(made, circuit)
    found = []
    with terminal.stage("tiles", min(tiles, len(every))) as stage:
        for tile in _spread(every, tiles):
            stage.note(f"{tile.row},{tile.column}")
            patterns = [Pattern(image, tile.driven(of)) for image, of in enumerate(levels)]
            with scratch_folder("spice") as folder:
                found.append(judge(tile, patterns, lines, circuit.read_volts, folder))
            stage.done(1)
    result = _summary(found) | {"images": len(levels), "seed": seed, "lines": lines._asdict()}
    if json:
        print_json(result | {"each": [asdict(each) for each in found]})
    else:
        answer.print(_table(found))
        answer.print(
            f"worst difference in current {result['worst_relative']:.1e}; "
            f"settling time of the model / ngspice {_ratio(result['settling_ratio'])}",
            soft_wrap=True,
            highlight=False,
        )
    ratio = result["settling_ratio"]
    if result["worst_relative"] > MOST_RELATIVE or (ratio is not None and abs(ratio - 1) > MOST_OFF):
        raise typer.Exit(1)


def _spread(every: "list[Tile]", count: int) -> "list[Tile]":
    """So many of them, evenly from the first to the last."""
    import numpy as np

    places = np.linspace(0, len(every) - 1, min(count, len(every)))
    return [every[place] for place in sorted({round(float(place)) for place in places})]


def _summary(found: "list[Judged]") -> dict[str, Any]:
    """The ratio is the one farthest from 1."""
    ratios = [each.settling_ratio for each in found if each.settling_ratio is not None]
    return {
        "tiles": len(found),
        "worst_relative": max(each.worst_relative for each in found),
        "settling_ratio": max(ratios, key=lambda ratio: abs(ratio - 1), default=None),
        "slowest_seconds": max(each.settling_seconds for each in found),
        "stuck": sum(each.stuck for each in found),
        "currents": sum(each.currents for each in found),
    }


def _ratio(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.4f}"


def _table(found: "list[Judged]") -> "Table":
    from rich.table import Table

    table = Table(title="programmed tiles, ngspice against the models")
    for heading in ("tile", "lines", "stuck", "currents", "difference", "settled", "model", "ratio"):
        table.add_column(heading, justify="right")
    for each in found:
        table.add_row(
            f"{each.row},{each.column}",
            f"{each.word_lines} x {each.match_lines}",
            str(each.stuck),
            str(each.currents),
            f"{each.worst_relative:.1e}",
            f"{each.settling_seconds * PICOS:.3f} ps",
            f"{each.model_seconds * PICOS:.3f} ps",
            _ratio(each.settling_ratio),
        )
    return table
