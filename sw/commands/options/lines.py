"""Lines of the array for commands that look at the circuit: resistance and capacitance from a source."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sw.commands.options.array import Array, OverridingOptions
from sw.commands.options.of_chip import array_for
from sw.errors import EngramError
from sw.rram.laws.lines import COMPILER_LINES, Lines

if TYPE_CHECKING:
    from sw.bundle import Bundle

__all__ = ["Circuit", "circuit_array", "lines_of", "which_chip"]

FEMTO = 1e-15
PANEL = "Circuit"


def _capacitance(flag: str, what: str) -> typer.models.OptionInfo:
    return typer.Option(
        flag,
        min=0,
        max=1e6,
        help=f"Capacitance of a {what} from one cell to the next, in fF (arXiv 2104.14885).",
        rich_help_panel=PANEL,
    )


@dataclass(frozen=True)
class Circuit:
    """What the circuit of a tile has besides its devices and the resistance of its lines."""

    word_line_ff: Annotated[float, _capacitance("--word-line-ff", "word line")] = (
        COMPILER_LINES.word_line_farads / FEMTO
    )
    match_line_ff: Annotated[float, _capacitance("--match-line-ff", "match line")] = (
        COMPILER_LINES.match_line_farads / FEMTO
    )
    read_volts: Annotated[
        float,
        typer.Option(
            "--read-volts", min=1e-3, max=5, help="Voltage of a driven word line.", rich_help_panel=PANEL
        ),
    ] = 0.2


def circuit_array(bundle: "Bundle", given: OverridingOptions) -> Array:
    """The array of a circuit: as ``engram evaluate`` has it, but lines have resistance.

    Where nobody says which, neither options nor the chip, it is that of
    :data:`sw.rram.laws.lines.COMPILER_LINES`.

    Raises
    ------
    EngramError
        As :func:`sw.commands.options.of_chip.array_for`; and if the bundle is a chip that programs
        itself, of which only the codes are known.
    """
    if bundle.array.pulse is not None:
        raise EngramError(
            f"a netlist must be of a chip whose conductances are known, {bundle.design.name!r} programs "
            "itself and has codes only; take a chip made without --programmable"
        )
    array = array_for(bundle, given)
    named = {"word_line_ohms", "match_line_ohms"} & set(given)
    if named or array.conditions.word_line_ohms or array.conditions.match_line_ohms:
        return array
    ohms = {
        "word_line_ohms": COMPILER_LINES.word_line_ohms,
        "match_line_ohms": COMPILER_LINES.match_line_ohms,
    }
    return Array(array.device, array.conditions.with_(**ohms))


def lines_of(array: Array, circuit: Circuit) -> Lines:
    """Lines of an array with the capacitances of a circuit."""
    return Lines(
        array.conditions.word_line_ohms,
        array.conditions.match_line_ohms,
        circuit.word_line_ff * FEMTO,
        circuit.match_line_ff * FEMTO,
    )


def which_chip(bundle: "Bundle", seed: int) -> tuple[int, int]:
    """Seed and number of the chip that a bundle is; of a bundle that is none, the first chip of `seed`."""
    record = bundle.provenance.device
    if record is None:
        return seed, 0
    return int(record["seed"]), int(record["chip"])
