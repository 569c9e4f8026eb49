"""Choice of a front end: which of the two a chip gets, and in which size, by hand or as large as fits."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sw.errors import EngramError
from sw.progress import SILENT, Listener

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes
    from hw.sizing.estimate import Estimate
    from sw.bundle import Bundle

__all__ = [
    "Source",
    "Variant",
    "boards_that_hold",
    "chosen_parallelism",
    "configured",
    "default_front_end",
    "fastest_front_end",
    "fitted",
    "serial_front_end",
    "with_lanes",
]


class Source(StrEnum):
    """Kind of data that the host sends."""

    pixels = "pixels"
    features = "features"


class Variant(StrEnum):
    """Front end, see :mod:`hw.frontend.variant`."""

    auto = "auto"
    streaming = "streaming"
    folded = "folded"


def configured(
    bundle: "Bundle",
    board: "Board",
    source: Source | None,
    variant: Variant,
    text: str,
    listener: Listener = SILENT,
) -> "tuple[Bundle, Sizes | None]":
    """:func:`fitted` with the front end of :func:`chosen_parallelism`; `listener` hears of fewer
    lanes.

    Raises
    ------
    EngramError
        As :func:`chosen_parallelism`, with the bundle's own lanes.
    """
    placed, sizes = fitted(
        bundle,
        board,
        lambda candidate: chosen_parallelism(candidate, board, source, variant, text, listener),
    )
    if placed is not bundle:
        lanes = f"{bundle.design.row_lanes} -> {placed.design.row_lanes}"
        listener.say(f"row lanes {lanes}, so that single-port RAM can hold the codes")
    return placed, sizes


def fitted(
    bundle: "Bundle", board: "Board", choose: "Callable[[Bundle], Sizes | None]"
) -> "tuple[Bundle, Sizes | None]":
    """The bundle as it goes on the board, and the front end that `choose` gives it.

    Where the board cannot hold it otherwise, it gets fewer row lanes, so that entries of the code memory
    become as narrow as the board's single-port RAM. Lanes change no result.

    Raises
    ------
    EngramError
        As `choose` for the bundle's own lanes.
    """
    from hw.sizing.fit import check_plan, narrowed_for_spram

    narrowed = narrowed_for_spram(bundle, board)
    if narrowed is None:
        return bundle, choose(bundle)
    try:
        sizes = choose(bundle)
        check_plan(bundle, board, sizes)
        return bundle, sizes
    except EngramError as refusal:
        try:
            sizes = choose(narrowed)
            check_plan(narrowed, board, sizes)
        except EngramError:
            raise refusal from None
    return narrowed, sizes


def chosen_parallelism(
    bundle: "Bundle",
    board: "Board",
    source: Source | None,
    variant: Variant,
    text: str,
    listener: Listener = SILENT,
) -> "Sizes | None":
    """Sizes of the front end, or None for a chip without one.

    Raises
    ------
    EngramError
        If `text` cannot be read or does not fit the layers, or if no front end fits the board. Sizes by hand
        are those of a streaming front end unless `variant` says folded.
    """
    from hw.frontend.variant import plan_front_end, read_sizes

    if source is Source.features or (source is None and not bundle.design.layers):
        return None
    if text == "auto":
        with listener.waiting("choosing the parallelism of the front end"):
            return fastest_front_end(bundle, board, variant)[0]
    try:
        sizes = read_sizes(text, folded=variant is Variant.folded)
        plan_front_end(bundle, sizes)
    except ValueError as error:
        raise EngramError(f"--parallelism {text}: {error}") from None
    return sizes


def with_lanes(bundle: "Bundle", row_lanes: int | None, col_lanes: int | None) -> "Bundle":
    """The bundle with other lanes; None keeps one. Raises EngramError when the design does not allow them."""
    lanes = {"row_lanes": row_lanes, "col_lanes": col_lanes}
    changes = {name: value for name, value in lanes.items() if value is not None}
    return bundle.with_(design=bundle.design.with_(**changes)) if changes else bundle


def fastest_front_end(bundle: "Bundle", board: "Board", variant: Variant) -> "tuple[Sizes, Estimate]":
    """The front end with the fewest cycles per image whose estimate fits the board, and that estimate.

    With `auto` it is the faster of the two variants, the streaming one where they are equal. Any that leaves
    block RAM for the codes goes before one with codes in single-port RAM, see
    :func:`hw.sizing.fit.codes_in_spram`.

    Raises
    ------
    EngramError
        If no front end fits, by the needs of the folded one with `auto`; or if the layers cannot be folded
        and `variant` says so.
    """
    planners = _planners(bundle, variant)
    found = _fastest(bundle, board, planners)
    if found is None:
        raise planners[-1].refusal(board)
    return found


def default_front_end(bundle: "Bundle", variant: Variant) -> "tuple[Bundle, Sizes]":
    """The fastest front end for the smallest known board that holds one, and the bundle with lanes for it.

    Raises as above if no board does.
    """
    from hw.boards.known import load_all

    planners = _planners(bundle, variant)
    for board in load_all():
        found = _placed(bundle, board, planners, variant)
        if found is not None:
            return found
    raise planners[-1].refusal(load_all()[-1])


def boards_that_hold(bundle: "Bundle", boards: "Sequence[Board]") -> list[bool]:
    """Of every board whether ``engram build`` finds a front end of the bundle for it, or needs none.

    Boards with the same capacities have the same answer, and of the planning a part is the same for all of a
    family, so all at once is much faster than one after the other.
    """
    from hw.sizing.fit import check_plan

    planners = _planners(bundle, Variant.auto) if bundle.design.layers else []
    answers: dict[tuple[object, ...], bool] = {}
    for board in boards:
        key = (board.family, board.limits, board.flash is None)
        if key in answers:
            continue
        if planners:
            answers[key] = _placed(bundle, board, planners, Variant.auto) is not None
            continue
        try:
            check_plan(bundle, board)
            answers[key] = True
        except EngramError:
            answers[key] = False
    return [answers[board.family, board.limits, board.flash is None] for board in boards]


def serial_front_end(bundle: "Bundle", variant: Variant) -> "Sizes":
    """One product per cycle, in every layer's unit or in the one engine; raises as above."""
    from hw.frontend.schedule import Parallelism
    from hw.frontend.variant import Folded

    _planners(bundle, variant)
    if variant is Variant.folded:
        return Folded(Parallelism())
    return tuple(Parallelism() for _ in bundle.design.layers)


