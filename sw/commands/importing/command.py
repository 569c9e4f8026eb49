"""``engram import``: a student from an ONNX file."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.commands.options.network import InputOffset, InputScale, NetworkArgument, Trial, rule_of, trial_of
from sw.console import JsonOption, SeedOption, answer, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import check_target

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.importing.compare import Comparison
    from sw.importing.head import Head
    from sw.importing.student import Student

__all__ = ["import_network"]

LIBRARIES = ("numpy", "onnx")
"""Libraries whose versions an import depends on."""


@reports_errors
def import_network(
    network: NetworkArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle to write.")],
    input_scale: InputScale = None,
    input_offset: InputOffset = None,
    thresholds: Annotated[
        int | None,
        typer.Option(
            "--thresholds",
            min=1,
            help="Thresholds per feature, evenly spread over the steps of the network's last activation.",
            show_default="all of them, up to 15",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="NAME|FILE",
            help="Data set on whose test images network and bundle are compared.",
            show_default="100 random images",
        ),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option("--images", min=1, help="How many of them.", show_default="all of the test part"),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Make a bundle from a quantised network: its layers in integers, and its head where that is templates.

    Scales, batch norms and activations become integer thresholds in exact arithmetic. The network itself
    rounds in floats, so it and the integers are run on the same images; every value that differs is counted
    and shown. A head that is one dense layer of -1 and +1 is taken over as templates; any other is cut off,
    and 'engram templates' makes templates for the features.
    """
    started = time.monotonic()
    from sw.bundle import save
    from sw.bundle.provenance import Step
    from sw.importing.bundle import bundle_of
    from sw.importing.compare import compare
    from sw.importing.graph.graph import open_graph
    from sw.importing.head import read_head
    from sw.importing.student import read_student
    from sw.version import versions_with

    check_target(output)
    graph = open_graph(network)
    student = read_student(graph, rule_of(input_scale, input_offset), thresholds)
    head = read_head(graph, student.features)
    trial = trial_of(student, data, images, seed)
    options = {
        "input-scale": input_scale,
        "input-offset": input_offset,
        "thresholds": thresholds,
        "data": data and Path(data).name,
        "images": images,
    }
    step = Step.of("import", options, seed, versions_with(*LIBRARIES), [network.name])
    bundle = bundle_of(student, head, network.stem, step)
    with terminal.stage("images", len(trial.images)) as stage:
        found = compare(student, bundle, trial.images, with_classes=head.exact, done=stage.done)
    bundle, accuracy = _measured(bundle, head, found, trial)
    save(bundle, output)
    values = {
        **_values(student, found),
        "bundle": str(output),
        "digest": bundle.digest,
        "head": {"exact": head.exact, "words": head.words, **_head_values(found)},
        "images": len(trial.images),
        "data": trial.dataset.name if trial.dataset else None,
        "accuracy": accuracy,
        "seconds": time.monotonic() - started,
    }
    if json:
        print_json(values)
    else:
        _tell(values, found, trial)
    terminal.say(f"bundle written to {output}")


def _measured(
    bundle: "Bundle", head: "Head", found: "Comparison", trial: Trial
) -> tuple["Bundle", float | None]:
    """The bundle with what the trial says of it, and the accuracy of the network itself."""
    from sw.evaluation.scores import accuracy
    from sw.reference import pipeline

    dataset = trial.dataset
    if dataset is None:
        return bundle, None
    if dataset.classes != bundle.design.classes:
        raise EngramError(
            f"data set {dataset.name!r} must have the {bundle.design.classes} classes of the network, got "
            f"{dataset.classes}; give the one it was trained on"
        )
    truth = dataset.test.labels[: len(trial.images)]
    share = accuracy(found.labels, truth)
    metrics = {}
    if trial.whole:
        metrics["test.source"] = share
        if head.exact:
            answers = pipeline.classify(bundle, pipeline.levels_of(bundle, trial.images))
            metrics["test.ideal"] = accuracy(answers, truth)
    provenance = bundle.provenance.model_copy(update={"data": dataset.origin, "metrics": metrics})
    return bundle.with_(provenance=provenance, inputs=dataset.inputs), share


def _values(student: "Student", found: "Comparison") -> dict[str, Any]:
    counted = {layer.name: layer for layer in found.layers}
    layers, inexact = [], []
    for made in student.layers:
        row = counted.get(made.name)
        values, differences = (row.values, row.differences) if row else (0, 0)
        layers.append(
            {
                "name": made.name,
                **made.layer.model_dump(exclude_none=True),
                "values": values,
                "differences": differences,
            }
        )
        if differences or made.unequal:
            inexact.append(
                {
                    "name": made.name,
                    "values": values,
                    "differences": differences,
                    "accumulators": made.accumulators,
                    "unequal": made.unequal,
                }
            )
    return {"layers": layers, "inexact_layers": inexact}


def _head_values(found: "Comparison") -> dict[str, int]:
    """How many classes differ; nothing where the head is not templates."""
    names = ("values", "differences", "ties")
    return {} if found.head is None else {name: getattr(found.head, name) for name in names}


def _tell(values: dict[str, Any], found: "Comparison", trial: Trial) -> None:
    from rich.table import Table

    from sw.design.kinds import KINDS

    table = Table(title=f"layers, against the network on {trial.words}")
    for heading in ("node", "layer", "weights", "activations", "values", "differ"):
        table.add_column(heading, justify="left" if heading in ("node", "layer") else "right")
    for layer in values["layers"]:
        learns = KINDS[layer["kind"]].learns
        bits = layer.get("activation_bits")
        table.add_row(
            layer["name"],
            layer["kind"] + (f" / {layer['stride']}" if layer["stride"] > 1 else ""),
            f"{layer['weight_bits']} bit" if learns else "",
            "" if bits is None else f"{bits} bit",
            f"{layer['values']:,}" if layer["values"] else "-",
            f"{layer['differences']:,}" if layer["values"] else "-",
        )
    answer.print(table)
    for layer in values["inexact_layers"]:
        text = f"inexact: {layer['name']}: {layer['differences']:,} of {layer['values']:,} values differ"
        if layer["unequal"]:
            text += (
                f"; multiplication and shift give {layer['unequal']:,} of {layer['accumulators']:,} possible "
                "sums another level"
            )
        answer.print(text, soft_wrap=True, highlight=False, markup=False)
    answer.print(f"head: {values['head']['words']}", soft_wrap=True, highlight=False, markup=False)
    if found.head is not None and found.head.differences:
        answer.print(found.head.words, soft_wrap=True, highlight=False)
    if values["accuracy"] is not None:
        answer.print(f"accuracy of the network itself: {values['accuracy']:.2%}", highlight=False)
    if not values["head"]["exact"]:
        answer.print(
            "its templates are a start; make them with: engram templates "
            f"{values['bundle']} -o NEW.engram --kind learned --data NAME|FILE",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
