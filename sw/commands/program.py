"""``engram program``: one chip, as a bundle that every other command takes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.commands.options.array import ArrayOptions, chosen_array
from sw.commands.options.declared import Recorded, step_of, takes_options
from sw.console import (
    BundleArgument,
    JsonOption,
    SeedOption,
    answer,
    print_json,
    print_text,
    reports_errors,
    terminal,
)
from sw.rram.devices.files import EXAMPLE

if TYPE_CHECKING:
    from sw.bundle import Bundle

__all__ = ["program"]


def _print_example(wanted: bool) -> None:
    if wanted:
        print_text(EXAMPLE)
        raise typer.Exit


@dataclass(frozen=True)
class Request:
    """Options that the chip follows from; each says in its help what it does."""

    array: ArrayOptions = field(default_factory=dict)
    device_example: Annotated[
        bool,
        typer.Option(
            "--device-example",
            help="Print a device file with every key, and end.",
            is_eager=True,
            callback=_print_example,
            expose_value=False,
        ),
        Recorded.never,
    ] = False
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Data set by name or .npz file, for --full-scale auto; that of training if left out.",
        ),
        Recorded.by_name,
    ] = None
    programmable: Annotated[
        bool,
        typer.Option(
            "--programmable",
            help="A chip that programs itself by write-verify, and so can be given other templates while it "
            "runs; its codes are those that it comes to.",
        ),
    ] = False
    seed: SeedOption = 0


@reports_errors
@takes_options
def program(
    bundle: BundleArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle to write.")],
    request: Request,
    json: JsonOption = False,
) -> None:
    """Program the templates of a bundle into the RRAM of one chip and write that chip as a bundle.

    One seed is one chip: the first one that 'engram evaluate' draws with that seed.
    """
    from sw.bundle import open_bundle, save
    from sw.bundle.provenance import recorded_name
    from sw.commands.options.full_scale import with_full_scale
    from sw.rram.chip.programmable import program_by_pulses
    from sw.rram.chip.programming import program as program_chip
    from sw.version import versions_with

    array = chosen_array(**request.array)
    classifier = open_bundle(bundle)
    make = program_by_pulses if request.programmable else program_chip
    array = with_full_scale(array, classifier, request.data, request.seed)
    chip = make(classifier, *array, seed=request.seed)
    step = step_of("program", request, versions_with("numpy", "scipy"), [recorded_name(bundle)])
    chip = chip.with_(provenance=chip.provenance.after(step))
    save(chip, output)
    result = _summary(chip, output)
    if json:
        print_json(result)
    else:
        _describe(result)
    terminal.say(f"chip written to {output}")


def _summary(chip: "Bundle", output: Path) -> dict[str, Any]:
    import numpy as np

    record = chip.provenance.device or {}
    histogram = np.bincount(chip.array.codes.reshape(-1), minlength=chip.design.max_code + 1)
    summary = {
        "output": str(output),
        "digest": chip.digest,
        "device": record["preset"],
        "seed": record["seed"],
        "devices": int(chip.array.codes.size),
        "stuck_hrs": record["stuck_hrs"],
        "stuck_lrs": record["stuck_lrs"],
        "open": record.get("open", 0),
        "cell_bits": chip.design.cell_bits,
        "adc_bits": chip.design.adc_bits,
        "codes": histogram.tolist(),
        "record": record,
    }
    return summary | {key: value for key, value in record.items() if key.startswith("write_")}


def _describe(result: dict[str, Any]) -> None:
    devices = result["devices"]
    stuck = (result["stuck_hrs"] + result["stuck_lrs"]) / devices
    broken = f"; on broken lines: {result['open']:,}" if result["open"] else ""
    lines = [
        f"{devices:,} devices of {result['device']}, chip of seed {result['seed']}",
        f"stuck: {result['stuck_hrs']:,} in HRS, {result['stuck_lrs']:,} in LRS ({stuck:.2%})" + broken,
        f"conductance codes 0 to {2 ** result['cell_bits'] - 1}: {_in_words(result['codes'])}",
    ]
    if "write_sets" in result:
        sets, resets = result["write_sets"] / devices, result["write_resets"] / devices
        lines.append(
            f"write-verify: {sets:.1f} SET and {resets:.1f} RESET pulses per device, at most "
            f"{result['write_pulses_of_one_device']}; {result['write_failures']:,} devices not accepted; "
            f"{result['write_joules'] * 1e6:.3g} uJ"
        )
    for line in lines:
        answer.print(line, soft_wrap=True, highlight=False)


def _in_words(histogram: list[int]) -> str:
    """Codes that hold at least 0.1 % of the devices, runs of neighbours together, and the rest."""
    total = sum(histogram)
    common = [code for code, count in enumerate(histogram) if count >= total / 1000]
    runs: list[list[int]] = []
    for code in common:
        if runs and code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    parts = []
    for run in runs:
        share = sum(histogram[code] for code in run) / total
        parts.append(f"{share:.1%} at {run[0]}" + (f" to {run[-1]}" if len(run) > 1 else ""))
    rare = total - sum(histogram[code] for code in common)
    return ", ".join(parts) + (f", {rare:,} devices elsewhere" if rare else "")
