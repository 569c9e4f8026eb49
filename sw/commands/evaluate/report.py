"""Output of ``engram evaluate`` about a run over many chips: JSON values, a table, pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from sw.bundle import Bundle
from sw.bundle.inputs import Inputs
from sw.commands.options.array import Array
from sw.commands.options.of_chip import array_in_words
from sw.console import answer
from sw.energy.report import EnergyReport
from sw.evaluation.baseline import Baseline
from sw.evaluation.classes import ClassReport
from sw.evaluation.distribution import Distribution
from sw.evaluation.pictures import draw_chips, draw_confusion, draw_templates
from sw.evaluation.scores import accuracy, confusion_matrix
from sw.evaluation.studies import Rows, Study
from sw.files import write_atomically

__all__ = ["Evaluation", "draw", "print_table", "values_of", "write"]

HEADINGS = {"ideal": "ideal array", "rram_min": "least accurate chip"}
"""Of the columns of recalls."""
BARS = "▁▂▃▄▅▆▇█"
REPORT = "evaluation.json"


class Evaluation(NamedTuple):
    """One run.

    Attributes
    ----------
    bundle, data, array, seed, jobs
        What was evaluated, on which data set, and how.
    given
        Names of the options of the array that were given; the others are those of the bundle, if it is a
        chip.
    metrics
        Accuracies recorded in training; empty for other data.
    truth, ideal, worst
        Classes (N,): the true ones, and those of the ideal array and of the least accurate chip.
    unequal
        Whether the data set's classes differ in size.
    inputs
        Knows the names of the classes.
    programmed
        Accuracy of the bundle itself; None for one that is not a chip.
    accuracies, distribution
        Of the chips.
    seconds
        For programming the chips and classifying all images with each.
    energy
        What one classification takes, modelled.
    baselines
        What plain PyTorch does, chip by chip and side by side; empty if nobody asked.
    """

    bundle: Bundle
    data: str
    array: Array
    given: tuple[str, ...]
    seed: int
    jobs: int
    metrics: dict[str, float]
    truth: NDArray
    ideal: NDArray[np.int64]
    worst: NDArray[np.int64]
    unequal: bool
    inputs: Inputs
    programmed: float | None
    accuracies: NDArray[np.float64]
    distribution: Distribution
    seconds: float
    energy: EnergyReport
    baselines: tuple[Baseline, ...]

    @property
    def chance(self) -> float:
        """Accuracy of guessing, each class equally often."""
        return 1 / self.bundle.design.classes

    @property
    def yield_means_little(self) -> bool:
        """Whether a chip that guesses would count as good."""
        return self.distribution.yield_at <= self.chance

    @property
    def classes(self) -> ClassReport:
        """Answers class by class, of the ideal array and of the least accurate chip."""
        count = self.bundle.design.classes
        answers = {"ideal": self.ideal, "rram_min": self.worst}
        matrices = {name: confusion_matrix(self.truth, labels, count) for name, labels in answers.items()}
        return ClassReport(matrices, self.unequal, self.inputs)

    @property
    def chip_images(self) -> int:
        """Images classified, over all chips."""
        return len(self.truth) * len(self.accuracies)

    @property
    def chip_images_per_minute(self) -> float:
        """Programming of the chips included."""
        return 60 * self.chip_images / self.seconds


def values_of(run: Evaluation, studies: Mapping[Study, Rows]) -> dict[str, Any]:
    """The JSON object, without the files; None stands for what a run cannot know, such as a spread of one."""
    design, device, conditions, chips = run.bundle.design, *run.array, run.distribution
    compared: dict[str, Any] = {}
    classes = run.classes.values()
    if run.baselines:
        compared = {"ratio": run.baselines[0].ratio, "baselines": [_rates(each) for each in run.baselines]}
    return {
        "bundle": design.name,
        "data": run.data,
        "images": len(run.truth),
        "chip_images": run.chip_images,
        "seconds": run.seconds,
        "chip_images_per_minute": run.chip_images_per_minute,
        **compared,
        "accuracy_mean": chips.mean,
        "accuracy_mean_interval": chips.mean_interval and list(chips.mean_interval),
        "accuracy_p5": chips.p5,
        "yield_at": chips.yield_at,
        "yield": chips.yield_share,
        "yield_interval": [chips.yield_low, chips.yield_high],
        "yield_at_most_chance": run.yield_means_little,
        "chance": run.chance,
        "accuracy": {
            "float": run.metrics.get("test.float"),
            "quantised": run.metrics.get("test.quantised"),
            "ideal": accuracy(run.ideal, run.truth),
            "programmed": run.programmed,
            "rram_mean": chips.mean,
            "rram_min": chips.minimum,
            "rram_max": chips.maximum,
            "rram_std": chips.std,
            "rram": run.accuracies.tolist(),
        },
        "balanced_accuracy": classes["ideal"]["balanced_accuracy"],
        "recall": classes["ideal"]["recall"],
        "class_names": list(run.inputs.class_names),
        "classes": classes,
        "device": device.name,
        "conditions": conditions.model_dump(mode="json"),
        "conditions_of_chip": run.programmed is not None,
        "conditions_given": list(run.given),
        "chips": len(run.accuracies),
        "cell_bits": conditions.cell_bits,
        "adc_bits": conditions.adc.bits,
        "p_stuck_hrs": device.p_stuck_hrs,
        "p_stuck_lrs": device.p_stuck_lrs,
        "seed": run.seed,
        "jobs": run.jobs,
        "macs": design.macs,
        **run.energy.values(),
        "weights": design.weights,
        "templates": design.templates,
        "features": design.features,
        "median_of": _median_of(run),
        "studies": dict(studies),
    }


def _median_of(run: Evaluation) -> dict[str, Any] | None:
    """Accuracies of all seeds that were trained, if the bundle is the median of several."""
    seeds = run.bundle.provenance.median_of
    return None if seeds is None else seeds.model_dump(mode="json")


def write(run: Evaluation, studies: Mapping[Study, Rows], folder: Path) -> Path:
    """Write the JSON object as a file, so that it stands on the disk whatever becomes of the terminal.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    path = folder / REPORT
    write_atomically(path, json.dumps(values_of(run, studies), indent=1).encode() + b"\n")
    return path


