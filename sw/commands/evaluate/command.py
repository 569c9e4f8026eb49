"""``engram evaluate``: accuracy with the ideal array and over many chips, with pictures."""

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from sw.commands.options.array import OverridingOptions
from sw.commands.options.declared import takes_options
from sw.console import BundleArgument, JsonOption, SeedOption, print_json, reports_errors, terminal
from sw.data.of_bundle import inputs_known, selection_of
from sw.evaluation.studies import Rows, Study

__all__ = ["evaluate"]

YIELD_BELOW_IDEAL = 0.01


@reports_errors
@takes_options
def evaluate(
    bundle: BundleArgument,
    array_options: OverridingOptions,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Data set by name or .npz file; the one it was trained on if left out."),
    ] = None,
    images: Annotated[
        str, typer.Option("--images", metavar="N|all", help="Test images, in order from the first.")
    ] = "all",
    chips: Annotated[int, typer.Option("--chips", min=1, max=10_000, help="Chips to program.")] = 10,
    yield_at: Annotated[
        float | None,
        typer.Option(
            "--yield-at",
            min=0,
            max=1,
            help="Accuracy that a good chip reaches; a point below the ideal array's if left out.",
        ),
    ] = None,
    study: Annotated[
        list[Study] | None,
        typer.Option(
            "--study",
            help="Also study, with as many chips at every point: what each effect costs; read times from 1 s "
            "to 10 years and 3 to 10 ADC bits; what coping brings at 1, 5 and 10 % stuck cells. Each leaves "
            "a table and a picture, such as effects.csv and effects.png. Can be given several times.",
        ),
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option("--baseline", help="Also measure how fast plain PyTorch does the same in floats."),
    ] = False,
    energy: Annotated[
        Path | None,
        typer.Option(
            "--energy",
            metavar="FILE.toml",
            help="Constants of the energy model: a changed copy of sw/energy/energy.toml, which counts if "
            "left out.",
        ),
    ] = None,
    macro: Annotated[
        str | None,
        typer.Option(
            "--macro",
            metavar="NAME|FILE.toml",
            help="Model the energy in one node, that of a published array or of your own: a macro that "
            "'engram check costs' lists, or a changed copy of one of sw/energy/macros. The front end is then "
            "the one that is generated, in the sizes that take least.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=256, help="Processes that share the chips; all cores if left out."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the files; runs/evaluate-NAME if left out."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Measure the accuracy of a bundle on a test split, with the integer reference.

    Float and quantised accuracy are those recorded in training, so they are given for the training data set
    only. The ideal array has exact cells and an exact ADC. The RRAM chips differ in whatever the options ask
    for; every image gets an answer, whatever its margin. Of a bundle that is a programmed chip, the chips are
    programmed and read as that one was, but for the options that are given. Intervals are at 95 % confidence
    and are about chips: Student's t for the mean, Clopper and Pearson for the yield; one chip has none for
    its mean. The energy of one classification is modelled, not measured, with the resolution of the chips'
    ADCs.

    Where classes differ in size by more than half, or one is never found, the recall of each and the balanced
    accuracy are shown as well; --json always has them.

    Files: evaluation.json, which is what --json prints, and pictures: confusion.png, confusion-rram.png (the
    least accurate chip), chips.png, templates.png, energy.png.
    """
    from sw.bundle import open_bundle
    from sw.bundle.ideal import with_ideal_array
    from sw.commands.evaluate.energy import energy_model
    from sw.commands.evaluate.report import Evaluation, draw, print_table, values_of, write
    from sw.commands.evaluate.study import print_study, run_study
    from sw.commands.options.full_scale import with_full_scale
    from sw.commands.options.of_chip import array_for
    from sw.evaluation.baseline import check_torch, measure
    from sw.evaluation.chips import Chips
    from sw.evaluation.classes import unequal
    from sw.evaluation.distribution import distribution_of
    from sw.evaluation.scores import accuracy
    from sw.evaluation.studies import points_of
    from sw.farm.processes import default_jobs
    from sw.files import make_folder
    from sw.reference.features import features_of
    from sw.reference.pipeline import classify
    from sw.rram.chip.programming import program

    classifier = open_bundle(bundle)
    array = array_for(classifier, array_options)
    design = classifier.design
    if baseline:
        check_torch()
    for name in study or []:
        points_of(name, *array, design.templates)
    priced = energy_model(classifier, energy, macro)
    array = with_full_scale(array, classifier, data, seed)
    dataset, part, same = selection_of(classifier, data, images, terminal)
    truth = part.labels

    with terminal.stage("features", len(part), "images") as stage:
        levels = features_of(classifier, part.images, stage.done)
    labels = classify(with_ideal_array(classifier), levels)
    ideal = accuracy(labels, truth)
    folder = output or Path("runs") / f"evaluate-{design.name}"
    make_folder(folder)
    jobs = min(jobs or default_jobs(), chips)
    started = perf_counter()
    with Chips(classifier, levels, truth, seed=seed, jobs=jobs) as run:
        with terminal.stage("RRAM", chips, "chips") as stage:
            accuracies = run.accuracies(*array, chips, stage.done)
        seconds = perf_counter() - started
        evaluation = Evaluation(
            bundle=classifier,
            data=dataset.name,
            array=array,
            given=tuple(array_options),
            seed=seed,
            jobs=jobs,
            metrics=classifier.provenance.metrics if same else {},
            truth=truth,
            ideal=labels,
            worst=run.labels(*array, int(accuracies.argmin())),
            unequal=unequal(dataset),
            inputs=inputs_known(classifier, dataset),
            programmed=None
            if classifier.provenance.device is None
            else accuracy(classify(classifier, levels), truth),
            accuracies=accuracies,
            distribution=distribution_of(
                accuracies, ideal - YIELD_BELOW_IDEAL if yield_at is None else yield_at, len(truth)
            ),
            seconds=seconds,
            energy=priced(levels, array.conditions.adc.bits, dataset.name),
            baselines=measure(program(classifier, *array, seed=seed), levels, jobs) if baseline else (),
        )
        files = draw(evaluation, folder)
        report = write(evaluation, {}, folder)
        if not json:
            print_table(evaluation)
        studies: dict[Study, Rows] = {}
        for name in dict.fromkeys(study or []):
            studies[name], written = run_study(name, run, array, design, chips, folder)
            files += written
            report = write(evaluation, studies, folder)
            if not json:
                print_study(name, studies[name])
    files.append(report)
    if json:
        print_json({**values_of(evaluation, studies), "files": [str(path) for path in files]})
    for path in files:
        terminal.say(f"written to {path}")
