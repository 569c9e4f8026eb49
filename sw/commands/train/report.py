"""Output of ``engram train``: table or JSON, curves, and the list of presets."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sw.commands.train.facts import Tested, facts_of
from sw.console import answer, print_json
from sw.training.presets import PRESETS
from sw.training.run.curves import draw_curves, read_log

if TYPE_CHECKING:
    from sw.bundle import Bundle
    from sw.commands.train.plan import Plan
    from sw.evaluation.classes import ClassReport
    from sw.training.run.folder import RunFolder
    from sw.training.train import Trained

__all__ = ["draw", "print_presets", "print_table", "result_of"]

KINDS = {
    "float": "full precision, dense head",
    "quantised": "quantised, as trained",
    "ideal": "integers, ideal array",
}
CONFUSION = "confusion.png"


def draw(run: "RunFolder", plan: "Plan", test: Tested) -> Path:
    """Draw the curves of a run into its folder; the path of the picture.

    Beside it lies the confusion matrix of the test images, of data whose recalls are told to people.
    """
    from sw.evaluation.pictures import draw_confusion
    from sw.training.run.folder import CURVES, PARTS

    files = {name: run.part(name).log_file for name in PARTS}
    logs = {name: read_log(path) for name, path in files.items() if path.exists()}
    draw_curves(logs, f"{plan.name}, seed {plan.seed}", run.path / CURVES)
    confusion = run.path / CONFUSION
    if test.classes.told:
        title = f"{plan.name}: test images of {plan.dataset.name}, ideal array"
        draw_confusion(
            test.classes.matrices["ideal"], title, confusion, by_class=True, inputs=plan.dataset.inputs
        )
    else:
        confusion.unlink(missing_ok=True)  # of an earlier piece of the run, which never found some class
    return run.path / CURVES


def result_of(
    plan: "Plan", trained: "Trained", test: Tested, target: Path, run: "RunFolder", curves: Path
) -> dict[str, Any]:
    """The answer as one JSON object.

    ``seconds`` are those of all pieces of the run, ``seconds_of`` those of the epochs of each network; it is
    None for one that was not trained here, such as a teacher from the cache. ``teacher`` is None without one.
    """
    teacher = trained.teacher
    return {
        "bundle": str(target),
        **facts_of(plan, trained.bundle, test),
        "teacher": teacher and {"accuracy": teacher.accuracy, "digest": teacher.digest},
        "run": str(run.path),
        "log": str(run.part("student").log_file),
        "curves": str(curves),
        "seconds_of": _seconds_of(run),
        "seconds": run.seconds,
    }


def print_table(bundle: "Bundle", classes: "ClassReport") -> None:
    """The answer as a table, and one by class where classes differ in size or one is never found."""
    from rich.table import Table

    design, metrics = bundle.design, bundle.provenance.metrics
    table = Table(title=f"{design.name}: accuracy")
    for heading in ("", "validation", "test"):
        table.add_column(heading, justify="left" if not heading else "right")
    for key, label in KINDS.items():
        table.add_row(label, *(f"{metrics[f'{part}.{key}']:.2%}" for part in ("validation", "test")))
    answer.print(table)
    answer.print(
        f"{design.macs:,} MAC, {design.weights:,} weights, {design.features} features, "
        f"{design.templates} templates",
        highlight=False,
    )
    headings = {"ideal": KINDS["ideal"]}
    if classes.told:
        answer.print(classes.table(f"{design.name}: recall by class, test", headings))
    for line in classes.lines(headings):
        answer.print(line, soft_wrap=True, highlight=False)


def print_presets(json: bool) -> None:
    """The presets: what they train."""
    from rich.table import Table

    rows: dict[str, dict[str, Any]] = {
        name: {
            "data": preset.data,
            "macs": preset.design.macs,
            "templates": preset.design.templates,
            "features": preset.design.features,
            "made": preset.templates,
            "recipe": asdict(preset.recipe),
        }
        for name, preset in PRESETS.items()
    }
    if json:
        print_json({"presets": rows})
        return
    table = Table(title="presets of engram train")
    for heading in ("preset", "data", "MAC", "templates x features", "templates", "epochs"):
        table.add_column(heading, justify="left" if heading in {"preset", "data"} else "right")
    for name, row in rows.items():
        size = f"{row['templates']} x {row['features']:,}"
        epochs = str(row["recipe"]["epochs"])
        table.add_row(name, row["data"], f"{row['macs']:,}", size, row["made"], epochs)
    answer.print(table)


def _seconds_of(run: "RunFolder") -> dict[str, float | None]:
    from sw.training.run.folder import PARTS

    files = {name: run.part(name).log_file for name in PARTS}
    return {
        name: sum(float(row["seconds"]) for row in read_log(path)) if path.exists() else None
        for name, path in files.items()
    }
