"""A tile as a netlist for ngspice: what a person reads, and what the judge runs.

Word line i is the nodes ``w<i>_<j>``, driven by the source ``Vw<i>``; match line j is the nodes ``m<i>_<j>``,
held at 0 V by the source ``Vs<j>``, through which its current flows. Cells are written from the far corner
towards drivers and ADCs: ngspice eliminates nodes in about that order, the right one for a ladder.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sw.rram.laws.lines import Lines
from sw.rram.spice.tile import Tile

__all__ = ["Pattern", "Settling", "currents_file", "netlist", "settling_file"]

WRAPPED = 8
"""Currents on one line of a command."""


class Pattern(NamedTuple):
    """Word lines of one image.

    Attributes
    ----------
    image
        Its number in the test split.
    driven
        bool, (word lines of the tile,).
    """

    image: int
    driven: NDArray[np.bool_]


class Settling(NamedTuple):
    """The transient of the first image: how long it is, and its longest step, in seconds."""

    seconds: float
    step: float


def currents_file(tile: Tile, image: int) -> str:
    """Name of the file into which ngspice writes the match-line currents of an image."""
    return f"tile-{tile.row}-{tile.column}-image-{image}.txt"


def settling_file(tile: Tile) -> str:
    """Name of the file into which it writes the currents of the first image over time."""
    return f"tile-{tile.row}-{tile.column}-settling.txt"


def netlist(
    tile: Tile, patterns: Sequence[Pattern], lines: Lines, read_volts: float, settling: Settling | None
) -> str:
    """The text of a netlist: circuit, and the analyses of all images, the first one's over time too.

    Parameters
    ----------
    tile
        Devices without conductance are left out, lines go on to the ends of the tile.
    patterns
        One or more images.
    lines, read_volts
        What lines are like, and the voltage of a driven word line; others are at 0 V.
    settling
        None for no transient.
    """
    parts = (
        _head(tile, patterns, lines, read_volts),
        _sources(tile, patterns[0]),
        _cells(tile, lines),
        _analyses(tile, patterns, read_volts, settling),
    )
    return "".join(f"{line}\n" for part in parts for line in part)


def _head(tile: Tile, patterns: Sequence[Pattern], lines: Lines, read_volts: float) -> Iterator[str]:
    chip, (word_lines, match_lines) = tile.chip, tile.conductances.shape
    images = ", ".join(str(pattern.image) for pattern in patterns)
    yield f"* {chip.design.name}: tile {tile.row},{tile.column} of chip {chip.number}, seed {chip.seed}"
    yield f"* {word_lines} word lines x {match_lines} match lines of {chip.device.name}, {tile.stuck} stuck"
    yield f"* word lines as test images {images} drive them; run it with: ngspice -b FILE"
    yield "* w<i>_<j>, m<i>_<j>: nodes of word line i and match line j at their crossing"
    yield f".param read_volts={read_volts!r}"
    yield f".param word_ohms={lines.word_line_ohms!r} word_farads={lines.word_line_farads!r}"
    yield f".param match_ohms={lines.match_line_ohms!r} match_farads={lines.match_line_farads!r}"
    # Gear's method does not ring when all sources are there at once; gmin would be 1e-12 S of nobody's.
    yield ".options noacct reltol=1e-6 abstol=1e-18 vntol=1e-12 gmin=1e-30 method=gear"


def _sources(tile: Tile, pattern: Pattern) -> Iterator[str]:
    yield "* drivers: one for every word line"
    for line, driven in enumerate(pattern.driven):
        yield f"Vw{line} w{line} 0 dc {'{read_volts}' if driven else '0'}"
    yield "* sense nodes: match lines at virtual ground, whose currents flow through these sources"
    for line in range(tile.conductances.shape[1]):
        yield f"Vs{line} s{line} 0 dc 0"


def _cells(tile: Tile, lines: Lines) -> Iterator[str]:
    """Segments Rw and Rm before each cell, capacitances Cw and Cm at it, and its device Rd."""
    word_lines, match_lines = tile.conductances.shape
    yield "* cells, from the far corner"
    for i in reversed(range(tile.cells[0])):
        for j in reversed(range(tile.cells[1])):
            if i < word_lines:
                yield from _segment("w", f"{i}_{j}", _before_on_word_line(i, j, lines), "word", lines)
            if j < match_lines:
                yield from _segment("m", f"{i}_{j}", _before_on_match_line(i, j, lines), "match", lines)
            if i < word_lines and j < match_lines and tile.conductances[i, j] > 0:
                ends = f"{_word_node(i, j, lines)} {_match_node(i, j, lines)}"
                yield f"Rd{i}_{j} {ends} {1 / float(tile.conductances[i, j])!r}"


def _segment(letter: str, place: str, before: str, line: str, lines: Lines) -> Iterator[str]:
    ohms, farads = (
        (lines.word_line_ohms, lines.word_line_farads)
        if line == "word"
        else (lines.match_line_ohms, lines.match_line_farads)
    )
    node = f"{letter}{place}" if ohms else before
    if ohms:
        yield f"R{node} {before} {node} {{{line}_ohms}}"
    if farads and ohms:  # on a perfect line it would lie across a source, where it changes nothing
        yield f"C{node} {node} 0 {{{line}_farads}}"


def _word_node(i: int, j: int, lines: Lines) -> str:
    """A line without resistance is one node: that of its source."""
    return f"w{i}_{j}" if lines.word_line_ohms else f"w{i}"


def _match_node(i: int, j: int, lines: Lines) -> str:
    return f"m{i}_{j}" if lines.match_line_ohms else f"s{j}"


def _before_on_word_line(i: int, j: int, lines: Lines) -> str:
    return _word_node(i, j - 1, lines) if j else f"w{i}"


def _before_on_match_line(i: int, j: int, lines: Lines) -> str:
    return _match_node(i - 1, j, lines) if i else f"s{j}"


def _analyses(
    tile: Tile, patterns: Sequence[Pattern], read_volts: float, settling: Settling | None
) -> Iterator[str]:
    yield ".control"
    yield "set numdgt=16"
    yield "set wr_singlescale"
    if settling is not None:
        # 'uic' starts with all lines at 0 V, so the sources rise at once.
        yield f"tran {settling.step!r} {settling.seconds!r} 0 {settling.step!r} uic"
        yield from _written(tile, settling_file(tile))
    before = patterns[0].driven
    for pattern in patterns:
        for line in np.flatnonzero(before != pattern.driven):
            yield f"alter vw{line} dc = {read_volts if pattern.driven[line] else 0.0!r}"
        yield "op"
        yield from _written(tile, currents_file(tile, pattern.image))
        before = pattern.driven
    yield "quit 0"
    yield ".endc"
    yield ".end"


def _written(tile: Tile, name: str) -> Iterator[str]:
    """Print all match-line currents, in amperes, into a file."""
    currents = [f"i(vs{line})" for line in range(tile.conductances.shape[1])]
    yield f"wrdata {name}"
    for start in range(0, len(currents), WRAPPED):
        yield f"+ {' '.join(currents[start : start + WRAPPED])}"
