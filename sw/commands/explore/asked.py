"""From the options of ``engram explore`` to a question, checked before anything is computed."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from sw.bundle import Bundle, open_bundle
from sw.commands.costs.front_end import cheapest_front_end
from sw.commands.explore.axes import array_of, space_of
from sw.commands.explore.fpga import fpga_of
from sw.commands.explore.request import Request, SearchBy
from sw.commands.options.declared import step_of
from sw.console import terminal
from sw.data.of_bundle import check_labels, dataset_of
from sw.data.parts import Dataset
from sw.design import DesignPoint
from sw.energy.constants import DEFAULT as ENERGY
from sw.energy.constants import read_constants
from sw.energy.digital import DigitalWork
from sw.energy.in_macro import check_cells
from sw.energy.macros.macro import Macro, macro_named
from sw.energy.technologies.technology import Technology
from sw.errors import EngramError
from sw.explore.compute.costs import Costs, read_macro
from sw.explore.compute.macro_costs import MacroCosts
from sw.explore.compute.pricing import Pricing
from sw.explore.driver.question import Question
from sw.explore.space.objectives import FPGA, objectives_named, wish_of
from sw.explore.space.settings import Settings
from sw.explore.space.space import Space

__all__ = ["question_of"]

GRID_POINTS, SEARCH_POINTS = 20_000, 2_000
BOARD = "icebreaker"


def question_of(request: Request) -> Question:
    """Check what is asked.

    Raises
    ------
    EngramError
        If an option, the file of the space, a bundle or the data set does not serve.
    """
    objectives = objectives_named(request.objectives)
    wish = wish_of(request.recommend) if request.recommend else None
    finalists = _finalists(request.build)
    macro = None if request.macro is None else macro_named(request.macro)
    bundles = {name: open_bundle(name) for name in dict.fromkeys(request.bundles)}
    designs = {name: bundle.design for name, bundle in bundles.items()}
    space = space_of(request.axes, request.space, designs)
    search, points = _search(request, space)
    board = _board(request, [*objectives, *(wish.names if wish else ())], finalists)
    dataset = _dataset(bundles, request.data)
    return Question(
        step=step_of("explore", request, {}, request.bundles),
        bundles=bundles,
        dataset=dataset,
        images=_image_count(request.images, dataset),
        chips=request.chips,
        yield_at=request.yield_at,
        space=space,
        settings=Settings(designs, array_of),
        search=search,
        points=points,
        objectives=objectives,
        wish=wish,
        wished=request.recommend,
        finalists=finalists,
        fpga=None if board is None else fpga_of(board),
        costs=_costs(request, macro, designs),
    )


def _costs(request: Request, macro: Macro | None, designs: dict[str, DesignPoint]) -> Pricing:
    if macro is None:
        return Costs(read_constants(request.energy or ENERGY), read_macro())
    if request.energy is not None:
        raise EngramError(
            f"--energy must be left out with --macro, whose node has all constants, got {request.energy}"
        )
    for name, design in designs.items():
        check_cells(macro, design, name)
    sense = macro.sense
    if not (sense.step.value or sense.sample.value or sense.decision.value):
        raise EngramError(
            f"--macro must have a time to explore with, but step, sample and decision in [sense] of "
            f"{macro.name} are all 0; give one of them, assumed if need be"
        )
    return MacroCosts(macro, read_constants(), _front_end)


def _front_end(bundle: Bundle, technology: Technology) -> dict[str, DigitalWork]:
    """Work of the generated front end, in the sizes that take the least energy."""
    return cheapest_front_end(bundle, technology)[1]


def _search(request: Request, space: Space) -> tuple[str, int]:
    most = request.points or GRID_POINTS
    if request.search is SearchBy.grid:
        if request.points is not None and space.size > request.points:
            raise EngramError(
                f"--search grid computes all {space.size:,} points, got --points {request.points}; leave it "
                "out, use fewer values, or --search nsga2 or tpe"
            )
        return "grid", space.size
    if request.search is SearchBy.auto:
        return ("grid", space.size) if space.size <= most else ("nsga2", request.points or SEARCH_POINTS)
    return request.search.value, request.points or SEARCH_POINTS


def _board(request: Request, names: Sequence[str], finalists: int) -> str | None:
    board = request.board or (BOARD if finalists or set(names) & set(FPGA) else None)
    if board is not None:
        from hw.boards.known import load

        target = load(board)
        if finalists:
            from hw.fpga.trial import try_board

            with tempfile.TemporaryDirectory(prefix="engram-board-") as folder:
                try_board(target, Path(folder), terminal)  # a wrong pin now, and not after all points
    return board


def _finalists(text: str | None) -> int:
    if text is None:
        return 0
    number = text.removeprefix("top:")
    if number == text or not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= 100:
        raise EngramError(f"--build must be top:N with N from 1 to 100, such as top:5, got {text!r}")
    return int(number)


def _dataset(bundles: dict[str, Bundle], data: str | None) -> Dataset:
    origins = {bundle.provenance.data.digest for bundle in bundles.values() if bundle.provenance.data}
    if data is None and len(origins) > 1:
        raise EngramError(
            f"bundles must be of one data set to be compared, got {len(origins)}; name one with --data"
        )
    for bundle in bundles.values():
        found, _ = dataset_of(bundle, data, terminal)
        check_labels(bundle, found)
        if not len(found.validation):
            raise EngramError(f"the validation part of {found.name} must hold images, it has none")
    return found


def _image_count(asked: str, dataset: Dataset) -> int:
    available = len(dataset.validation)
    if asked == "all":
        return available
    if not asked.isascii() or not asked.isdecimal() or int(asked) < 1:
        raise EngramError(f"--images must be 'all' or a number from 1 on, got {asked!r}")
    return min(int(asked), available)
