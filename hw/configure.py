"""Configuration: a bundle and its front end as they go on a board, by hand or as large as fits."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from hw.choice import Variant
from sw.console import messages
from sw.errors import EngramError

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes
    from sw.bundle import Bundle

__all__ = ["Source", "chosen_parallelism", "configured", "fitted", "with_lanes"]


class Source(StrEnum):
    """What the host sends."""

    pixels = "pixels"
    features = "features"


def configured(
    bundle: "Bundle", board: "Board", source: Source | None, variant: Variant, text: str
) -> "tuple[Bundle, Sizes | None]":
    """:func:`fitted` with the front end of :func:`chosen_parallelism`; says so where lanes are fewer.

    Raises
    ------
    EngramError
        As :func:`chosen_parallelism`, with the bundle's own lanes.
    """
    placed, sizes = fitted(
        bundle, board, lambda candidate: chosen_parallelism(candidate, board, source, variant, text)
    )
    if placed is not bundle:
        lanes = f"{bundle.design.row_lanes} -> {placed.design.row_lanes}"
        messages.print(f"row lanes {lanes}, so that single-port RAM can hold the codes", highlight=False)
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
    from hw.fit import check_plan, narrowed_for_spram

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
    bundle: "Bundle", board: "Board", source: Source | None, variant: Variant, text: str
) -> "Sizes | None":
    """Sizes of the front end, or None for a chip without one.

    Raises
    ------
    EngramError
        If `text` cannot be read or does not fit the layers, or if no front end fits the board. Sizes by hand
        are those of a streaming front end unless `variant` says folded.
    """
    from hw.choice import fastest_front_end
    from hw.frontend.variant import plan_front_end, read_sizes

    if source is Source.features or (source is None and not bundle.design.layers):
        return None
    if text == "auto":
        with messages.status("choosing the parallelism of the front end"):
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
