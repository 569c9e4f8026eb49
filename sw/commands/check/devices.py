"""``engram check devices``: the device models against the laws that they are made from."""

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.console import JsonOption, SeedOption, answer, print_json, reports_errors, terminal
from sw.files import check_target, write_atomically
from sw.rram.devices.presets import DEVICES

if TYPE_CHECKING:
    from rich.table import Table

    from sw.rram.check.compared import Compared

__all__ = ["check_devices"]


@reports_errors
def check_devices(
    device: Annotated[
        list[str] | None,
        typer.Option(help="Preset or device file, may be repeated; all presets if left out."),
    ] = None,
    samples: Annotated[int, typer.Option(min=1_000, max=10**7, help="Samples of each figure.")] = 1_000_000,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV file to write too.")] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Compare programming error, drift, read noise, stuck rates, IR drop and converters with their laws.

    A difference should be of the size of its standard error. The law of IR drop is the nodal equations, which
    it solves to rounding errors. Write-verify has no law: its rows say how far
    the pulse-by-pulse model is from the error that the device's source measured.
    """
    import numpy as np

    from sw.rram.devices.files import device_named
    from sw.rram.effects.known import EFFECTS, device_figures

    if output is not None:
        check_target(output)
    rng = np.random.default_rng(seed)
    devices = [device_named(name) for name in device or DEVICES]
    found: list[Compared] = []
    with terminal.stage("devices", len(devices) + len(EFFECTS)) as stage:
        for each in devices:
            stage.note(each.name)
            found += device_figures(each, samples, rng)
            stage.done(1)
        for effect in EFFECTS:
            stage.note(effect.name.replace("_", " "))
            found += effect.common_figures(samples, rng)
            stage.done(1)
        stage.note("")
    rows = [asdict(each) | {"difference": each.difference} for each in found]
    if output is not None:
        _write(rows, output)
    if json:
        print_json({"samples": samples, "seed": seed, "figures": rows})
    else:
        answer.print(_table(found, samples))
    if output is not None:
        terminal.say(f"figures written to {output}")


def _write(rows: list[dict[str, Any]], output: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(output, text.getvalue().encode())


def _table(found: "list[Compared]", samples: int) -> "Table":
    from rich.table import Table

    table = Table(title=f"device models against their laws, {samples:,} samples")
    for heading in ("device", "figure", "at"):
        table.add_column(heading)
    for heading in ("law", "model", "difference", "standard error"):
        table.add_column(heading, justify="right")
    for each in found:
        unit = f" {each.unit}" if each.unit else ""
        table.add_row(
            each.device,
            each.quantity,
            each.at,
            f"{each.law:.5g}{unit}",
            f"{each.model:.5g}{unit}",
            f"{each.difference:+.3%}" if each.standard_error else f"{each.difference:+.0e}",
            f"{each.standard_error / abs(each.law):.3%}",
        )
    return table
