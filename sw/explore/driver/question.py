"""What ``engram explore`` is asked, checked before anything is computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sw.bundle import Bundle, open_bundle
from sw.bundle.provenance import Option, Step, recorded_name
from sw.cache import digest_of
from sw.commands.explore.axes import array_of, space_of
from sw.commands.explore.fpga import fpga_columns
from sw.data.of_bundle import check_labels, dataset_of
from sw.data.parts import Dataset
from sw.energy.constants import DEFAULT as ENERGY
from sw.energy.constants import Constants, read_constants
from sw.errors import EngramError
from sw.explore.compute.costs import DEFAULT as MACRO
from sw.explore.compute.costs import MacroConstants, read_macro
from sw.explore.driver.trials import driven
from sw.explore.space.objectives import FPGA, Objective, Wish, objectives_named, wish_of
from sw.explore.space.settings import Setting, Settings
from sw.explore.space.space import Space
from sw.sources import code_of
from sw.version import versions_with

__all__ = ["Question", "Request", "command_of", "question_of", "step_of_chip"]

GRID_POINTS, SEARCH_POINTS = 20_000, 2_000
BOARD = "icebreaker"


@dataclass(frozen=True)
class Request:
    """Options of the command, as they were given."""

    bundles: tuple[str, ...]
    axes: dict[str, str | bool]
    space: Path | None
    objectives: str
    search: str
    points: int | None
    storage: str | None
    recommend: str | None
    build: str | None
    board: str | None
    images: str
    chips: int
    yield_at: float | None
    data: str | None
    energy: Path | None
    macro: Path | None
    scheduler: str
    jobs: int | None
    output: Path | None
    seed: int


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be explored.

    Attributes
    ----------
    bundles, dataset, images
        By name; of which validation images so many are used.
    space, settings
        Axes, and what their points are made of.
    search, points
        ``grid``, ``nsga2`` or ``tpe``; trials of a search.
    objectives, wish, finalists, board
        What is sought, what is picked, how many points are built; the board, or None.
    energy, macro
        Constants.
    """

    bundles: dict[str, Bundle]
    dataset: Dataset
    images: int
    space: Space
    settings: Settings
    search: str
    points: int
    objectives: dict[str, Objective]
    wish: Wish | None
    finalists: int
    board: str | None
    energy: Constants
    macro: MacroConstants

    def digest(self, request: Request) -> str:
        """SHA-256 of all that the results follow from, but for the number of trials."""
        estimator = () if self.board is None else (fpga_columns,)
        return digest_of(
            {
                "bundles": {name: bundle.digest for name, bundle in self.bundles.items()},
                "data": self.dataset.digest,
                "axes": self.space.axes,
                "objectives": list(self.objectives),
                "search": self.search,
                "extent": [request.seed, request.chips, self.images, request.yield_at],
                "board": self.board,
                "constants": [self.energy.model_dump(), self.macro.model_dump()],
                "code": code_of(driven, array_of, *estimator),
            }
        )


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
    energy, macro = read_constants(request.energy or ENERGY), read_macro(request.macro or MACRO)
    bundles = {name: open_bundle(name) for name in dict.fromkeys(request.bundles)}
    designs = {name: bundle.design for name, bundle in bundles.items()}
    space = space_of(request.axes, request.space, designs)
    search, points = _search(request, space)
    board = _board(request, [*objectives, *(wish.names if wish else ())], finalists)
    dataset = _dataset(bundles, request.data)
    return Question(
        bundles=bundles,
        dataset=dataset,
        images=_image_count(request.images, dataset),
        space=space,
        settings=Settings(designs, array_of),
        search=search,
        points=points,
        objectives=objectives,
        wish=wish,
        finalists=finalists,
        board=board,
        energy=energy,
        macro=macro,
    )


def command_of(request: Request) -> str:
    """The command, with those options that the results depend on."""
    options: dict[str, Option | None] = {
        **request.axes,
        "space": _text(request.space),
        "objectives": request.objectives,
        "search": request.search,
        "points": request.points,
        "recommend": request.recommend,
        "build": request.build,
        "board": request.board,
        "images": request.images,
        "chips": request.chips,
        "yield_at": request.yield_at,
        "data": request.data,
        "energy": _text(request.energy),
        "macro": _text(request.macro),
    }
    return Step.of("explore", options, request.seed, {}, request.bundles).line


def step_of_chip(setting: Setting, request: Request) -> Step:
    """The step that a chip of an exploration records: an exploration of its point alone.

    Other points, objectives and the search are left out, so that a point gives the same chip in every
    exploration. Also left out are switches that are off, which is their default, and the number of validation
    images unless they choose the full scale.
    """
    point = {axis: value for axis, value in setting.point.as_dict().items() if value is not False}
    bundle = recorded_name(str(point.pop("bundle")))
    options = {
        **point,
        "device": Path(str(point["device"])).name,
        "images": request.images if setting.conditions.adc.full_scale == "auto" else None,
        "data": request.data and Path(request.data).name,
    }
    versions = versions_with("numpy", "scipy", "scikit-learn")
    return Step.of("explore", options, request.seed, versions, [bundle])


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _search(request: Request, space: Space) -> tuple[str, int]:
    most = request.points or GRID_POINTS
    if request.search == "grid":
        if request.points is not None and space.size > request.points:
            raise EngramError(
                f"--search grid computes all {space.size:,} points, got --points {request.points}; leave it "
                "out, use fewer values, or --search nsga2 or tpe"
            )
        return "grid", space.size
    if request.search == "auto":
        return ("grid", space.size) if space.size <= most else ("nsga2", request.points or SEARCH_POINTS)
    return request.search, request.points or SEARCH_POINTS


def _board(request: Request, names: Sequence[str], finalists: int) -> str | None:
    board = request.board or (BOARD if finalists or set(names) & set(FPGA) else None)
    if board is not None:
        from constraints.boards import load

        load(board)
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
        found, _ = dataset_of(bundle, data)
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