class _Planner(Protocol):
    def fastest(self, board: "Board", *, spram: bool) -> "Sizes | None": ...

    def refusal(self, board: "Board") -> "EngramError": ...


def _planners(bundle: "Bundle", variant: Variant) -> list[_Planner]:
    from hw.sizing.folded_plan import FoldPlanner
    from hw.sizing.streaming_plan import Planner

    if variant is Variant.streaming:
        return [Planner(bundle)]
    try:
        folded = FoldPlanner(bundle)
    except EngramError:
        if variant is Variant.folded:
            raise
        return [Planner(bundle)]
    return [folded] if variant is Variant.folded else [Planner(bundle), folded]


def _placed(
    bundle: "Bundle", board: "Board", planners: list[_Planner], variant: Variant
) -> "tuple[Bundle, Sizes] | None":
    """The fastest front end on a board, and the bundle with lanes for it; None where none fits."""
    from hw.sizing.fit import narrowed_for_spram

    found = _fastest(bundle, board, planners)
    if found is not None:
        return bundle, found[0]
    narrowed = narrowed_for_spram(bundle, board)
    found = None if narrowed is None else _fastest(narrowed, board, _planners(narrowed, variant))
    return None if narrowed is None or found is None else (narrowed, found[0])


def _fastest(bundle: "Bundle", board: "Board", planners: list[_Planner]) -> "tuple[Sizes, Estimate] | None":
    from hw.sizing.estimate import estimate
    from hw.sizing.fit import codes_in_spram, spram_serves

    for spram in (False, True) if spram_serves(bundle.design, board) else (False,):
        fitting = [planner.fastest(board, spram=spram) for planner in planners]
        choices = [
            (sizes, estimate(bundle, sizes, board.family, spram=codes_in_spram(bundle, board, sizes)))
            for sizes in fitting
            if sizes is not None
        ]
        if choices:
            return min(choices, key=lambda choice: choice[1].cycles_per_image)
    return None
