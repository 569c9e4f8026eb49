"""The work of ``engram explore``: from options to files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.table import Table

from sw.bundle import Bundle, open_bundle
from sw.commands.dataset_option import dataset_of
from sw.commands.explore_axes import array_of, space_of
from sw.console import answer, messages, progress
from sw.datasets import Dataset
from sw.downloads import cache_folder
from sw.energy_constants import read_constants
from sw.errors import EngramError
from sw.explore.costs import Costs, read_macro
from sw.explore.exploration import Explorer, Extent
from sw.explore.farm import open_farm
from sw.explore.objectives import Objective, objectives_named
from sw.explore.report import front_of, rows_of, tested_rows
from sw.explore.results import Exploration, write_results
from sw.explore.settings import Settings, possible
from sw.explore.store import Store, digest_of
from sw.explore.variants import Variants
from sw.files import make_folder

__all__ = ["run"]

SHOWN = 25


def run(
    *,
    bundles: list[str],
    axes: dict[str, str | bool],
    space: Path | None,
    objectives: str,
    images: str,
    chips: int,
    data: str | None,
    scheduler: str,
    jobs: int | None,
    output: Path | None,
    seed: int,
    quiet: bool,
) -> tuple[dict[str, Any], list[Path]]:
    """Explore; what is said as JSON, and the files that were written."""
    sought = objectives_named(objectives)
    opened = {name: open_bundle(name) for name in dict.fromkeys(bundles)}
    designs = {name: bundle.design for name, bundle in opened.items()}
    asked = space_of(axes, space, designs)
    settings, left_out = possible(asked, Settings(designs, array_of), asked.points())
    dataset = _dataset(opened, data)
    count = _image_count(images, dataset)
    folder = output or Path("runs") / f"explore-{next(iter(designs.values())).name}"
    make_folder(folder)
    messages.print(_said(asked.size, len(settings), left_out), soft_wrap=True, highlight=False)
    store = Store(cache_folder() / "explore")
    costs = Costs(read_constants(), read_macro())
    finished, seconds = True, 0.0
    with _stages() as (bar, stage), open_farm(scheduler, jobs) as farm:
        variants = Variants(opened, dataset, store, farm, seed=seed, stage=stage)
        explorer = Explorer(variants, costs, dataset.digest, store, farm, Extent(seed, chips, count, 0.0))
        tested: dict[int, dict[str, Any]] = {}
        rows: list[dict[str, Any]] = []
        started = perf_counter()
        try:
            task = bar.add_task("points", total=len(settings), note="")
            explorer.compute(settings, lambda done: bar.advance(task, done))
            seconds = perf_counter() - started
            rows = rows_of(explorer, settings)
            front = front_of(rows, sought)
            task = bar.add_task("front, test images", total=len(front), note="")
            explorer.compute_test(
                [settings[number] for number in front], lambda done: bar.advance(task, done)
            )
        except KeyboardInterrupt:
            finished = False
            seconds = seconds or perf_counter() - started
        rows = rows or rows_of(explorer, settings)
        front = front_of(rows, sought)
        tested = tested_rows(explorer, settings, front)
    found = Exploration(
        command=_command(bundles, axes, space, objectives, images, chips, data, seed),
        digest=digest_of(
            [{name: bundle.digest for name, bundle in opened.items()}, dataset.digest, asked.axes, seed]
        ),
        data=dataset.name,
        bundles={name: bundle.digest for name, bundle in opened.items()},
        seed=seed,
        chips=chips,
        images=count,
        test_images=len(dataset.x_test),
        search="grid",
        axes={axis: list(values) for axis, values in asked.axes.items()},
        objectives={name: objective._asdict() for name, objective in sought.items()},
        left_out=left_out,
        finished=finished,
        rows=rows,
        front=front,
        tested=tested,
    )
    files = write_results(found, folder)
    if not quiet:
        _print_front(found, sought)
    rate = len(rows) / seconds if seconds else 0.0
    messages.print(
        f"{len(rows):,} points in {seconds:.1f} s, {rate:.1f} per second; {explorer.computed:,} were computed, "
        "the others kept"
    )
    summary = found.as_json() | {"points": len(rows), "seconds": seconds, "points_per_second": rate}
    return {name: value for name, value in summary.items() if name != "rows"}, files


def _dataset(bundles: dict[str, Bundle], data: str | None) -> Dataset:
    found = [dataset_of(bundle, data)[0] for bundle in bundles.values()]
    if len({each.digest for each in found}) > 1:
        names = ", ".join(each.name for each in found)
        raise EngramError(f"bundles must be of one data set to be compared, got {names}; or give --data")
    return found[0]


def _image_count(asked: str, dataset: Dataset) -> int:
    available = len(dataset.x_val)
    if asked == "all":
        return available
    if not asked.isascii() or not asked.isdecimal() or int(asked) < 1:
        raise EngramError(f"--images must be 'all' or a number from 1 on, got {asked!r}")
    return min(int(asked), available)


def _said(size: int, count: int, left_out: dict[str, int]) -> str:
    """How many points there are, and why not more."""
    lines = [f"{count:,} points"]
    lines += [f"{number:,} of {size:,} left out: {why}" for why, number in left_out.items()]
    return "; ".join(lines)


def _command(*_: Any) -> str:
    return " ".join(["engram explore", *sys.argv[2:]])


@contextmanager
def _stages() -> Iterator[tuple[Any, Callable[[str, int, str], Callable[[int], None]]]]:
    with progress() as bar:

        def stage(name: str, total: int, note: str) -> Callable[[int], None]:
            task = bar.add_task(name, total=total, note=note)
            return lambda count: bar.advance(task, count)

        yield bar, stage


def _print_front(found: Exploration, objectives: dict[str, Objective]) -> None:
    axes = [axis for axis, values in found.axes.items() if len(values) > 1]
    table = Table(title=f"Pareto front: {len(found.front)} of {len(found.rows):,} points")
    for heading in ("point", *axes, *objectives, "test"):
        table.add_column(heading, justify="right")
    for number in found.front[:SHOWN]:
        row, tested = found.row(number), found.tested.get(number)
        cells = [_cell(row[objective.column], name) for name, objective in objectives.items()]
        test = f"{tested['accuracy_mean']:.2%}" if tested else "-"
        table.add_row(str(number), *(str(row[axis]) for axis in axes), *cells, test)
    answer.print(table)


def _cell(value: float, name: str) -> str:
    return f"{value:.2%}" if name.startswith(("accuracy", "yield")) else f"{value:,.4g}"
