"""Build: from a bundle to a bitstream for a board, or to Verilog for any other flow.

``python -m hw.build BUNDLE --board icebreaker`` is the same program as ``engram build``.
"""

from pathlib import Path
from typing import Annotated

import typer

from hw.fpga.export import CORES, Core, write_verilog
from hw.sizing.front_end_choice import Source, Variant, chosen_parallelism, configured, with_lanes
from sw.console import (
    BundleArgument,
    JsonOption,
    SeedOption,
    answer,
    messages,
    print_json,
    reports_errors,
    terminal,
)
from sw.errors import EngramError
from sw.shell.start import start
from sw.system.locks import one_at_a_time

__all__ = ["build"]

MOST_SEED = 2**31 - 1
"""Of nextpnr and of every ``--seed``."""

BoardOption = Annotated[
    str,
    typer.Option(
        "--board",
        "-b",
        help="One that 'engram boards' lists; a module or class of amaranth-boards; a file ./NAME.toml; or "
        "package.module:Class of your own.",
    ),
]
UartOption = Annotated[
    str | None,
    typer.Option(
        "--uart",
        metavar="PINS",
        help="Other pins for the host link, the FPGA's input first: CONNECTOR:NUMBER:RX,TX as the platform "
        "names them, or RX,TX with pins of the part.",
        show_default="by board",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder; default build/<bundle>-<board>.")
]
BaudOption = Annotated[int, typer.Option("--baud", min=300, help="Speed of the host link in bit/s.")]
SourceOption = Annotated[
    Source | None,
    typer.Option(
        "--from",
        help="pixels: the front end is on the chip. features: the host sends word-line values. "
        "Default: pixels for a bundle with layers.",
    ),
]
ParallelismOption = Annotated[
    str,
    typer.Option(
        "--parallelism",
        help="Size of every layer's unit as input lanes x output lanes x taps x searchers, such as "
        "1x4x1x2,4x4x1x1, or the one size of a folded front end; auto is the fastest that fits the board.",
    ),
]
VariantOption = Annotated[
    Variant,
    typer.Option(
        "--variant",
        help="streaming: a unit for every layer, all at once. folded: one engine for all layers, one after "
        "the other, for deep students on small parts. auto: the faster one that fits the board.",
    ),
]
ClockOption = Annotated[
    float | None,
    typer.Option("--clock-mhz", help="Clock of the chip.", show_default="by board"),
]
SeedsOption = Annotated[
    int,
    typer.Option(
        "--seeds",
        min=1,
        max=1000,
        help="Placements to try side by side, with the seeds from --seed on; the fastest is kept.",
    ),
]
LanesOption = Annotated[int | None, typer.Option(min=1, max=128, help="Default: what the bundle says.")]


@reports_errors
def build(
    bundle: BundleArgument,
    board: BoardOption,
    output: OutputOption = None,
    seed: SeedOption = 1,
    seeds: SeedsOption = 1,
    verilog_only: Annotated[
        bool,
        typer.Option("--verilog-only", help="Only write Verilog, memory files, an example and constraints."),
    ] = False,
    core: Annotated[
        Core,
        typer.Option(
            "--core",
            help=f"With --verilog-only. {'; '.join(f'{kind}: {what}' for kind, what in CORES.items())}.",
        ),
    ] = Core.uart,
    clock_mhz: ClockOption = None,
    uart: UartOption = None,
    baud: BaudOption = 1_000_000,
    source: SourceOption = None,
    variant: VariantOption = Variant.auto,
    parallelism: ParallelismOption = "auto",
    row_lanes: LanesOption = None,
    col_lanes: LanesOption = None,
    json: JsonOption = False,
) -> None:
    """Make a bitstream for a board, with a report. Lanes cost logic and save cycles, and change no result.

    For boards whose tools are not open, it is a zip file for Vivado, Quartus and their like, with script and
    constraints. The exit code is 0 when everything is written and timing is met, 1 when timing is not met,
    2 when the bundle cannot be built.
    """
    from hw.boards.known import load
    from hw.fpga.bitstream import build_bitstream
    from hw.fpga.clock import clocked, uart_divisor
    from hw.fpga.handover import SIZED_AS, foreign_platform, hand_over
    from sw.bundle import open_bundle

    if core is not Core.uart and not verilog_only:
        raise EngramError(f"--core {core.value} is for other designs; add --verilog-only")
    if seed + seeds > MOST_SEED + 1:
        raise EngramError(
            f"the last of the seeds must be at most {MOST_SEED}, got {seed + seeds - 1}; use a lower --seed"
        )
    foreign = foreign_platform(board)
    if foreign and (verilog_only or clock_mhz is not None):
        raise EngramError(
            f"{board}: --verilog-only and --clock-mhz are for boards with open tools; leave them out"
        )
    target = clocked(load(SIZED_AS if foreign else board, None if foreign else uart), clock_mhz)
    uart_divisor(target.clock.core_mhz, baud)
    classifier = with_lanes(open_bundle(bundle), row_lanes, col_lanes)
    if row_lanes is None and col_lanes is None:
        classifier, sizes = configured(classifier, target, source, variant, parallelism, terminal)
    else:
        sizes = chosen_parallelism(classifier, target, source, variant, parallelism, terminal)
    name = Path(bundle.removeprefix("zoo:")).stem
    folder = output or Path("build") / f"{name}-{foreign[0].__name__ if foreign else target.name}"

    with one_at_a_time(folder, "choose another place with -o"):
        if foreign:
            title = foreign[0].__name__
            terminal.say(f"{title}: front end as for {SIZED_AS}; --parallelism sets another")
            given = hand_over(
                *(classifier, *foreign, folder),
                name=name,
                baud=baud,
                uart=uart,
                parallelism=sizes,
                listener=terminal,
            )
            result, met = given.to_json(), True
            for line in () if json else given.lines():
                answer.print(line, soft_wrap=True, highlight=False, markup=False)
        elif verilog_only:
            result = write_verilog(
                *(classifier, target, folder),
                name=name,
                core=core,
                baud=baud,
                parallelism=sizes,
                listener=terminal,
            )
            met = True
        else:
            report = build_bitstream(
                *(classifier, target, folder),
                name=name,
                seeds=range(seed, seed + seeds),
                baud=baud,
                parallelism=sizes,
                listener=terminal,
            )
            result, met = report.to_json(), report.timing_met
    if not (foreign or verilog_only or json):
        answer.print(report.table())
    if json:
        print_json(result)
    named = [file for file in result["files"] if not file.endswith(".mem")]
    memories = len(result["files"]) - len(named)
    written = ", ".join(named) + (f" and {memories} memory files" if memories else "")
    terminal.say(f"written: {written}")
    if not met:
        start, end = result["critical_path"]
        messages.print(
            f"[bold red]timing NOT MET:[/] {result['fmax_mhz']} MHz reached, "
            f"{result['target_mhz']:g} MHz needed; slowest path from {start} to {end}; "
            "try more --seeds, fewer lanes or a lower --clock-mhz",
            soft_wrap=True,
            highlight=False,
        )
        raise typer.Exit(1)


if __name__ == "__main__":
    start(build)
