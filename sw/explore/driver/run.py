"""The work of ``engram explore``: from what is asked to files."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, cast

from sw.errors import EngramError
from sw.explore.driver.finalists import RTL_IMAGES, Finalist, finalists_of
from sw.explore.driver.lab import Lab, Means, open_lab
from sw.explore.driver.question import Question
from sw.explore.driver.trials import driven
from sw.explore.outcome.recommend import write_recommended
from sw.explore.outcome.results import Exploration, write_results
from sw.explore.outcome.rows import front_of, rows_of, tested_rows
from sw.explore.page.page import write_page_and_pictures
from sw.explore.space.objectives import reason_for, recommended
from sw.explore.space.search import Search
from sw.explore.space.settings import Setting, possible, sampled

__all__ = ["run"]

DATABASE = "search.sqlite3"


def run(question: Question, means: Means, folder: Callable[[], Path]) -> tuple[dict[str, Any], list[Path]]:
    """Explore.

    Parameters
    ----------
    question, means
        What, and how.
    folder
        Makes the folder of the files, when the space is known to hold points.

    Returns
    -------
    dict, list
        The answer as JSON, without the rows, and the files that were written.

    Raises
    ------
    EngramError
        If there are no points, none fits the board, or a file cannot be written.
    KeyboardInterrupt
        If Ctrl-C came before there was anything to write.
    """
    space, say = question.space, means.listener.say
    settings: list[Setting] = []
    if question.search == "grid":
        settings, left_out = possible(space, question.settings, space.points())
        say(_sizes_in_words(space.size, len(settings), left_out))
    else:
        sampled(space, question.settings, question.seed)  # refuses values that can never be
        left_out = {}
    place = folder()
    search = _search(question, means, place)
    with open_lab(question, means) as lab:
        started = perf_counter()
        finished = _computed(lab, search, settings)
        seconds = perf_counter() - started
        if search is not None:
            settings, left_out = _found(search, question)
        found = _record(lab, settings, left_out, finished=finished)
        if not (finished or found.rows):
            raise KeyboardInterrupt  # there is nothing to write
        files = write_results(found, place)
        if found.finished and question.wish is not None:
            found, more = _recommend(found, lab, settings, place)
            files = [*write_results(found, place), *more]
        if found.finished and question.finalists:
            found = _build(found, lab, settings, place)
            write_results(found, place)
    files += write_page_and_pictures(found, place)
    means.show(found)
    points, computed = len(found.rows), lab.explorer.computed
    rate = points / seconds if seconds else 0.0
    say(
        f"{points:,} points in {seconds:.1f} s, {rate:.1f} per second; {computed:,} computed, "
        f"{points - computed:,} kept from before"
    )
    times = {"points": points, "computed": computed, "seconds": seconds, "points_per_second": rate}
    said = {name: value for name, value in found.as_json().items() if name != "rows"}
    return said | times, files


def _computed(lab: Lab, search: Search | None, settings: Sequence[Setting]) -> bool:
    """Compute all points, or what a search asks for; whether that came to its end, and not to Ctrl-C."""
    explorer, question, stages = lab.explorer, lab.question, lab.means.listener.stage
    explorer.fpga = question.fpga
    try:
        if search is None:
            with stages("points", len(settings)) as stage:
                explorer.compute(settings, stage.done)
            if explorer.fpga is not None:
                with stages("FPGA, estimates", len(settings)) as stage:
                    explorer.estimate(settings, stage.done)
        else:
            objectives = list(question.objectives.values())
            with stages("trials", question.points) as stage:
                for more in driven(search, explorer, question.settings, objectives, question.points):
                    stage.done(more)
    except KeyboardInterrupt:
        return False
    return True


def _record(
    lab: Lab, settings: Sequence[Setting], left_out: dict[str, int], *, finished: bool
) -> Exploration:
    """The record of what was computed, with the front on the test images where all of it was."""
    question, explorer = lab.question, lab.explorer
    explorer.recall(settings)
    rows = rows_of(explorer, settings)
    front = front_of(rows, question.objectives)
    if finished and rows and not front:
        raise EngramError(
            f"no point fits {question.board}, by the estimator; take a larger --board, or other values"
        )
    if finished:
        try:
            with lab.means.listener.stage("front, test images", len(front)) as stage:
                explorer.compute_test([settings[number] for number in front], stage.done)
        except KeyboardInterrupt:
            finished = False
    return Exploration(
        command=question.step.line,
        digest=question.digest,
        data=question.dataset.name,
        bundles={name: bundle.digest for name, bundle in question.bundles.items()},
        seed=question.seed,
        chips=question.chips,
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


def _sizes_in_words(size: int, count: int, left_out: dict[str, int]) -> str:
    """How many points there are, and why not more."""
    lines = [f"{count:,} points"]
    lines += [f"{number:,} of {size:,} left out: {why}" for why, number in left_out.items()]
    return "; ".join(lines)


def _search(question: Question, means: Means, folder: Path) -> Search | None:
    if question.search == "grid":
        return None
    return Search(
        question.space,
        list(question.objectives.values()),
        cast(Literal["nsga2", "tpe"], question.search),
        seed=question.seed,
        storage=means.storage or f"sqlite:///{folder / DATABASE}",
        name=f"engram-{question.digest[:16]}",
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
    found: Exploration, lab: Lab, settings: Sequence[Setting], folder: Path
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
        "wish": lab.question.wished,
        "why": why,
        "point": row["point"],
        "tested": tested,
        **written,
    }
    lab.means.listener.say(
        f"recommended: point {row['point']}, {setting.point}: {why}; its first chip has "
        f"{written['test_accuracy_of_chip']:.2%} of {found.test_images:,} test images right"
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
        for number, values in lab.means.builder(finalists, board, pictures, folder / "builds", lab.store):
            built[number] = values
    except KeyboardInterrupt:
        return replace(found, built=built, finished=False)
    return replace(found, built=built)
