"""``engram explore``: which array to build, from a space of sizes to a Pareto front."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sw.commands.explore.request import Request
from sw.commands.options.declared import takes_options
from sw.console import JsonOption, messages, print_json, reports_errors, terminal
from sw.files import make_folder
from sw.system.locks import one_at_a_time
from sw.system.signals import exit_code, word

if TYPE_CHECKING:
    from sw.explore.driver.lab import Means
    from sw.explore.driver.question import Question

__all__ = ["explore"]


@reports_errors
@takes_options
def explore(request: Request, json: JsonOption = False) -> None:
    """Explore which array to build for a trained classifier.

    Every axis takes several values, separated by commas; of integers also ranges, 3..10, 32..1024*2 or
    16..64+16. Every combination is a point: its templates are programmed into chips, which classify
    validation images by the integer reference. Energy, area and latency are modelled. The points that no
    other beats in all objectives are then run on all test images, by which nothing is chosen.

    What was computed is kept in the cache, so the same command goes on where it was stopped, and a further
    value costs only its own points. Files: results.csv, .parquet and .json, explore.html, and pictures.
    """
    from sw.commands.explore.asked import question_of
    from sw.commands.explore.explain import run_explain
    from sw.explore.driver.run import run

    question = question_of(request)
    means = _means(request, question, quiet=json)

    # a search has its database there and builds have their work; else equal commands write equal files
    alone = bool(question.finalists) or (question.search != "grid" and request.storage is None)
    with ExitStack() as locked:

        def folder() -> Path:
            first = next(iter(question.bundles.values())).design.name
            made = request.output or Path("runs") / f"explore-{first}"
            make_folder(made)
            if alone:
                locked.enter_context(one_at_a_time(made, "give another folder with -o"))
            return made

        if request.explain is None:
            said, files = run(question, means, folder)
        else:
            said, files = run_explain(question, means, folder(), request.explain, quiet=json)
    if json:
        print_json({**said, "files": [str(path) for path in files]})
    for path in files:
        terminal.say(f"written to {path}")
    if not said["finished"]:
        messages.print(f"[yellow]{word()}[/]; what is done is kept, the same command goes on")
        raise typer.Exit(exit_code())


def _means(request: Request, question: "Question", *, quiet: bool) -> "Means":
    """Functions for the explorer, which itself knows neither hardware nor the terminal."""
    from sw.commands.explore.builds import built_finalists, built_words
    from sw.commands.explore.report import print_front
    from sw.explore.driver.lab import Means

    def builder(*what: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, values in built_finalists(*what):
            terminal.say(f"point {number}: {built_words(values)}")
            yield number, values

    return Means(
        builder=builder,
        scheduler=request.scheduler,
        jobs=request.jobs,
        storage=request.storage,
        listener=terminal,
        show=lambda found: None if quiet else print_front(found, question.objectives),
    )
