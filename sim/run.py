"""``engram simulate``: real test images through the RTL under Verilator, held against the reference.

Usage: ``python -m sim.run BUNDLE --images 1000``
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    from sim.check import Report
    from sim.runner import Waves
    from sw.bundle import Bundle
    from sw.datasets import Dataset

__all__ = ["simulate"]

DEFAULT_IMAGES = 100
TRACED_IMAGES = 2
"""Enough to see images follow each other; a waveform grows by megabytes per image."""

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
JobsOption = Annotated[int, typer.Option("--jobs", min=1, max=256, help="Processes that share the images.")]


@reports_errors
def simulate(
    bundle: BundleArgument,
    images: ImagesOption = None,
    data: DataOption = None,
    trace: TraceOption = None,
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Run test images through the RTL and compare every ADC code, score, margin and class with the reference.

    Streams stall at random, by the printed seed. Exits with 1 and the first mismatch if there is any.
    """
    from sim.accelerator import accelerator_model, verify
    from sw.bundle import open_bundle
    from sw.evaluate import check_labels
    from sw.reference.pipeline import levels_of

    waves = _waves_format(trace)
    opened = open_bundle(bundle)
    dataset = _dataset(opened, data)
    count = _image_count(images, len(dataset.x_test), dataset.name)
    with messages.status("word-line values of the reference"):
        levels = levels_of(opened, dataset.x_test[:count])
    check_labels(opened, dataset.y_test)
    with messages.status("compiling the RTL with Verilator, once per bundle"):
        model = accelerator_model(opened)

    if trace is not None:
        with messages.status("compiling the RTL with waveforms"):
            traced = accelerator_model(opened, waves)
        verify(traced, opened, levels[:TRACED_IMAGES], seed=seed, waves=trace)
        messages.print(f"waveform of the first images: {trace}", soft_wrap=True, highlight=False)

    messages.print(f"{count} images of {dataset.name}, stall seed {seed}")
    started = time.perf_counter()
    with progress() as bar:
        task = bar.add_task("RTL", total=count, note="")
        report = verify(
            model,
            opened,
            levels,
            seed=seed,
            jobs=jobs,
            on_progress=lambda done: bar.update(task, completed=done),
        )
    seconds = time.perf_counter() - started
    _tell(_values(opened, report, dataset, seed, seconds), as_json)
    if report.wrong.any():
        messages.print(f"[bold red]mismatch:[/] {report.first}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


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


def _image_count(images: str | None, available: int, name: str) -> int:
    if images is None:
        return min(DEFAULT_IMAGES, available)
    if images == "all":
        return available
    count = int(images) if images.isascii() and images.isdecimal() else 0
    if not 1 <= count <= available:
        raise EngramError(
            f"--images must be 'all' or 1 to {available}, the test images of {name}, got {images!r}"
        )
    return count


def _values(
    bundle: "Bundle", report: "Report", dataset: "Dataset", seed: int, seconds: float
) -> dict[str, Any]:
    count = len(report.wrong)
    return {
        "images": count,
        "mismatches": int(report.wrong.sum()),
        "accuracy": float((report.labels == dataset.y_test[:count]).mean()),
        "cycles_per_image": report.interval,
        "latency_cycles": report.latency,
        "seconds": round(seconds, 3),
        "cycles_per_second": round(report.cycles / seconds),
        "seed": seed,
        "data": dataset.name,
        "bundle": bundle.digest,
        "first_mismatch": str(report.first) if report.first else None,
    }


def _tell(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    answer.print(
        f"images            {values['images']}\n"
        f"mismatches        {values['mismatches']}\n"
        f"accuracy          {100 * values['accuracy']:.2f} % (RTL against labels)\n"
        f"cycles per image  {values['cycles_per_image']} without stalls, "
        f"{values['latency_cycles']} from first word to result\n"
        f"stall seed        {values['seed']}\n"
        f"seconds           {values['seconds']:.1f}, {values['cycles_per_second'] / 1e6:.2f} Mcycle/s",
        highlight=False,
    )


if __name__ == "__main__":
    typer.run(simulate)