def draw(run: Evaluation, folder: Path) -> list[Path]:
    """Draw the pictures; raises EngramError if one cannot be written."""
    design, (device, conditions) = run.bundle.design, run.array
    adc = "ideal ADC" if conditions.adc.bits is None else f"{conditions.adc.bits}-bit ADC"
    array = f"{device.name}, {conditions.cell_bits}-bit codes, {adc}"
    ideal, classes = accuracy(run.ideal, run.truth), run.classes
    names = ("confusion", "confusion-rram", "chips", "templates", "energy")
    files = [folder / f"{picture}.png" for picture in names]
    draw_confusion(
        classes.matrices["ideal"],
        f"{design.name}: ideal array, {ideal:.2%}",
        files[0],
        by_class=classes.told,
        inputs=classes.inputs,
    )
    draw_confusion(
        classes.matrices["rram_min"],
        f"{design.name}: least accurate chip, {run.distribution.minimum:.2%}\n{array}",
        files[1],
        by_class=classes.told,
        inputs=classes.inputs,
    )
    draw_chips(run.accuracies, ideal, f"{design.name}: {array}", files[2])
    draw_templates(run.bundle, files[3])
    run.energy.draw(files[4])
    return files


def print_table(run: Evaluation) -> None:
    """Tell a person."""
    design = run.bundle.design
    table = Table(title=f"{design.name}: accuracy on {len(run.truth):,} test images of {run.data}")
    table.add_column("")
    table.add_column("accuracy", justify="right")
    table.add_column("what")
    table.add_row("float", _recorded(run, "test.float"), "student before quantisation, recorded in training")
    table.add_row("quantised", _recorded(run, "test.quantised"), "quantised student, recorded in training")
    ideal = f"{accuracy(run.ideal, run.truth):.2%}"
    table.add_row("ideal array", ideal, f"{design.templates} templates, exact cells")
    programmed = run.bundle.provenance.device
    if programmed is not None:
        chip = f"chip of {programmed.get('preset')}, seed {programmed.get('seed')}"
        table.add_row("as programmed", f"{run.programmed:.2%}", f"this bundle: {chip}")
    for row in _rows_of_chips(run):
        table.add_row(*row)
    answer.print(table)
    classes = run.classes
    if classes.told:
        answer.print(classes.table(f"{design.name}: recall by class", HEADINGS))
    for line in classes.lines(HEADINGS):
        answer.print(line, soft_wrap=True, highlight=False)
    lines = [
        *filter(None, [array_in_words(run.bundle, run.given)]),
        _yield(run),
        f"{run.chip_images:,} chip-images in {run.seconds:.1f} s, "
        f"{run.chip_images_per_minute / 1e6:.1f} million per minute, {run.jobs} "
        f"process{'es' * (run.jobs > 1)}",
        f"front end: {design.macs:,} multiply-accumulates per image, {design.weights:,} weights; "
        f"array: {design.templates:,} templates x {design.features:,} features",
    ]
    if (seeds := run.bundle.provenance.median_of) is not None and run.metrics:
        lines.insert(0, seeds.words)
    lines[-1:-1] = [
        f"classifying alone {60 * each.reference_images_per_second / 1e6:.1f} million per minute, plain "
        f"PyTorch in turns with it {60 * each.images_per_second / 1e6:.1f} million, "
        f"{each.processes} x {each.threads} threads, {_together(each)}: ratio {each.ratio:.2f}"
        for each in run.baselines
    ]
    for line in lines:
        answer.print(line, soft_wrap=True, highlight=False)
    answer.print(run.energy.table())
    for line in run.energy.lines():
        answer.print(line, soft_wrap=True, highlight=False)


