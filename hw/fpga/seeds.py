"""Seeds: one netlist placed and routed several times, side by side, and the fastest layout kept.

Placement begins at random, and how fast a layout becomes differs by a tenth from seed to seed.
"""

import shutil
from collections.abc import Sequence
from os import replace
from pathlib import Path

from constraints.boards import Board
from hw.families.known import known
from hw.fpga.toolchain import Placed, Toolchain, ToolError
from sw.farm.farm import in_order
from sw.farm.processes import Processes, default_jobs
from sw.files import writing

__all__ = ["place_fastest"]

STEP = "place and route"
KEPT = ("timing.json", "place-and-route.log")


def place_fastest(
    tools: Toolchain, board: Board, folder: Path, seeds: Sequence[int], luts: int
) -> tuple[int, Placed, dict[int, float]]:
    """Place and route ``top.json`` with each seed, on all cores, and leave the fastest layout in `folder`.

    Each seed has a folder of its own, ``seed-<seed>``, which keeps its log. A seed whose layout cannot be
    routed counts as none.

    Parameters
    ----------
    tools
        Of `folder`, with ``top.json`` and constraints in it.
    board
        Which tools and options.
    folder
        Where all files are.
    seeds
        One or more.
    luts
        Look-up tables of the netlist.

    Returns
    -------
    tuple
        The seed of the fastest layout, the lower one of equals; its results; Fmax in MHz by seed.

    Raises
    ------
    ToolError
        Of the first seed, if there is a layout with none.
    """
    if len(seeds) == 1:
        placed = tools.place_and_route(seeds[0], luts)
        return seeds[0], placed, {seeds[0]: placed.fmax_mhz}
    # The processes are there before the step begins, whose progress has a thread: a fork would not copy it.
    with Processes(min(len(seeds), default_jobs())) as farm, tools.step(STEP):
        results = dict(zip(seeds, in_order(farm, _placed, seeds, board, folder, luts), strict=True))
    found = {seed: placed for seed, placed in results.items() if isinstance(placed, Placed)}
    if not found:
        raise ToolError(STEP, *results[seeds[0]])
    best = max(found, key=lambda seed: (found[seed].fmax_mhz, -seed))
    for name in (known(board.family).routed[-1], *KEPT):
        replace(_folder_of(folder, best) / name, folder / name)
    return best, found[best], {seed: placed.fmax_mhz for seed, placed in found.items()}


def _folder_of(folder: Path, seed: int) -> Path:
    return folder / f"seed-{seed}"


def _placed(board: Board, folder: Path, luts: int, seed: int) -> Placed | tuple[str, Path]:
    """Results of one seed, or what the tool said against it and where: its error cannot leave a process."""
    own = _folder_of(folder, seed)
    with writing(own):
        own.mkdir()
        for name in ("top.json", f"top.{known(board.family).constraint_kind}"):
            shutil.copyfile(folder / name, own / name)
    try:
        placed = Toolchain(board, own).place_and_route(seed, luts)
    except ToolError as refusal:
        return refusal.said, refusal.log
    (own / "top.json").unlink()  # the largest file of a build, and the same for every seed
    return placed
