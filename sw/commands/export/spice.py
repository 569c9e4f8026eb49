"""A tile of a chip as a netlist, as ``engram export --spice`` writes it."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sw.commands.options.lines import Circuit, circuit_array, lines_of, which_chip
from sw.console import terminal
from sw.errors import EngramError

if TYPE_CHECKING:
    from sw.bundle import Bundle

__all__ = ["spice_text"]

LENGTH, STEPS = 3.0, 300
"""Of the transient, in settling times; and its steps."""


def spice_text(
    bundle: "Bundle",
    array: Mapping[str, Any],
    circuit: Circuit,
    place: str,
    images: Sequence[int],
    data: str | None,
    seed: int,
) -> tuple[str, dict[str, Any]]:
    """The netlist, and what is in it.

    Raises
    ------
    EngramError
        If there is no such tile or image, or the array makes no netlist.
    """
    from sw.data.of_bundle import dataset_of
    from sw.reference.features import features_of
    from sw.rram.spice.judge import settling_of
    from sw.rram.spice.netlist import Pattern, Settling, netlist
    from sw.rram.spice.tile import programmed_tiles

    made = circuit_array(bundle, dict(array))
    seed, chip = which_chip(bundle, seed)
    found = programmed_tiles(bundle.design, bundle.templates, *made, seed=seed, chip=chip)
    rows, columns = found[-1].row + 1, found[-1].column + 1
    numbers = re.fullmatch(r"(\d{1,6}),(\d{1,6})", place)
    row, column = (int(number) for number in numbers.groups()) if numbers else (rows, columns)
    if row >= rows or column >= columns:
        raise EngramError(
            f"--tile must be a row of 0 to {rows - 1} and a column of 0 to {columns - 1}, such as 0,0, "
            f"got {place!r}"
        )
    tile = found[row * columns + column]
    test = dataset_of(bundle, data, terminal)[0].test
    for image in images:
        if image >= len(test):
            raise EngramError(f"--image must be 0 to {len(test) - 1}, the test images, got {image}")
    levels = features_of(bundle, test.images[list(images)])
    patterns = [Pattern(image, tile.driven(of)) for image, of in zip(images, levels, strict=True)]
    lines = lines_of(made, circuit)
    slowest = float(settling_of(tile, patterns[0], lines).max())
    transient = Settling(LENGTH * slowest, LENGTH * slowest / STEPS) if slowest else None
    text = netlist(tile, patterns, lines, circuit.read_volts, transient)
    word_lines, match_lines = tile.conductances.shape
    facts = {
        "tile": [row, column],
        "word_lines": word_lines,
        "match_lines": match_lines,
        "stuck": tile.stuck,
        "images": list(images),
        "settling_seconds": slowest,
        "lines": lines._asdict(),
    }
    return text, facts
