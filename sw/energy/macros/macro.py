"""Macros from TOML files: constants of one array, each with its source and basis, and what its chip measured.

A constant that names no source of its own has that of the file.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sw.energy.constants import check_keys
from sw.energy.macros.senses import SenseName
from sw.energy.quantity import (
    Femtofarads,
    Femtojoules,
    Nanoseconds,
    Numbers,
    Quantity,
    SquareMicrons,
    SquareVolts,
    check_quantity,
)
from sw.energy.technologies.technology import Technology, technology_named
from sw.errors import EngramError
from sw.texts import read_toml
from sw.validation import validated

__all__ = ["MACROS", "Cell", "Control", "FigureName", "Lines", "Macro", "Measured", "Sense", "macro_named"]

FOLDER = Path(__file__).parent
MACROS = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
"""Names of the macros that come with Engram."""

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=2**20, strict=True)]
FigureName = Literal[
    "energy per operation",
    "energy per cell",
    "energy per conversion",
    "energy per read",
    "efficiency",
    "throughput",
    "time",
    "area",
    "cell area",
]


class Part(BaseModel):
    """A part of a macro: quantities, and how it is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(Part):
    """A cell, of which one lies where a word-line value meets a match line.

    Parameters
    ----------
    kind
        ``binary``: a complementary pair; ``window``: a range of levels.
    match, mismatch
        fJ for every pulse of the inputs.
    area
        um2.
    """

    kind: Literal["binary", "window"]
    match: Femtojoules
    mismatch: Femtojoules
    area: SquareMicrons


class Lines(Part):
    """Word lines with their drivers.

    Parameters
    ----------
    per_value, raised
        Lines of one word-line value, each with a driver, and how many of them rise at a pulse.
    driver, per_cell
        fF of a driver and of every cell on the line.
    swing
        V2: energy of a rise over the capacitance.
    area
        um2 of a driver.
    """

    per_value: Count
    raised: Count
    driver: Femtofarads
    per_cell: Femtofarads
    swing: SquareVolts
    area: SquareMicrons


class Sense(Part):
    """What turns the current of a match line into a code.

    Parameters
    ----------
    kind
        See :data:`sw.energy.macros.senses.SENSES`.
    base, per_decision, per_level, per_step
        fJ of a conversion: always; for every decision; times 2**bits; for every step of integration.
    area, level_area
        um2 of one converter: always, and times 2**bits.
    step, sample, decision
        ns of a step of integration, which all match lines take at once; of sampling and of a decision, which
        the match lines of a converter take one after the other.
    """

    kind: SenseName
    base: Femtojoules
    per_decision: Femtojoules
    per_level: Femtojoules
    per_step: Femtojoules
    area: SquareMicrons
    level_area: SquareMicrons
    step: Nanoseconds
    sample: Nanoseconds
    decision: Nanoseconds


class Control(Part):
    """Everything else.

    Parameters
    ----------
    read
        fJ of a read of one tile.
    share
        Of the area of a tile.
    """

    read: Femtojoules
    share: Numbers


class Geometry(Part):
    """A tile and its codes.

    Parameters
    ----------
    rows, cols
        Word-line values and match lines.
    cols_per_adc
        Match lines of one converter.
    output_bits, input_bits
        Of a code, 0 where nothing is converted; and of a value on the word lines.
    """

    rows: Count
    cols: Count
    cols_per_adc: Count
    output_bits: Annotated[int, Field(ge=0, le=16, strict=True)]
    input_bits: Annotated[int, Field(ge=1, le=8, strict=True)]


class Inputs(Part):
    """How values of several bits are driven.

    Parameters
    ----------
    signed
        Whether a bit of them is the sign, which the polarity of a pulse shows.
    phase_bits
        Bits that are integrated at most before a conversion; more take two phases.
    """

    signed: Annotated[bool, Field(strict=True)]
    phase_bits: Count


