"""Finalists of ``engram explore``: points that are really built, and their RTL run, beside the estimates."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.cache import Store
from sw.commands.explore.fpga import fitted_chip, front_end_in_words
from sw.console import terminal
from sw.errors import EngramError
from sw.explore.driver.finalists import Finalist
from sw.sources import code_of

if TYPE_CHECKING:
    from constraints.boards import Board

__all__ = ["built_finalists", "built_words"]

ESTIMATED = {"luts": "fpga_luts", "brams": "fpga_brams", "cycles": "fpga_cycles"}
"""Figures that are compared with an estimate, and the column of the estimate."""


def built_finalists(
    finalists: Sequence[Finalist], board: str, pictures: NDArray[np.uint8], folder: Path, store: Store
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Build points one after the other, each into a folder of its own; an earlier build is not repeated.

    Parameters
    ----------
    finalists, board
        What is built for which board.
    pictures
        uint8, as in :mod:`sw.design.images`, for the RTL.
    folder
        Gets ``point-NUMBER``.
    store
        Knows earlier builds, which count where their bitstream is still in the folder.

    Yields
    ------
    tuple
        Number of the point and its figures: ``luts`` and ``brams`` of the netlist, ``cycles`` between
        results of the RTL, each beside the estimate; images that went through the RTL, and mismatches with
        the reference. A point that cannot be built has its reason instead, under ``error``.
    """
    from hw.boards.known import load

    target = load(board)
    for number, row, chip in finalists:
        place = folder / f"point-{number}"
        try:
            found = _kept_or_built(chip, target, pictures, place, store)
        except EngramError as error:
            yield number, {"error": str(error)}
            continue
        estimates = {f"{kind}_estimated": row[column] for kind, column in ESTIMATED.items()}
        yield number, found | estimates | {"bitstream": str(place / found["bitstream"])}


def built_words(values: Mapping[str, Any]) -> str:
    """A build in one line: its figures beside their estimates, or why there is none."""
    if "error" in values:
        return f"not built: {values['error']}"
    pairs = [
        f"{kind} {_count(values[kind])} ({values[f'{kind}_estimated']:,} estimated)" for kind in ESTIMATED
    ]
    if not values["rtl_images"]:
        return ", ".join(pairs)
    rtl = f"{values['mismatches']} mismatches in {values['rtl_images']} images through the RTL"
    return f"{', '.join(pairs)}; {rtl}"


def _kept_or_built(
    chip: Bundle, board: "Board", pictures: NDArray[np.uint8], place: Path, store: Store
) -> dict[str, Any]:
    """Figures of a chip: from the store if its bitstream is in the folder `place`, else from a build."""
    from hw.fpga.toolchain import tool_versions
    from sim.models.verilator import find_verilator

    key = {
        "code": code_of(built_finalists),
        "tools": tool_versions(board.family),
        "simulator": find_verilator().version if chip.design.layers else None,
        "board": board.name,
        "chip": chip.digest,
        "pictures": hashlib.sha256(pictures.tobytes()).hexdigest(),
        "place": str(place.resolve()),
    }
    found = store.get("builds", key)
    if found is None or _digest(place / found["bitstream"]) != found["sha256"]:
        found = _built(chip, board, pictures, place, place.name)
        store.put("builds", key, found)
    return found


def _built(
    chip: Bundle, board: "Board", pictures: NDArray[np.uint8], folder: Path, name: str
) -> dict[str, Any]:
    from hw.fpga.bitstream import build_bitstream

    placed, sizes = fitted_chip(chip, board)
    report = build_bitstream(placed, board, folder, name=name, parallelism=sizes, listener=terminal)
    return {
        "front_end": front_end_in_words(sizes),
        "luts": report.luts,
        "brams": report.usage.block_rams,
        **_run_rtl(placed, sizes, pictures),
        "fmax_mhz": report.fmax_mhz,
        "bitstream": Path(report.bitstream).name,
        "sha256": _digest(Path(report.bitstream)),
    }


def _run_rtl(chip: Bundle, sizes: Any, pictures: NDArray[np.uint8]) -> dict[str, Any]:
    """Cycles and mismatches of whole images; a chip without a front end takes none."""
    from hw.sizing.image_timing import image_cycles
    from sim.images import image_program, verify_images
    from sim.models.runner import is_brief
    from sw.reference.pipeline import levels_of

    if sizes is None:
        return {"cycles": None, "rtl_images": 0, "mismatches": 0}
    with terminal.waiting("compiling the RTL"):
        brief = is_brief(len(pictures) * image_cycles(chip, sizes))
        program = image_program(chip, sizes, brief=brief)
    report = verify_images(program, chip, pictures, levels_of(chip, pictures))
    return {
        "cycles": report.interval,
        "rtl_images": len(pictures),
        "mismatches": int(report.wrong.sum()),
    }


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _digest(file: Path) -> str | None:
    """SHA-256 of a file, or None where there is none."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
