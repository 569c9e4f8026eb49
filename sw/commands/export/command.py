"""``engram export``: parts of a classifier as files for the tools of others, one option for each kind."""

from pathlib import Path
from typing import Annotated

import typer

from sw.commands.export.spice import spice_text
from sw.commands.options.array import OverridingOptions
from sw.commands.options.declared import takes_options
from sw.commands.options.lines import Circuit
from sw.console import BundleArgument, JsonOption, SeedOption, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import check_target, write_atomically

__all__ = ["export"]


@reports_errors
@takes_options
def export(
    bundle: BundleArgument,
    circuit: Circuit,
    array: OverridingOptions,
    spice: Annotated[
        Path | None, typer.Option("--spice", help="Write a tile of a programmed chip as an ngspice netlist.")
    ] = None,
    tile: Annotated[str, typer.Option("--tile", help="Which: its row and column, counted from 0.")] = "0,0",
    image: Annotated[
        list[int] | None,
        typer.Option("--image", min=0, help="Test image that drives it, may be repeated; 0 if left out."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Data set by name or .npz file; that of training if left out.")
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Write parts of a classifier for the tools of others; 'ngspice -b FILE' runs a netlist.

    A netlist has devices with their faults and errors, lines with resistance and capacitance, drivers, and
    sense nodes at virtual ground. The chip is the bundle's own, or that of the seed.
    """
    from sw.bundle import open_bundle

    if spice is None:
        raise EngramError("'engram export' must be told what to write, it is not; add --spice FILE")
    check_target(spice)
    text, facts = spice_text(open_bundle(bundle), array, circuit, tile, image or [0], data, seed)
    write_atomically(spice, text.encode())
    if json:
        print_json({"output": str(spice), **facts})
    terminal.say(f"netlist written to {spice}; run it with: ngspice -b {spice}")