class Measured(Part):
    """A published figure of the chip.

    Parameters
    ----------
    figure
        Its name, one of a kind within the macro.
    quantity
        What of the model stands beside it.
    value, unit
        As published.
    part
        Part of the macro that it is about, None for the whole.
    rows, cols, output_bits, input_bits
        Where the figure is not at the geometry of the chip.
    copies
        Tiles that work side by side.
    match_share
        Share of the cells that match.
    source
        Where it stands; that of the file if left out.
    """

    figure: Text
    quantity: FigureName
    value: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
    unit: Text
    part: Literal["cells", "word_lines", "converters", "control"] | None = None
    rows: Count | None = None
    cols: Count | None = None
    output_bits: Annotated[int, Field(ge=0, le=16, strict=True)] | None = None
    input_bits: Annotated[int, Field(ge=1, le=8, strict=True)] | None = None
    copies: Count = 1
    match_share: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.5
    source: Text | None = None


class Macro(BaseModel):
    """An array with all that belongs to it.

    Parameters
    ----------
    name, title, source
        What it is called, what it is, and the publication.
    technology
        Name of the node in which everything of a point is priced.
    lacks
        What is not in it, in words.
    geometry, inputs
        Of the chip.
    cell, lines, sense, control
        Constants.
    measured
        What the chip measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    title: Text
    source: Text
    technology: Text
    lacks: tuple[Text, ...] = ()
    geometry: Geometry
    inputs: Inputs
    cell: Cell
    lines: Lines
    sense: Sense
    control: Control
    measured: tuple[Measured, ...] = ()

    @property
    def node(self) -> Technology:
        """Its technology."""
        return technology_named(self.technology)

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All constants, by part and name, such as ``cell.match``."""
        parts = {"cell": self.cell, "lines": self.lines, "sense": self.sense, "control": self.control}
        return {
            f"{part}.{name}": value
            for part, held in parts.items()
            for name, value in held
            if isinstance(value, Quantity)
        }

    @property
    def fitted_to(self) -> frozenset[str]:
        """Names of the measured figures by which a constant was chosen."""
        return frozenset(point for each in self.quantities.values() for point in each.points)


def macro_named(name: str) -> Macro:
    """A macro that comes with Engram, or one from the user's ``*.toml`` file.

    Raises
    ------
    EngramError
        If there is none of that name, or the file lacks a constant or has one that cannot be.
    """
    if name in MACROS:
        return _read(FOLDER / f"{name}.toml")
    if name.endswith(".toml"):
        return _read(Path(name))
    raise EngramError(f"a macro must be a *.toml file or one of {', '.join(MACROS)}, got {name!r}")


@cache
def _read(path: Path) -> Macro:
    table = {"name": path.stem, **read_toml(path)}
    check_keys(table, Macro, path, "")
    for part, model in (("cell", Cell), ("lines", Lines), ("sense", Sense), ("control", Control)):
        held = table[part]
        if not isinstance(held, dict):
            raise EngramError(f"{path}: {part} must be a table, got {held!r}")
        check_keys(held, model, path, f" in [{part}]")
        for name, entry in held.items():
            if _is_quantity(model, name):
                held[name] = entry = _with_source(entry, table["source"])
                check_quantity(entry, path, f"{part}.{name}")
    macro = validated(Macro, table, str(path))
    figures = [each.figure for each in macro.measured]
    for figure in macro.fitted_to - set(figures):
        raise EngramError(f"{path}: points must name figures under [[measured]], got {figure!r}")
    if len(set(figures)) < len(figures):
        raise EngramError(f"{path}: figures under [[measured]] must have different names")
    technology_named(macro.technology)  # refuses an unknown one now, and not after an exploration
    return macro


def _is_quantity(model: type[BaseModel], name: str) -> bool:
    annotation = model.model_fields[name].annotation
    return isinstance(annotation, type) and issubclass(annotation, Quantity)


def _with_source(entry: Any, source: Any) -> Any:
    return {"source": source, **entry} if isinstance(entry, dict) else entry
