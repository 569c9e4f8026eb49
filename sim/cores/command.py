"""The command behind ``python -m sim.cores``."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from hw.build import VariantOption
from hw.fpga.export import Core, write_verilog
from hw.sizing.front_end_choice import Source, Variant, configured
from sim.cores.readers import read_by
from sim.cores.simulators import Simulator
from sim.cores.verify import SIMULATED, verify_core
from sw.bundle import Bundle
from sw.console import JsonOption, SeedOption, answer, messages, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import scratch_folder

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes

__all__ = ["simulate_cores"]


@reports_errors
def simulate_cores(
    bundle: Annotated[str, typer.Argument(help="A *.engram file, or zoo:NAME.")] = "zoo:digits",
    core: Annotated[
        Core, typer.Option("--core", help="axi-stream or wishbone; with --check-readers all are read.")
    ] = Core.axi_stream,
    images: Annotated[int, typer.Option(min=1, max=100_000, help="Test images, drawn at random.")] = 1000,
    seed: SeedOption = 0,
    simulator: Annotated[Simulator, typer.Option(help="What runs the core.")] = Simulator.verilator,
    board: Annotated[str, typer.Option("--board", "-b", help="Board for which the core is made.")] = (
        "ulx3s-85f"
    ),
    variant: VariantOption = Variant.auto,
    data: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Data set, if not the bundle's.")
    ] = None,
    check_readers: Annotated[
        bool,
        typer.Option(
            "--check-readers",
            help="Run no image: have Yosys, slang, Verilator and Icarus Verilog read all exported cores and "
            "their examples.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Drive an exported core with the bus models of cocotbext-axi or cocotbext-wishbone, at random stalls.

    Memories and registers hold noise before the reset. The exit code is 1 when an answer differs from the
    reference, or a tool finds an error in the Verilog.
    """
    from hw.boards.known import load
    from sw.bundle import open_bundle
    from sw.data.of_bundle import dataset_of

    if not check_readers and core not in SIMULATED:
        raise EngramError(
            f"--core must be one of {', '.join(SIMULATED)}, for which there are bus models, got {core}; "
            "'engram simulate' runs what is inside all of them"
        )
    opened, target = open_bundle(bundle), load(board, any_uart=True)
    opened, sizes = configured(opened, target, Source.pixels, variant, "auto", terminal)
    assert sizes is not None
    if check_readers:
        _check_readers(opened, target, sizes, as_json=json)
        return
    dataset, _ = dataset_of(opened, data, terminal)
    chosen = _drawn(dataset.test.images, images, seed)
    started = time.perf_counter()
    with terminal.stage("images", images) as stage:
        report = verify_core(
            *(opened, target, sizes, chosen, core),
            simulator=simulator,
            seed=seed,
            done=stage.done,
            listener=terminal,
        )
    values = {
        "bundle": opened.digest,
        "core": core.value,
        "simulator": simulator.value,
        "seed": seed,
        "images": report.images,
        "malformed": report.malformed,
        "scored": report.scored,
        "refused": report.refused,
        "mismatches": report.mismatches,
        "cycles": report.cycles,
        "seconds": round(time.perf_counter() - started, 1),
        "first_mismatch": str(report.first) if report.first else None,
    }
    if json:
        print_json(values)
    else:
        for name in ("images", "malformed", "scored", "refused", "mismatches", "cycles", "seconds"):
            answer.print(f"{name:<11} {values[name]:,}", highlight=False)
    if report.mismatches:
        messages.print(f"[bold red]mismatch:[/] {report.first}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


def _drawn(images: NDArray[np.uint8], count: int, seed: int) -> NDArray[np.uint8]:
    """So many of the images in random order, each as often as any other but for one time."""
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(len(images)) for _ in range(-(-count // len(images)))]
    return images[np.concatenate(rounds)[:count]]


def _check_readers(bundle: Bundle, board: "Board", sizes: "Sizes", *, as_json: bool) -> None:
    """Say for every core and every reader whether it found an error, and exit with 1 if one did."""
    found: dict[str, dict[str, str]] = {core.value: {} for core in Core}
    failed = False
    for core in Core:
        with scratch_folder("readers") as folder:
            result = write_verilog(
                *(bundle, board, folder), name="core", core=core, parallelism=sizes, listener=terminal
            )
            files = [Path(result["verilog"]), Path(result["example"])]
            readings = read_by(files, re.sub(r"\W", "_", files[1].stem))
        for name, reading in readings.items():
            failed |= reading.asked and reading.said is not None
            said = reading.said or "no error"
            found[core.value][name] = said if reading.asked else f"skipped: {said}"
            if not as_json:
                answer.print(f"{core.value:<11} {name:<10} {found[core.value][name]}", highlight=False)
    if as_json:
        print_json({"bundle": bundle.digest, "readers": found})
    if failed:
        raise typer.Exit(1)
