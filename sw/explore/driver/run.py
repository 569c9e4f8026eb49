"""The work of ``engram explore``: from what is asked to files."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, cast

from sw.bundle import Bundle
from sw.cache import Store
from sw.commands.explore.builds import RTL_IMAGES, Finalist, built_finalists, built_words, finalists_of
from sw.commands.explore.fpga import fpga_of
from sw.commands.explore.report import print_front, said_of
from sw.console import messages, progress
from sw.errors import EngramError
from sw.explore.compute.accuracy import good_accuracy
from sw.explore.compute.costs import Costs
from sw.explore.compute.explorer import Explorer, Extent
from sw.explore.compute.farm import open_farm
from sw.explore.compute.variants import Variants
from sw.explore.driver.question import Question, Request, command_of, question_of, step_of_chip
from sw.explore.driver.trials import driven
from sw.explore.outcome.recommend import programmed, write_recommended
from sw.explore.outcome.results import Exploration, write_results
from sw.explore.outcome.rows import front_of, rows_of, tested_rows
from sw.explore.page.page import write_page_and_pictures
from sw.explore.space.objectives import reason_for, recommended
from sw.explore.space.search import Search
from sw.explore.space.settings import Setting, Variant, possible, sampled
from sw.files import make_folder

__all__ = ["Lab", "Request", "folder_of", "open_lab", "run"]

DATABASE = "search.sqlite3"


@dataclass(frozen=True, eq=False)
class Lab:
    """Everything that computes points, and a bar that shows it."""

    request: Request
    question: Question
    variants: Variants
    explorer: Explorer
    store: Store
    bar: Any

    def chip(self, setting: Setting) -> Bundle:
        """Chip 0 of a point; its provenance says of which."""
        self.explorer.choose_ranges([setting])
        chip = programmed(self.variants, self.explorer, setting, self.request.seed)
        return chip.with_(provenance=chip.provenance.after(step_of_chip(setting, self.request)))


@contextmanager
def open_lab(request: Request, question: Question) -> Iterator[Lab]:
    """A lab for a question, with its processes."""
    store = Store()
    with open_farm(request.scheduler, request.jobs) as farm, progress() as bar:

        def stage(name: str, total: int, note: str) -> Callable[[int], None]:
            task = bar.add_task(name, total=total, note=note)
            return lambda count: bar.advance(task, count)

        variants = Variants(question.bundles, question.dataset, store, farm, seed=request.seed, stage=stage)
        yield_at = request.yield_at
        if yield_at is None:
            yield_at = _good_accuracy(question, variants)
        explorer = Explorer(
            variants,
            Costs(question.energy, question.macro),
            question.dataset.digest,
            store,
            farm,
            Extent(request.seed, request.chips, question.images, yield_at),
        )
        yield Lab(request, question, variants, explorer, store, bar)


def folder_of(request: Request, question: Question) -> Path:
    """The folder of the files, made."""
    folder = request.output or Path("runs") / f"explore-{next(iter(question.bundles.values())).design.name}"
    make_folder(folder)
    return folder


def run(request: Request, *, quiet: bool) -> tuple[dict[str, Any], list[Path]]:
    """Explore; what is said as JSON, and the files that were written."""
    question = question_of(request)
    space = question.space
    settings: list[Setting] = []
    if question.search == "grid":
        settings, left_out = possible(space, question.settings, space.points())
        messages.print(said_of(space.size, len(settings), left_out), soft_wrap=True, highlight=False)
    else:
        sampled(space, question.settings, request.seed)  # refuses values that can never be
        left_out = {}
    folder = folder_of(request, question)
    search = _search(request, question, folder)
    with open_lab(request, question) as lab:
        started = perf_counter()
        finished = _computed(lab, search, settings)
        seconds = perf_counter() - started
        if search is not None:
            settings, left_out = _found(search, question)
        found = _record(request, lab, settings, left_out, finished=finished)
        if not (finished or found.rows):
            raise KeyboardInterrupt  # there is nothing to write
        files = write_results(found, folder)
        if not quiet:
            lab.bar.stop()  # the table goes to another console
            print_front(found, question.objectives)
        if found.finished and question.wish is not None:
            found, more = _recommend(found, lab, request, settings, folder)
            files = [*write_results(found, folder), *more]
        if found.finished and question.finalists:
            found = _build(found, lab, settings, folder)
            write_results(found, folder)
    files += write_page_and_pictures(found, folder)
    points, computed = len(found.rows), lab.explorer.computed
    rate = points / seconds if seconds else 0.0
    messages.print(
        f"{points:,} points in {seconds:.1f} s, {rate:.1f} per second; {computed:,} computed, "
        f"{points - computed:,} kept from before",
        highlight=False,
    )
    times = {"points": points, "computed": computed, "seconds": seconds, "points_per_second": rate}
    said = {name: value for name, value in found.as_json().items() if name != "rows"}
    return said | times, files


def _computed(lab: Lab, search: Search | None, settings: Sequence[Setting]) -> bool:
    """Compute all points, or what a search asks for; whether that came to its end, and not to Ctrl-C."""
    explorer, bar = lab.explorer, lab.bar
    if lab.question.board is not None:
        explorer.fpga = fpga_of(lab.question.board)
    try:
        if search is None:
            task = bar.add_task("points", total=len(settings), note="")
            explorer.compute(settings, lambda done: bar.advance(task, done))
            if explorer.fpga is not None:
                task = bar.add_task("FPGA, estimates", total=len(settings), note="")
                explorer.estimate(settings, lambda done: bar.advance(task, done))
        else:
            task = bar.add_task("trials", total=lab.question.points, note="")
            objectives = list(lab.question.objectives.values())
            for done in driven(search, explorer, lab.question.settings, objectives, lab.question.points):
                bar.update(task, completed=done)
    except KeyboardInterrupt:
        return False
    return True


def _record(
    request: Request, lab: Lab, settings: Sequence[Setting], left_out: dict[str, int], *, finished: bool
) -> Exploration:
    """The record of what was computed, with the front on the test images where all of it was."""
    question, explorer, bar = lab.question, lab.explorer, lab.bar
    explorer.recall(settings)
    rows = rows_of(explorer, settings)
    front = front_of(rows, question.objectives)
    if finished and rows and not front:
        raise EngramError(
            f"no point fits {question.board}, by the estimator; take a larger --board, or other values"
        )
    if finished:
        task = bar.add_task("front, test images", total=len(front), note="")
        try:
            explorer.compute_test(
                [settings[number] for number in front], lambda done: bar.advance(task, done)
            )
        except KeyboardInterrupt:
            finished = False
    return Exploration(
        command=command_of(request),
        digest=question.digest(request),
        data=question.dataset.name,
        bundles={name: bundle.digest for name, bundle in question.bundles.items()},
        seed=request.seed,
        chips=request.chips,
        images=question.images,
        test_images=len(question.dataset.test),
        search=question.search,
        axes={axis: list(values) for axis, values in question.space.axes.items()},
        objectives={name: objective._asdict() for name, objective in question.objectives.items()},
        left_out=left_out,
        finished=finished,
        rows=rows,
        front=front,
        tested=tested_rows(explorer, settings, front),
    )


def _good_accuracy(question: Question, variants: Variants) -> float:
    """Accuracy of a good chip of the first bundle, by its own templates and the validation images."""
    name, bundle = next(iter(question.bundles.items()))
    own = Variant(name, bundle.design.thresholds_per_feature, bundle.design.templates_per_class)
    return good_accuracy(bundle, variants.images(own, "validation", question.images))


def _search(request: Request, question: Question, folder: Path) -> Search | None:
    if question.search == "grid":
        return None
    return Search(
        question.space,
        list(question.objectives.values()),
        cast(Literal["nsga2", "tpe"], question.search),
        seed=request.seed,
        storage=request.storage or f"sqlite:///{folder / DATABASE}",
        name=f"engram-{question.digest(request)[:16]}",
    )


def _found(search: Search, question: Question) -> tuple[list[Setting], dict[str, int]]:
    """Settings of what a search computed, and why the others cannot exist."""
    settings, refused = [], Counter[str]()
    for point in search.all_points():
        try:
            settings.append(question.settings.of(point))
        except EngramError as error:
            refused[str(error).partition(", got")[0]] += 1
    return settings, dict(refused)


def _recommend(
    found: Exploration, lab: Lab, request: Request, settings: Sequence[Setting], folder: Path
) -> tuple[Exploration, list[Path]]:
    wish = lab.question.wish
    assert wish is not None
    row = found.rows[recommended(found.rows, wish)]
    setting = settings[row["point"]]
    lab.explorer.compute_test([setting])
    chip = lab.chip(setting)
    written = write_recommended(chip, lab.variants.images(setting.variant, "test", None), folder)
    tested = lab.explorer.test_row(setting)
    why = reason_for(found.rows, wish)
    picked = {
        "wish": request.recommend,
        "why": why,
        "point": row["point"],
        "tested": tested,
        **written,
    }
    messages.print(
        f"recommended: point {row['point']}, {setting.point}: {why}; its first chip has "
        f"{written['test_accuracy_of_chip']:.2%} of {found.test_images:,} test images right",
        soft_wrap=True,
        highlight=False,
    )
    return replace(found, recommended=picked), [folder / name for name in written["files"]]


def _build(found: Exploration, lab: Lab, settings: Sequence[Setting], folder: Path) -> Exploration:
    """Build points of the front; until Ctrl-C, where it comes."""
    board, built = lab.question.board, {}
    assert board is not None
    numbers = finalists_of(found.front, lab.question.finalists)
    finalists = [Finalist(number, found.row(number), lab.chip(settings[number])) for number in numbers]
    pictures = lab.question.dataset.test.images[:RTL_IMAGES]
    try:
        for number, values in built_finalists(finalists, board, pictures, folder / "builds", lab.store):
            built[number] = values
            messages.print(f"point {number}: {built_words(values)}", soft_wrap=True, highlight=False)
    except KeyboardInterrupt:
        return replace(found, built=built, finished=False)
    return replace(found, built=built)