def _rows_of_chips(run: Evaluation) -> list[tuple[str, str, str]]:
    chips, name = run.distribution, run.array.device.name
    if chips.mean_interval is None:
        note = f"1 chip of {name}; one chip gives no spread and no interval, see --chips"
        return [("RRAM chip", f"{chips.mean:.2%}", note)]
    low, high = chips.mean_interval
    many = f"{len(run.accuracies):,} chips of {name}, std {chips.std:.2%}"
    return [
        ("RRAM mean", f"{chips.mean:.2%}", f"{many}; 95 % sure: {low:.2%} to {high:.2%}"),
        ("RRAM p5", f"{chips.p5:.2%}", "one chip in twenty is below"),
        ("RRAM min", f"{chips.minimum:.2%}", _strip(run.accuracies.tolist())),
        ("RRAM max", f"{chips.maximum:.2%}", ""),
    ]


def _yield(run: Evaluation) -> str:
    chips = run.distribution
    sure = f"95 % sure: {chips.yield_low:.1%} to {chips.yield_high:.1%}"
    said = f"yield: {chips.yield_share:.1%} of the chips reach {chips.yield_at:.2%}, {sure}"
    if not run.yield_means_little:
        return said
    return (
        f"{said}; this says little: guessing among {run.bundle.design.classes} classes reaches "
        f"{run.chance:.2%}, see --yield-at"
    )


def _together(baseline: Baseline) -> str:
    return f"{baseline.chips_together} chips side by side" if baseline.chips_together > 1 else "chip by chip"


def _rates(baseline: Baseline) -> dict[str, float]:
    return {
        "chips_together": baseline.chips_together,
        "processes": baseline.processes,
        "threads": baseline.threads,
        "chip_images_per_minute": 60 * baseline.images_per_second,
        "reference_chip_images_per_minute": 60 * baseline.reference_images_per_second,
        "ratio": baseline.ratio,
    }


def _recorded(run: Evaluation, name: str) -> str:
    return f"{run.metrics[name]:.2%}" if name in run.metrics else "-"


def _strip(shares: list[float]) -> str:
    """One bar per chip, from the worst to the best, at most 40."""
    low, high = min(shares), max(shares)
    steps = [round((share - low) / ((high - low) or 1) * (len(BARS) - 1)) for share in shares[:40]]
    return "chip by chip " + "".join(BARS[step] for step in steps) + ("..." if len(shares) > 40 else "")
