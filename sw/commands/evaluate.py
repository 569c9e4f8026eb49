"""``engram evaluate``: accuracy with the ideal array and over many chips, with pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sw.commands.array_options import Array, takes_array
from sw.commands.dataset_option import dataset_of
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

if TYPE_CHECKING:
    from sw.bundle import Bundle

__all__ = ["evaluate"]

BARS = "▁▂▃▄▅▆▇█"


@reports_errors
@takes_array
def evaluate(
    bundle: BundleArgument,
    array: Array,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Data set by name or .npz file; the one it was trained on if left out."),
    ] = None,
    chips: Annotated[int, typer.Option("--chips", min=1, max=10_000, help="Chips to program.")] = 10,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the pictures; runs/evaluate-NAME if left out."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Measure the accuracy of a bundle on a test split, with the integer reference.

    Float and quantised accuracy are those recorded in training, so they are given for the training data set
    only. The ideal array has exact cells and an exact ADC. The RRAM chips differ by their programming errors
    and stuck cells; every image gets an answer, whatever its margin.
    """
    from sw.bundle import open_bundle
    from sw.evaluate import accuracy, check_labels, features_of, run_chips, with_ideal_array
    from sw.reference.pipeline import classify
    from sw.rram.mapping import array_design
    from sw.rram.programming import adc_tables

    classifier = open_bundle(bundle)
    design = classifier.design
    device, conditions = array
    cell_bits, adc_bits = conditions.cell_bits, conditions.adc.bits
    adc_tables(array_design(design, cell_bits, adc_bits), device)  # refuse before the slow steps
    dataset, same = dataset_of(classifier, data)
    truth = dataset.y_test
    check_labels(classifier, truth)

    with progress() as bar:
        task = bar.add_task("features", total=len(truth), note="images")
        levels = features_of(classifier, dataset.x_test, lambda images: bar.advance(task, images))
        task = bar.add_task("RRAM", total=chips, note="chips")
        answers = run_chips(
            classifier,
            levels,
            truth,
            device,
            conditions,
            seed=seed,
            chips=chips,
            done=lambda count: bar.advance(task, count),
        )
    labels = classify(with_ideal_array(classifier), levels)
    programmed = classifier.provenance.device
    metrics = classifier.provenance.metrics if same else {}
    shares = answers.accuracies
    result: dict[str, Any] = {
        "bundle": design.name,
        "data": dataset.name,
        "images": len(truth),
        "accuracy": {
            "float": metrics.get("test.float"),
            "quantised": metrics.get("test.quantised"),
            "ideal": accuracy(labels, truth),
            "programmed": None if programmed is None else accuracy(classify(classifier, levels), truth),
            "rram_mean": float(shares.mean()),
            "rram_min": float(shares.min()),
            "rram_max": float(shares.max()),
            "rram_std": float(shares.std()),
            "rram": shares.tolist(),
        },
        "device": device.name,
        "chips": chips,
        "cell_bits": cell_bits,
        "adc_bits": adc_bits,
        "p_stuck_hrs": device.p_stuck_hrs,
        "p_stuck_lrs": device.p_stuck_lrs,
        "seed": seed,
        "macs": design.macs,
        "weights": design.weights,
        "templates": design.templates,
        "features": design.features,
    }
    folder = output or Path("runs") / f"evaluate-{design.name}"
    result["files"] = _draw(classifier, truth, labels, answers, result, folder)
    if json:
        print_json(result)
    else:
        _print_table(result, programmed)
    for path in result["files"]:
        messages.print(f"picture written to {path}", soft_wrap=True, highlight=False)


def _draw(
    bundle: "Bundle", truth: Any, labels: Any, answers: Any, result: dict[str, Any], folder: Path
) -> list[str]:
    from sw.evaluate import confusion_matrix
    from sw.pictures import draw_chips, draw_confusion, draw_templates

    classes, name, shares = bundle.design.classes, bundle.design.name, result["accuracy"]
    adc = "ideal ADC" if result["adc_bits"] is None else f"{result['adc_bits']}-bit ADC"
    array = f"{result['device']}, {result['cell_bits']}-bit codes, {adc}"
    files = [folder / f"{picture}.png" for picture in ("confusion", "confusion-rram", "chips", "templates")]
    draw_confusion(
        confusion_matrix(truth, labels, classes), f"{name}: ideal array, {shares['ideal']:.2%}", files[0]
    )
    draw_confusion(
        confusion_matrix(truth, answers.worst, classes),
        f"{name}: least accurate chip, {shares['rram_min']:.2%}\n{array}",
        files[1],
    )
    draw_chips(answers.accuracies, shares["ideal"], f"{name}: {array}", files[2])
    draw_templates(bundle, files[3])
    return [str(path) for path in files]


def _print_table(result: dict[str, Any], programmed: dict[str, Any] | None) -> None:
    from rich.table import Table

    shares = result["accuracy"]
    many = f"{result['chips']} chips of {result['device']}"
    table = Table(
        title=f"{result['bundle']}: accuracy on {result['images']:,} test images of {result['data']}"
    )
    table.add_column("")
    table.add_column("accuracy", justify="right")
    table.add_column("what")
    table.add_row("float", _percent(shares["float"]), "student before quantisation, recorded in training")
    table.add_row("quantised", _percent(shares["quantised"]), "quantised student, recorded in training")
    table.add_row("ideal array", _percent(shares["ideal"]), f"{result['templates']} templates, exact cells")
    if programmed is not None:
        chip = f"chip of {programmed.get('preset')}, seed {programmed.get('seed')}"
        table.add_row("as programmed", _percent(shares["programmed"]), f"this bundle: {chip}")
    table.add_row("RRAM mean", _percent(shares["rram_mean"]), f"{many}, std {shares['rram_std']:.2%}")
    table.add_row("RRAM min", _percent(shares["rram_min"]), _strip(shares["rram"]))
    table.add_row("RRAM max", _percent(shares["rram_max"]), "")
    answer.print(table)
    answer.print(
        f"front end: {result['macs']:,} multiply-accumulates per image, {result['weights']:,} weights; "
        f"array: {result['templates']:,} templates x {result['features']:,} features",
        soft_wrap=True,
        highlight=False,
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


def _strip(shares: list[float]) -> str:
    """One bar per chip, from the worst to the best, at most 40."""
    low, high = min(shares), max(shares)
    steps = [round((share - low) / ((high - low) or 1) * (len(BARS) - 1)) for share in shares[:40]]
    return "chip by chip " + "".join(BARS[step] for step in steps) + ("…" if len(shares) > 40 else "")
