"""The FPGA's share of ``engram explore``: estimates of points, and builds of finalists.

All points of a bundle have one front end, the fastest that fits the board beside the array of its last point,
so that what differs between them is the array.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sw.bundle import Bundle
from sw.errors import EngramError
from sw.explore.accuracy import Chips, sized
from sw.explore.exploration import Fpga
from sw.explore.settings import Setting
from sw.explore.store import Store, code_digest
from sw.rram.programming import program

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.estimate import Estimate
    from hw.frontend.variant import Sizes

__all__ = ["build_finalists", "fpga_columns", "fpga_of"]

COMPUTES = ("hw", "constraints")


def fpga_of(
    board: str, settings: Sequence[Setting], chip_of: Callable[[Setting], Bundle], store: Store
) -> Fpga:
    """The estimator of a board, with the front end of every bundle.

    Parameters
    ----------
    board
        Its name.
    settings
        Points.
    chip_of
        Programs one.
    store
        Keeps the choice of the front ends, which takes seconds.

    Raises
    ------
    EngramError
        If there is no such board, or it holds no front end beside the array of a bundle's first point.
    """
    from constraints.boards import load

    target, chosen = load(board), {}
    for name in dict.fromkeys(setting.variant.bundle for setting in settings):
        mine = [setting for setting in settings if setting.variant.bundle == name]
        chip = chip_of(mine[-1])
        key = {"code": code_digest(*COMPUTES), "board": board, "chip": chip.digest}
        words = store.get("frontends", key)
        if words is None:
            words = _front_end(chip, target) or _front_end(chip_of(mine[0]), target, refuse=True)
            store.put("frontends", key, words)
        chosen[name] = words
    return Fpga(
        fpga_columns, board, {name: tuple(words) for name, words in chosen.items()}, code_digest(*COMPUTES)
    )


def fpga_columns(bundle: Bundle, chips: Chips, board: str, front_end: tuple[str, str]) -> dict[str, Any]:
    """Estimate of the first chip, as columns; `front_end` is its variant and its sizes in words."""
    from constraints.boards import load

    chip = program(sized(bundle, chips.sizes), chips.device, chips.readouts[0], seed=chips.seed)
    target = load(board)
    _, found = _estimated(chip, target, _sizes(*front_end))
    return {
        "fpga_luts": found.cells,
        "fpga_ffs": found.ffs,
        "fpga_brams": found.block_rams,
        "fpga_sprams": found.sprams,
        "fpga_dsps": found.dsps,
        "fpga_cycles": found.cycles_per_image,
        "fpga_fits": found.fits(target, 0.0),
    }


def build_finalists(
    numbers: Sequence[int],
    chips: Sequence[Bundle],
    board: str,
    fronts: Sequence[tuple[str, str]],
    folder: Path,
) -> dict[int, dict[str, Any]]:
    """Really build points, one after the other; what the netlist has, beside the estimate.

    A point that cannot be built has its reason instead, under ``error``.
    """
    from constraints.boards import load
    from hw.build import build_bitstream

    target = load(board)
    built: dict[int, dict[str, Any]] = {}
    for number, chip, front_end in zip(numbers, chips, fronts, strict=True):
        sizes = _sizes(*front_end)
        configured, expected = _estimated(chip, target, sizes)
        name = f"point-{number}"
        try:
            report = build_bitstream(configured, target, folder / name, name=name, parallelism=sizes)
        except EngramError as error:
            built[number] = {"error": str(error)}
            continue
        built[number] = {
            "luts": report.luts,
            "luts_estimated": expected.cells,
            "brams": report.usage.block_rams,
            "brams_estimated": expected.block_rams,
            "cycles": report.speed.cycles_per_image,
            "cycles_estimated": expected.cycles_per_image,
            "fmax_mhz": report.fmax_mhz,
            "bitstream": report.bitstream,
        }
    return built


def _front_end(chip: Bundle, board: "Board", *, refuse: bool = False) -> list[str] | None:
    from hw.choice import Variant
    from hw.configure import configured
    from hw.frontend.variant import sizes_in_words

    if not chip.design.layers:
        return ["none", ""]
    try:
        _, sizes = configured(chip, board, None, Variant.auto, "auto")
    except EngramError:
        if refuse:
            raise
        return None
    assert sizes is not None
    variant, words = sizes_in_words(sizes)
    return [variant, ",".join(words)]


def _sizes(variant: str, words: str) -> "Sizes | None":
    from hw.frontend.variant import read_sizes

    return None if variant == "none" else read_sizes(words, folded=variant == "folded")


def _estimated(chip: Bundle, board: "Board", sizes: "Sizes | None") -> "tuple[Bundle, Estimate]":
    """The chip as it goes on the board, with fewer row lanes only where it does not fit with its own."""
    from hw.estimate import estimate
    from hw.fit import codes_in_spram, narrowed_for_spram

    def of(candidate: Bundle) -> "Estimate":
        spram = codes_in_spram(candidate, board, sizes)
        return estimate(candidate, sizes, board.family, spram=spram)

    own = of(chip)
    if not own.fits(board, 0.0) and (narrowed := narrowed_for_spram(chip, board)) is not None:
        other = of(narrowed)
        if other.fits(board, 0.0):
            return narrowed, other
    return chip, own
