"""``engram simulate``: real test images through the RTL under Verilator, held against the reference.

Usage: ``python -m sim.run BUNDLE --images all --jobs 2``
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hw.build import ParallelismOption, VariantOption
from hw.sizing.front_end_choice import Source, Variant
from sim.ways import Job, Outcome, run_features, run_pixels, run_self_programmed
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
from sw.files import check_target
from sw.shell.start import start
from sw.system.beside import beside

if TYPE_CHECKING:
    from sim.models.runner import Waves
    from sim.programming import ProgrammingReport
    from sw.bundle import Bundle
    from sw.data.of_bundle import Selection

__all__ = ["simulate"]

DEFAULT_IMAGES = 100

ImagesOption = Annotated[
    str | None,
    typer.Option(
        "--images", metavar="N|all", help="Test images, in order from the first; 100 of them if left out."
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="NAME|FILE",
        help="Another data set than the bundle's; only the image size must fit.",
    ),
]
TraceOption = Annotated[
    Path | None,
    typer.Option("--trace", metavar="FILE", help="Waveform of the first images, FILE.fst or FILE.vcd."),
]
SourceOption = Annotated[
    Source | None,
    typer.Option(
        "--from",
        help="pixels: whole images through front end and array. features: word-line values of the "
        "reference through the array. Default: pixels for a bundle with layers.",
    ),
]
BoardOption = Annotated[
    str | None,
    typer.Option(
        "--board",
        "-b",
        help="Simulate the front end and lanes that 'engram build' makes for this board.",
        show_default="the smallest known board that holds the bundle",
    ),
]
SelfProgramOption = Annotated[
    bool,
    typer.Option(
        "--self-program",
        help="The RTL starts erased and programs itself by write-verify; every pulse count, failure and code "
        "is compared, then the images run. For chips of 'engram program --programmable'.",
    ),
]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, max=256, help="Processes that share the images.")]


@reports_errors
def simulate(
    bundle: BundleArgument,
    images: ImagesOption = None,
    data: DataOption = None,
    source: SourceOption = None,
    variant: VariantOption = Variant.auto,
    board: BoardOption = None,
    parallelism: ParallelismOption = "auto",
    trace: TraceOption = None,
    self_program: SelfProgramOption = False,
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Run test images through the RTL and compare every value with the reference, stage by stage.

    Whole images: word-line values, ADC codes, margin and class of all of them, and a sample once more at
    random stalls with every score read back. From features: every image at random stalls. Stalls follow the
    printed seed. With --self-program the array is programmed first, in both runs of whole images. Exits with
    1 and the first mismatch if there is any.
    """
    from hw.boards.known import load
    from sim.models.runtime import prepare_library
    from sw.bundle import open_bundle
    from sw.data.of_bundle import inputs_known, selection_of
    from sw.reference.pipeline import levels_of
    from sw.reference.trace import Mismatch

    waves = _waves_format(trace)
    if trace is not None:
        check_target(trace)
    target = None if board is None else load(board, any_uart=True)
    opened = open_bundle(bundle)
    if self_program:
        _check_self_program(opened, source, trace)
    source = source or (Source.pixels if opened.design.layers or self_program else Source.features)
    if target is not None and source is Source.features:
        raise EngramError("--board sizes a front end, and word-line values go past it; leave one out")
    if target is None and parallelism != "auto":
        raise EngramError("--parallelism needs --board, whose lanes it goes with; add --board")
    run = run_self_programmed if self_program else run_pixels if source is Source.pixels else run_features
    with beside(prepare_library):  # on a second core, for Python has one until a model can be compiled
        chosen = selection_of(opened, data, DEFAULT_IMAGES if images is None else images, terminal)
        pictures = chosen.part.images
        with terminal.waiting("word-line values of the reference"):
            levels = levels_of(opened, pictures)
        title = f"{len(pictures)} images of {chosen.dataset.name}, stall seed {seed}"
        outcome = run(
            Job(
                opened,
                pictures,
                levels,
                title,
                seed,
                jobs,
                trace,
                waves,
                variant,
                target,
                parallelism,
                terminal,
            )
        )
    _tell({**_values(opened, outcome, chosen, source, seed), "board": board}, as_json)
    programming = outcome.report.programming
    first = (programming and programming.first) or outcome.report.first
    if first is not None or outcome.report.wrong.any():
        names = inputs_known(opened, chosen.dataset)
        said = first.words(names.name_of) if isinstance(first, Mismatch) else first
        messages.print(f"[bold red]mismatch:[/] {said}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


def _check_self_program(bundle: "Bundle", source: Source | None, trace: Path | None) -> None:
    if bundle.array.pulse is None:
        raise EngramError(
            "--self-program needs a chip with a pulse rule, this bundle has none; make one with "
            "'engram program BUNDLE -o CHIP --programmable'"
        )
    if source is Source.features:
        raise EngramError("--self-program sends whole images; leave --from features out")
    if trace is not None:
        raise EngramError("--trace shows a few images, and programming takes longer; leave one out")


def _waves_format(trace: Path | None) -> "Waves":
    if trace is None:
        return "none"
    if trace.suffix == ".fst":
        return "fst"
    if trace.suffix == ".vcd":
        return "vcd"
    raise EngramError(f"a waveform file must end in .fst or .vcd, got {str(trace)!r}; rename it")


def _values(
    bundle: "Bundle", outcome: Outcome, chosen: "Selection", source: Source, seed: int
) -> dict[str, Any]:
    report = outcome.report
    return {
        "images": len(report.wrong),
        "mismatches": int(report.wrong.sum()),
        "accuracy": float((report.labels == chosen.part.labels).mean()),
        "cycles_per_image": report.interval,
        "latency_cycles": report.latency,
        "seconds": round(outcome.seconds, 3),
        "cycles_per_second": round(outcome.cycles_per_second),
        "from": source.value,
        "stalled_images": outcome.stalled,
        "seed": seed,
        "data": chosen.dataset.name,
        "bundle": bundle.digest,
        "first_mismatch": str(report.first) if report.first else None,
        **_programming_values(report.programming),
    }


def _programming_values(report: "ProgrammingReport | None") -> dict[str, Any]:
    if report is None:
        return {}
    return {
        "pulses": report.pulses,
        "failures": report.failures,
        "programming_cycles": report.cycles,
        "programming_mismatches": report.mismatches,
        "first_programming_mismatch": report.first,
    }


def _tell(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    first = "pixel" if values["from"] == Source.pixels else "word"
    if "pulses" in values:
        answer.print(
            f"programming       {values['pulses']:,} pulses in {values['programming_cycles']:,} cycles, "
            f"{values['failures']:,} devices failed, {values['programming_mismatches']} mismatches",
            soft_wrap=True,
            highlight=False,
        )
    answer.print(
        f"images            {values['images']}, {values['stalled_images']} of them at random stalls\n"
        f"mismatches        {values['mismatches']}\n"
        f"accuracy          {100 * values['accuracy']:.2f} % (RTL against labels)\n"
        f"cycles per image  {values['cycles_per_image']} without stalls, "
        f"{values['latency_cycles']} from first {first} to result\n"
        f"stall seed        {values['seed']}\n"
        f"seconds           {values['seconds']:.1f}, {values['cycles_per_second'] / 1e6:.2f} Mcycle/s",
        highlight=False,
    )


if __name__ == "__main__":
    start(simulate)
