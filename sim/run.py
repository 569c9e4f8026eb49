"""``engram simulate``: real test images through the RTL under Verilator, held against the reference.

Usage: ``python -m sim.run BUNDLE --images all --jobs 2``
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from hw.build import ParallelismOption, Source, VariantOption
from hw.choice import Variant
from sw.console import (
    BundleArgument,
    JsonOption,
    SeedOption,
    answer,
    messages,
    print_json,
    progress,
    reports_errors,
)
from sw.errors import EngramError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from constraints.boards import Board
    from sim.check import Report
    from sim.runner import Waves
    from sw.bundle import Bundle
    from sw.datasets import Dataset

__all__ = ["simulate"]

DEFAULT_IMAGES = 100
TRACED_IMAGES = 2
"""Enough to see images follow each other; a waveform grows by megabytes per image."""
SAMPLE_IMAGES = 16
"""Whole images that run once more at random stalls with every score read back."""

COMPILING = "compiling the RTL with Verilator, once per bundle"
COMPILING_WAVES = "compiling the RTL with waveforms"

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
JobsOption = Annotated[int, typer.Option("--jobs", min=1, max=256, help="Processes that share the images.")]


class Job(NamedTuple):
    """What to run, the same for both sources.

    Attributes
    ----------
    bundle
        The classifier.
    images, levels
        uint8, (N, height, width), and their word-line values uint8, (N, F), by the reference.
    title
        What the user is told.
    seed
        Of the stalls.
    jobs
        Processes.
    trace, waves
        Waveform file and its format.
    variant
        Of the front end.
    board
        For which the front end is made; None takes the smallest one that holds it.
    parallelism
        Sizes of the front end as for 'engram build'.
    """

    bundle: "Bundle"
    images: "NDArray[np.uint8]"
    levels: "NDArray[np.uint8]"
    title: str
    seed: int
    jobs: int
    trace: Path | None
    waves: "Waves"
    variant: Variant
    board: "Board | None"
    parallelism: str


class Outcome(NamedTuple):
    """What a run gave.

    Attributes
    ----------
    report
        The comparison.
    seconds
        All of the simulation.
    cycles_per_second
        Of the part that runs all images.
    stalled
        Images that ran at random stalls.
    """

    report: "Report"
    seconds: float
    cycles_per_second: float
    stalled: int


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
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Run test images through the RTL and compare every value with the reference, stage by stage.

    Whole images: word-line values, ADC codes, margin and class of all of them, and a sample once more at
    random stalls with every score read back. From features: every image at random stalls. Stalls follow the
    printed seed. Exits with 1 and the first mismatch if there is any.
    """
    from constraints import boards
    from sw.bundle import open_bundle
    from sw.evaluate import check_labels, image_count
    from sw.reference.pipeline import levels_of

    waves = _waves_format(trace)
    target = None if board is None else boards.load(board)
    opened = open_bundle(bundle)
    source = source or (Source.pixels if opened.design.layers else Source.features)
    if target is not None and source is Source.features:
        raise EngramError("--board sizes a front end, and word-line values go past it; leave one out")
    if target is None and parallelism != "auto":
        raise EngramError("--parallelism needs --board, whose lanes it goes with; add --board")
    dataset = _dataset(opened, data)
    available = len(dataset.x_test)
    asked = str(min(DEFAULT_IMAGES, available)) if images is None else images
    count = image_count(asked, available, dataset.name)
    pictures = dataset.x_test[:count]
    with messages.status("word-line values of the reference"):
        levels = levels_of(opened, pictures)
    check_labels(opened, dataset.y_test)
    title = f"{count} images of {dataset.name}, stall seed {seed}"
    job = Job(opened, pictures, levels, title, seed, jobs, trace, waves, variant, target, parallelism)
    outcome = _run_pixels(job) if source is Source.pixels else _run_features(job)
    _tell({**_values(opened, outcome, dataset, source, seed), "board": board}, as_json)
    if outcome.report.wrong.any():
        messages.print(f"[bold red]mismatch:[/] {outcome.report.first}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


def _run_features(job: Job) -> Outcome:
    """Word-line values through the accelerator, all of them at random stalls."""
    from sim.accelerator import accelerator_model, verify

    bundle, levels, seed = job.bundle, job.levels, job.seed
    with messages.status(COMPILING):
        model = accelerator_model(bundle)
    if job.trace is not None:
        with messages.status(COMPILING_WAVES):
            traced = accelerator_model(bundle, job.waves)
        verify(traced, bundle, levels[:TRACED_IMAGES], seed=seed, waves=job.trace)
        _say_traced(job.trace)
    messages.print(job.title)
    report, seconds = _timed(
        "RTL",
        len(levels),
        lambda done: verify(model, bundle, levels, seed=seed, jobs=job.jobs, on_progress=done),
    )
    return Outcome(report, seconds, report.cycles / seconds, len(levels))


def _run_pixels(job: Job) -> Outcome:
    """Whole images: all of them as fast as they go, a sample at random stalls."""
    from sim.check import combined
    from sim.images import front_end_of, image_bench, image_program, verify_images, verify_sample

    images, levels, seed = job.images, job.levels, job.seed
    with messages.status("choosing the parallelism of the front end"):
        bundle, sizes = front_end_of(job.bundle, job.variant, job.board, job.parallelism)
    with messages.status(COMPILING):
        program, bench = image_program(bundle, sizes), image_bench(bundle, sizes)
    if job.trace is not None:
        with messages.status(COMPILING_WAVES):
            traced = image_bench(bundle, sizes, job.waves)
        few = slice(TRACED_IMAGES)
        verify_sample(traced, bundle, images[few], levels[few], seed=seed, waves=job.trace)
        _say_traced(job.trace)
    messages.print(job.title)
    report, seconds = _timed(
        "RTL",
        len(images),
        lambda done: verify_images(program, bundle, images, levels, jobs=job.jobs, on_progress=done),
    )
    sample = slice(min(SAMPLE_IMAGES, len(images)))
    again, seconds_again = _timed(
        "RTL at random stalls",
        sample.stop,
        lambda done: verify_sample(
            bench, bundle, images[sample], levels[sample], seed=seed, on_progress=done
        ),
    )
    speed = report.cycles / seconds
    return Outcome(combined(report, again), seconds + seconds_again, speed, sample.stop)


def _timed(name: str, total: int, run: Callable[[Callable[[int], None]], "Report"]) -> tuple["Report", float]:
    """Run under a progress bar; the report and the seconds."""
    started = time.perf_counter()
    with progress() as bar:
        task = bar.add_task(name, total=total, note="")
        report = run(lambda done: bar.update(task, completed=done))
    return report, time.perf_counter() - started


def _say_traced(trace: Path) -> None:
    messages.print(f"waveform of the first images: {trace}", soft_wrap=True, highlight=False)


def _waves_format(trace: Path | None) -> "Waves":
    if trace is None:
        return "none"
    if trace.suffix == ".fst":
        return "fst"
    if trace.suffix == ".vcd":
        return "vcd"
    raise EngramError(f"a waveform file must end in .fst or .vcd, got {str(trace)!r}; rename it")


def _dataset(bundle: "Bundle", data: str | None) -> "Dataset":
    """The data set the bundle was trained on, checked, or the one the user names."""
    from sw.bundle import DataOrigin
    from sw.datasets import load
    from sw.evaluate import check_origin

    origin = bundle.provenance.data
    name = data or (origin.name if origin else None)
    if name is None:
        raise EngramError("the bundle names no data set it was trained on; name one with --data")
    dataset = load(name)
    check_origin(bundle, DataOrigin(name=dataset.name, digest=dataset.digest), chosen=data is not None)
    return dataset


def _values(
    bundle: "Bundle", outcome: Outcome, dataset: "Dataset", source: Source, seed: int
) -> dict[str, Any]:
    report = outcome.report
    count = len(report.wrong)
    return {
        "images": count,
        "mismatches": int(report.wrong.sum()),
        "accuracy": float((report.labels == dataset.y_test[:count]).mean()),
        "cycles_per_image": report.interval,
        "latency_cycles": report.latency,
        "seconds": round(outcome.seconds, 3),
        "cycles_per_second": round(outcome.cycles_per_second),
        "from": source.value,
        "stalled_images": outcome.stalled,
        "seed": seed,
        "data": dataset.name,
        "bundle": bundle.digest,
        "first_mismatch": str(report.first) if report.first else None,
    }


def _tell(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    first = "pixel" if values["from"] == Source.pixels else "word"
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
    typer.run(simulate)
