"""The FPGA's share of ``engram explore``: what every point needs on a board, by the estimator.

A point has the front end and the row lanes that ``engram build`` gives its chip: the fastest that fits beside
the array. A point that does not fit is told by its slowest front end.
"""

from typing import TYPE_CHECKING, Any

from sw.bundle import Bundle
from sw.errors import EngramError
from sw.explore.compute.accuracy import Chips, sized
from sw.explore.compute.estimator import Fpga
from sw.rram.chip.programming import program

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes

__all__ = ["fitted_chip", "fpga_columns", "fpga_of", "front_end_in_words"]


def fpga_of(board: str) -> Fpga:
    """The estimator of a board, by its name."""
    return Fpga(fpga_columns, board)


def fpga_columns(bundle: Bundle, chips: Chips, board: str) -> dict[str, Any]:
    """Estimate of the first chip, as columns; ``fpga_fits`` says whether ``engram build`` takes it.

    Raises
    ------
    EngramError
        If there is no such board.
    """
    from hw.boards.known import load
    from hw.sizing.estimate import estimate
    from hw.sizing.fit import codes_in_spram
    from hw.sizing.front_end_choice import Variant, serial_front_end

    chip = program(sized(bundle, chips.sizes), chips.device, chips.readouts[0], seed=chips.seed)
    target, fits = load(board), True
    try:
        placed, sizes = fitted_chip(chip, target)
    except EngramError:
        placed, fits = chip, False
        sizes = serial_front_end(chip, Variant.auto) if chip.design.layers else None
    found = estimate(placed, sizes, target.family, spram=codes_in_spram(placed, target, sizes))
    return {
        "fpga_front_end": front_end_in_words(sizes),
        "fpga_luts": found.cells,
        "fpga_ffs": found.ffs,
        "fpga_brams": found.block_rams,
        "fpga_sprams": found.sprams,
        "fpga_dsps": found.dsps,
        "fpga_cycles": found.cycles_per_image,
        "fpga_fits": fits and found.fits(target, 0.0),
    }


def fitted_chip(chip: Bundle, board: "Board") -> "tuple[Bundle, Sizes | None]":
    """A chip and its front end as ``engram build`` puts them on a board.

    Raises
    ------
    EngramError
        If no front end fits.
    """
    from hw.sizing.front_end_choice import Variant, fastest_front_end, fitted

    def fastest(candidate: Bundle) -> "Sizes | None":
        return fastest_front_end(candidate, board, Variant.auto)[0] if candidate.design.layers else None

    return fitted(chip, board, fastest)


def front_end_in_words(sizes: "Sizes | None") -> str:
    """Variant and sizes, such as ``streaming 1x4x1x2,4x4x1x1``; ``none`` where there is no front end."""
    from hw.frontend.variant import sizes_in_words

    if sizes is None:
        return "none"
    variant, words = sizes_in_words(sizes)
    return f"{variant} {','.join(words)}"
