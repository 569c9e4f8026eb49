"""The judge: ngspice's currents and settling times of a tile beside those of the models."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.errors import EngramError
from sw.rram.laws.lines import Lines
from sw.rram.laws.settling import settling_seconds
from sw.rram.spice.netlist import Pattern, Settling, currents_file, netlist, settling_file
from sw.rram.spice.ngspice import run_ngspice
from sw.rram.spice.tile import Tile

__all__ = ["Judged", "judge", "settling_of"]

LENGTH = 2.5
"""Of a transient, in settling times of the model; so its error shows, whichever way it goes."""
STEPS = 250


@dataclass(frozen=True)
class Judged:
    """One tile.

    Attributes
    ----------
    chip, row, column
        Which tile of which chip.
    word_lines, match_lines, stuck
        Its size and faults.
    currents
        How many currents were compared: images x match lines with a template.
    worst_relative
        Largest relative difference of a current of the model from ngspice's.
    settling_seconds, model_seconds
        Until the slowest match line of the first image has settled: by ngspice, and by the model.
    settling_ratio
        Of the model's to ngspice's; None where nothing has to settle.
    """

    chip: int
    row: int
    column: int
    word_lines: int
    match_lines: int
    stuck: int
    currents: int
    worst_relative: float
    settling_seconds: float
    model_seconds: float
    settling_ratio: float | None


def judge(tile: Tile, patterns: Sequence[Pattern], lines: Lines, read_volts: float, folder: Path) -> Judged:
    """Run ngspice on a tile, and compare.

    Parameters
    ----------
    tile, patterns, lines, read_volts
        See :func:`sw.rram.spice.netlist.netlist`.
    folder
        For its files.

    Raises
    ------
    EngramError
        If ngspice is missing or fails, or a current that it should have written is no number or not there.
    """
    model = settling_of(tile, patterns[0], lines)
    slowest = float(model.max())
    transient = Settling(LENGTH * slowest, LENGTH * slowest / STEPS) if slowest else None
    run_ngspice(netlist(tile, patterns, lines, read_volts, transient), folder)
    used = ~np.isnan(tile.effective[0])
    worst, final = 0.0, np.zeros(0)
    for pattern in reversed(patterns):
        final = _columns(folder / currents_file(tile, pattern.image))[-1, 1:]
        want = read_volts * (pattern.driven @ tile.effective[:, used])
        # A match line that conducts nothing has no relative difference; ngspice must say 0 then.
        scale = np.where(final[used] == 0, 1.0, final[used])
        worst = max(worst, float(np.abs((want - final[used]) / scale).max(initial=0.0)))
    seconds = 0.0
    if transient is not None:
        over_time = _columns(folder / settling_file(tile))
        seconds = _settled(over_time[:, 0], over_time[:, 1:] / read_volts, final, tile, read_volts)
    word_lines, match_lines = tile.conductances.shape
    return Judged(
        chip=tile.chip.number,
        row=tile.row,
        column=tile.column,
        word_lines=word_lines,
        match_lines=match_lines,
        stuck=tile.stuck,
        currents=len(patterns) * int(used.sum()),
        worst_relative=worst,
        settling_seconds=seconds,
        model_seconds=slowest,
        settling_ratio=slowest / seconds if seconds else None,
    )


def settling_of(tile: Tile, pattern: Pattern, lines: Lines) -> NDArray[np.float64]:
    """Time by the model until each match line is within half an LSB of its last current, in seconds."""
    return settling_seconds(
        tile.conductances, pattern.driven, lines, tile.cells, within_siemens=tile.half_step_siemens
    )


def _columns(path: Path) -> NDArray[np.float64]:
    written = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    try:
        found = np.loadtxt(written, ndmin=2) if written else np.zeros((0, 0))
    except ValueError:
        found = np.zeros((0, 0))
    # a comparison with NaN is False: without this, a current that is no number would never differ
    if not found.size or not np.isfinite(found).all():
        raise EngramError(
            f"ngspice must have written {path.name} with a number for every current, it has not; "
            "see whether there is room in the folder for temporary files, or install it again"
        )
    return found


def _settled(
    seconds: NDArray[np.float64],
    siemens: NDArray[np.float64],
    final: NDArray[np.float64],
    tile: Tile,
    read_volts: float,
) -> float:
    """When the last of the currents comes within half an LSB of its end for good, between two points."""
    beyond = np.abs(siemens - final / read_volts) - tile.half_step_siemens  # (times, match lines)
    latest = 0.0
    for line in beyond.T:
        outside = np.flatnonzero(line > 0)
        if not outside.size:
            continue
        last = int(outside[-1])
        if last + 1 == len(seconds):
            return float("inf")
        share = line[last] / (line[last] - line[last + 1])
        latest = max(latest, float(seconds[last] + share * (seconds[last + 1] - seconds[last])))
    return latest
