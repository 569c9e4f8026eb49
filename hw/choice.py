"""Choice: which of the two front ends a chip gets, and in which size."""

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sw.errors import EngramError

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.estimate import Estimate
    from hw.frontend.variant import Sizes
    from sw.bundle import Bundle

__all__ = ["Variant", "default_front_end", "fastest_front_end", "serial_front_end"]


class Variant(StrEnum):
    """Front end, see :mod:`hw.frontend.variant`."""

    auto = "auto"
    streaming = "streaming"
    folded = "folded"


def fastest_front_end(bundle: "Bundle", board: "Board", variant: Variant) -> "tuple[Sizes, Estimate]":
    """The front end with the fewest cycles per image whose estimate fits the board, and that estimate.

    With `auto` it is the faster of the two variants, the streaming one where they are equal. Any that leaves
    block RAM for the codes goes before one with codes in single-port RAM, see :func:`hw.fit.codes_in_spram`.

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
    from constraints.boards import load_all
    from hw.fit import narrowed_for_spram

    planners = _planners(bundle, variant)
    for board in load_all():
        found = _fastest(bundle, board, planners)
        if found is not None:
            return bundle, found[0]
        narrowed = narrowed_for_spram(bundle, board)
        if narrowed is not None:
            found = _fastest(narrowed, board, _planners(narrowed, variant))
            if found is not None:
                return narrowed, found[0]
    raise planners[-1].refusal(load_all()[-1])


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
    from hw.fold_plan import FoldPlanner
    from hw.plan import Planner

    if variant is Variant.streaming:
        return [Planner(bundle)]
    try:
        folded = FoldPlanner(bundle)
    except EngramError:
        if variant is Variant.folded:
            raise
        return [Planner(bundle)]
    return [folded] if variant is Variant.folded else [Planner(bundle), folded]


def _fastest(bundle: "Bundle", board: "Board", planners: list[_Planner]) -> "tuple[Sizes, Estimate] | None":
    from hw.estimate import estimate
    from hw.fit import codes_in_spram, spram_serves

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
