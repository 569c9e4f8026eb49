"""``engram demo``: the whole way once, from images to a verified bitstream, with the commands it takes."""

import json as jsonlib
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from sw.console import JsonOption, SeedOption, answer, messages, print_json, reports_errors, terminal
from sw.surroundings import python_path
from sw.system.locks import one_at_a_time
from sw.system.programs import run

__all__ = ["demo"]

CHIPS = 20
BOARD = "icebreaker"
STEP_GRACE_S = 10.0
"""How long a step may take to keep what it has done when the demo is interrupted."""


@reports_errors
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for everything the demo makes.")
    ] = Path("runs/demo"),
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Do the main job on the embedded 8x8 digits: train, evaluate, program a chip, verify its RTL, build it.

    Every step is an ordinary engram command; the demo prints it, runs it, and collects the figures. Repeat or
    change any of them by hand afterwards.
    """
    started = time.monotonic()
    with one_at_a_time(output, "give another folder with -o"):
        run = _all_steps(output, seed)
    seconds = time.monotonic() - started
    if json:
        print_json({**run, "seconds": seconds})
    else:
        _print_tables(run, seconds)
    terminal.say(f"everything is in {output}")


def _all_steps(output: Path, seed: int) -> dict[str, dict[str, Any]]:
    """The answers of the commands."""
    digits, by_mean = output / "digits.engram", output / "digits-mean.engram"
    chip, seeds = output / "digits-chip.engram", ["--seed", str(seed)]
    return {
        "learned": _step("train", "--data", "digits", *seeds, *_anew(digits)),
        "mean": _step("train", "--data", "digits", "--templates", "mean", *seeds, *_anew(by_mean)),
        "evaluate": _step(
            "evaluate", str(digits), "--chips", str(CHIPS), *seeds, "-o", str(output / "pictures")
        ),
        "evaluate mean": _step(
            "evaluate", str(by_mean), "--chips", str(CHIPS), *seeds, "-o", str(output / "pictures-mean")
        ),
        "program": _step("program", str(digits), *seeds, "-o", str(chip)),
        "simulate": _step("simulate", str(digits), "--images", "all", *seeds),
        "simulate chip": _step("simulate", str(chip), "--images", "all", *seeds),
        "build": _step("build", str(chip), "--board", BOARD, *seeds, "-o", str(output / BOARD)),
    }


def _anew(bundle: Path) -> list[str]:
    """Options of a training that begins anew every time and leaves this bundle."""
    return ["-o", str(bundle), "--run", str(bundle.with_suffix(".run")), "--restart"]


def _step(*arguments: str) -> dict[str, Any]:
    """Run one command with ``--json``; its messages pass through, its failure ends the demo."""
    from rich.markup import escape

    command = escape(shlex.join(["engram", *arguments]))
    messages.print(f"\n[bold]$ {command}[/]", soft_wrap=True, highlight=False)
    program = [sys.executable, "-P", "-m", "sw.cli", *arguments, "--json"]
    environment = {**os.environ, "PYTHONPATH": python_path()}
    done = run(program, env=environment, stderr=None, grace=STEP_GRACE_S)
    if done.returncode:
        raise typer.Exit(done.returncode)
    return jsonlib.loads(done.stdout)


def _print_tables(run: dict[str, Any], seconds: float) -> None:
    from rich.table import Table

    accuracy = Table(title=f"digits, test accuracy ({run['evaluate']['images']} images)")
    for heading in (
        "templates",
        "float",
        "quantised",
        "ideal array",
        f"RRAM mean of {CHIPS}",
        "RRAM worst",
        "RTL",
    ):
        accuracy.add_column(heading, justify="left" if heading == "templates" else "right")
    for name, step, simulated in (
        ("learned", "evaluate", run["simulate"]["accuracy"]),
        ("class means", "evaluate mean", None),
    ):
        shares = run[step]["accuracy"]
        values = [shares[key] for key in ("float", "quantised", "ideal", "rram_mean", "rram_min")]
        accuracy.add_row(name, *("-" if share is None else f"{share:.2%}" for share in [*values, simulated]))
    answer.print(accuracy)

    rtl = Table(title="RTL under Verilator against the integer reference")
    for heading in ("array", "images", "mismatches", "accuracy", "cycles per image"):
        rtl.add_column(heading, justify="left" if heading == "array" else "right")
    for name, step in (("ideal", "simulate"), (f"{run['program']['device']} chip", "simulate chip")):
        result = run[step]
        rtl.add_row(
            name,
            f"{result['images']:,}",
            f"{result['mismatches']:,}",
            f"{result['accuracy']:.2%}",
            f"{result['cycles_per_image']:,.0f}",
        )
    answer.print(rtl)

    build = run["build"]
    answer.print(
        f"{build['board']}: {build['luts']:,} LUTs, {build['brams']} block RAMs, "
        f"{build['fmax_mhz']:.1f} MHz (target {build['target_mhz']:g})\n"
        f"bitstream: {build['bitstream']}\n"
        f"whole demo: {seconds:.0f} s",
        soft_wrap=True,
        highlight=False,
    )
