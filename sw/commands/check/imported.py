"""``engram check import``: an imported bundle against its network and against its RTL."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.commands.options.network import InputOffset, InputScale, NetworkArgument, Trial, rule_of, trial_of
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

if TYPE_CHECKING:
    from sim.check import Report
    from sw.bundle import Bundle
    from sw.importing.compare import Comparison

__all__ = ["check_import"]

RTL_IMAGES = 10


@reports_errors
def check_import(
    network: NetworkArgument,
    bundle: BundleArgument,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="NAME|FILE", help="Data set of the images.", show_default="random images"
        ),
    ] = None,
    images: Annotated[
        int, typer.Option("--images", min=1, help="Images for the network and the integer reference.")
    ] = 100,
    rtl: Annotated[bool, typer.Option("--rtl/--no-rtl", help="Also run the RTL under Verilator.")] = True,
    rtl_images: Annotated[
        int, typer.Option("--rtl-images", min=1, help="How many of the images go through the RTL.")
    ] = RTL_IMAGES,
    input_scale: InputScale = None,
    input_offset: InputOffset = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Run a network, the integers of its bundle and their RTL on the same images, and compare every layer.

    The network runs in ONNX Runtime, or with QONNX nodes in the executor of qonnx. What it takes for a pixel
    is known from the import; options override it. Exits with 1 where any value differs, and says the first:
    layer, index, expected, got.
    """
    from sw.bundle import open_bundle
    from sw.importing.bundle import bundle_of, same_student
    from sw.importing.compare import compare
    from sw.importing.graph.graph import open_graph
    from sw.importing.head import read_head
    from sw.importing.student import read_student

    checked = open_bundle(bundle)
    recorded = _recorded(checked)
    rule = rule_of(input_scale or recorded.get("input-scale"), input_offset or recorded.get("input-offset"))
    graph = open_graph(network)
    thresholds = recorded.get("thresholds")
    student = read_student(graph, rule, None if thresholds is None else int(thresholds))
    head = read_head(graph, student.features)
    imported = bundle_of(student, head, network.stem)
    if not same_student(checked, imported):
        raise EngramError(
            f"bundle {bundle} must have the layers of {network.name}, it has others; import that network, "
            "and give the same --input-scale and --input-offset"
        )
    trial = trial_of(student, data, images, seed)
    own_head = (
        head.exact
        and checked.feature_thresholds.tobytes() == imported.feature_thresholds.tobytes()
        and checked.templates.tobytes() == imported.templates.tobytes()
    )
    with terminal.stage("images", len(trial.images)) as stage:
        found = compare(student, imported, trial.images, with_classes=own_head, done=stage.done)
    report = _run_rtl(checked, trial, rtl_images, seed) if rtl else None
    values = {
        "inputs": len(trial.images),
        "layers": [
            {**asdict(layer), "first": None if layer.first is None else str(layer.first)}
            for layer in found.layers
        ],
        "values": found.values,
        "differences": found.differences,
        "rtl_inputs": 0 if report is None else len(report.wrong),
        "rtl_differences": None if report is None else int(report.wrong.sum()),
        "seed": seed,
    }
    if json:
        print_json(values)
    else:
        _tell(values, found, trial)
    first = found.first or (None if report is None else report.first)
    if first is not None or values["differences"] or values["rtl_differences"]:
        messages.print(f"[bold red]difference:[/] {first}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)


def _recorded(bundle: "Bundle") -> dict[str, str]:
    """Options of the import that made the bundle; none if nothing of it is recorded."""
    for step in bundle.provenance.steps:
        if step.command == "import":
            return {name: str(value) for name, value in step.options}
    return {}


def _run_rtl(bundle: "Bundle", trial: Trial, count: int, seed: int) -> "Report":
    from hw.sizing.front_end_choice import Variant
    from sim.ways import Job, run_pixels
    from sw.reference.pipeline import levels_of

    pictures = trial.images[:count]
    levels = levels_of(bundle, pictures)
    title = f"{len(pictures)} images through the RTL, stall seed {seed}"
    job = Job(bundle, pictures, levels, title, seed, 1, None, "none", Variant.auto, None, "auto", terminal)
    return run_pixels(job).report


def _tell(values: dict[str, Any], found: "Comparison", trial: Trial) -> None:
    from rich.table import Table

    table = Table(title=f"network against integers on {trial.words}")
    for heading in ("layer", "tensor", "values", "differ"):
        table.add_column(heading, justify="left" if heading in ("layer", "tensor") else "right")
    for layer in found.layers:
        table.add_row(layer.name, layer.tensor, f"{layer.values:,}", f"{layer.differences:,}")
    answer.print(table)
    if found.head is not None and found.head.ties:
        answer.print(found.head.words, soft_wrap=True, highlight=False)
    if values["rtl_differences"] is not None:
        answer.print(
            f"RTL: {values['rtl_differences']} of {values['rtl_inputs']} images differ from the reference",
            highlight=False,
        )
